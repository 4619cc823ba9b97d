/** Who calls the agent API, and which attempts that caller may speak about. */
import type { AttemptSeen } from '../ledger/agent-calls.ts';

export type Caller =
  /** Whoever has the server's own token: every agent, every repository. For one machine and the demo. */
  | { kind: 'anyone' }
  /** One agent, in some repositories or (null) in all. */
  | { kind: 'agent'; agent: string; repoIds: readonly number[] | null };

/** Whether the caller may act as this agent at all. */
export function mayActAs(caller: Caller, agent: string): boolean {
  return caller.kind === 'anyone' || caller.agent === agent;
}

/** The repositories that the caller may work in; null means all. */
export function reachOf(caller: Caller): readonly number[] | null {
  return caller.kind === 'anyone' ? null : caller.repoIds;
}

/** Whether the caller may speak about this attempt: it is its agent's, in a repository of its own. */
export function mayCall(caller: Caller, { repoId, attempt }: AttemptSeen): boolean {
  const reach = reachOf(caller);
  if (reach !== null && !reach.includes(repoId)) return false;
  return attempt === null || mayActAs(caller, attempt.agent);
}
