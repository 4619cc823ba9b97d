/**
 * What a worker tells whoever runs it: one event for each step of an attempt. Carries no secret (I10): text that
 * came from the agent has been redacted before it gets here.
 */
import type { AgentTask } from '../protocol/agent-contract.ts';

/** Why an attempt failed, in the contract's words. */
export type FailureClass = 'rate-limit' | 'infra' | 'semantic' | 'budget';

/** Which attempt an event is about. */
export interface AttemptName {
  repo: string;
  issue: number;
  attempt: number;
  correlationId: string;
}

export type WorkerEvent =
  | ({ kind: 'claimed'; title: string; branch: string } & AttemptName)
  | ({ kind: 'started'; pid: number; directory: string } & AttemptName)
  | ({ kind: 'output'; line: string } & AttemptName)
  | ({ kind: 'heartbeat'; head: string | null; leaseExpiresAt: string } & AttemptName)
  | ({ kind: 'pushed'; branch: string; head: string } & AttemptName)
  | ({ kind: 'reported'; outcome: 'done' | 'failed'; state: string } & AttemptName)
  | ({ kind: 'fenced'; reason: string } & AttemptName)
  | ({ kind: 'failed'; class: FailureClass; message: string } & AttemptName)
  | { kind: 'idle'; retryAfterSeconds: number }
  | { kind: 'problem'; message: string; correlationId: string | null };

/** The names by which people and logs tell one attempt from another. */
export function attemptName(task: AgentTask): AttemptName {
  return {
    repo: task.repo,
    issue: task.issue,
    attempt: task.attempt,
    correlationId: task.correlation_id,
  };
}
