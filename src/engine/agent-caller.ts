/** Who calls the agent API, and which attempts that caller may speak about. */
import { workflowOf } from '../core/task/workflow.ts';
import type { RunIdentity } from '../github/verify-run-token.ts';
import type { AttemptSeen } from '../ledger/agent-calls.ts';

export type Caller =
  /** Whoever has the server's own token: every agent, every repository. For one machine and the demo. */
  | { kind: 'anyone' }
  /** One agent, in some repositories or (null) in all. */
  | { kind: 'agent'; agent: string; repoIds: readonly number[] | null }
  /** A job of a workflow run, by its OIDC token. */
  | ({ kind: 'run' } & RunIdentity);

/** Whether the caller may act as this agent at all. */
export function mayActAs(caller: Caller, agent: string): boolean {
  return caller.kind === 'anyone' || (caller.kind === 'agent' && caller.agent === agent);
}

/** The repositories that the caller may work in; null means all. */
export function reachOf(caller: Caller): readonly number[] | null {
  if (caller.kind === 'anyone') return null;
  return caller.kind === 'run' ? [caller.repoId] : caller.repoIds;
}

/**
 * The run that was started for the attempt, of the workflow that the policy names, as it stands on the base branch:
 * another branch's copy of the file could say anything.
 */
function isRunOf(caller: Extract<Caller, { kind: 'run' }>, seen: AttemptSeen): boolean {
  const { attempt, owner, repo, base, policy } = seen;
  if (attempt?.via !== 'dispatch') return false;
  const name = `${owner}/${repo}`;
  const ref = `refs/heads/${base}`;
  const workflow = `${name}/.github/workflows/${workflowOf(policy, attempt.agent)}@${ref}`;
  return (
    attempt.runId === caller.run &&
    caller.event === 'workflow_dispatch' &&
    caller.ref === ref &&
    caller.repository.toLowerCase() === name.toLowerCase() &&
    caller.workflowRef.toLowerCase() === workflow.toLowerCase()
  );
}

/** Whether the caller may speak about this attempt: it is its own, in a repository of its own. */
export function mayCall(caller: Caller, seen: AttemptSeen): boolean {
  const reach = reachOf(caller);
  if (reach !== null && !reach.includes(seen.repoId)) return false;
  if (caller.kind === 'run') return isRunOf(caller, seen);
  return seen.attempt === null || mayActAs(caller, seen.attempt.agent);
}
