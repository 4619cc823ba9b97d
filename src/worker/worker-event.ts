/**
 * What a worker tells whoever runs it: one event for each step of an attempt. Carries no secret (I10): text that
 * came from the agent has been redacted before it gets here.
 */
import type { AgentTask, RequestPathsAnswer, Usage } from '../protocol/agent-contract.ts';

/** Why an attempt failed, in the contract's words. */
export type FailureClass = 'rate-limit' | 'infra' | 'semantic' | 'budget';

/** Which attempt an event is about. */
export interface AttemptName {
  repo: string;
  issue: number;
  attempt: number;
  correlationId: string;
}

export type AttemptEvent = AttemptName &
  (
    | { kind: 'claimed'; title: string; branch: string }
    /** Work of an earlier run was found, here on disk or as a checkpoint. */
    | { kind: 'resumed'; from: 'disk' | 'checkpoint' | 'patch'; of: number }
    | { kind: 'started'; pid: number; directory: string }
    | { kind: 'output'; line: string }
    | { kind: 'used'; usage: Usage }
    /** It needs files that its task does not own. */
    | { kind: 'asked'; paths: readonly string[]; outcome: RequestPathsAnswer['outcome'] }
    /** 80 % of a part of the budget is used. */
    | { kind: 'budget'; message: string }
    | { kind: 'heartbeat'; head: string | null; leaseExpiresAt: string; evidence: string }
    /** No sign of work for so long: heartbeats stop until there is one. */
    | { kind: 'stalled'; silentSeconds: number; message: string }
    /** Something landed in files of the task. */
    | { kind: 'base-moved'; pulls: number[]; paths: string[] }
    | { kind: 'checkpoint'; head: string; bytes: number }
    | { kind: 'pushed'; branch: string; head: string }
    | { kind: 'reported'; outcome: Outcome; state: string }
    | { kind: 'fenced'; reason: string }
    /** Where the work of a fenced attempt is now. */
    | { kind: 'late'; head: string; where: string }
    | { kind: 'escalated'; trigger: string }
    | { kind: 'failed'; class: FailureClass; message: string }
    /** The attempt has left this machine. */
    | { kind: 'over' }
  );

/** How an attempt ended, for Signalbox. */
export type Outcome = 'done' | 'planned' | 'failed' | 'escalated' | 'released';

export type WorkerEvent =
  | AttemptEvent
  | { kind: 'idle'; retryAfterSeconds: number }
  | { kind: 'problem'; message: string; correlationId: string | null };

/** What a reviewer tells. */
export type ReviewEvent =
  | ({ kind: 'reviewing' } & ReviewName)
  | ({ kind: 'reviewed'; verdict: 'pass' | 'withhold' | 'none'; summary: string } & ReviewName)
  | { kind: 'review-output'; line: string; correlationId: string }
  | { kind: 'problem'; message: string; correlationId: string | null };

interface ReviewName {
  repo: string;
  issue: number;
  pull: number;
  head: string;
  correlationId: string;
}

/** The names by which people and logs tell one attempt from another. */
export function attemptName(task: AgentTask): AttemptName {
  return {
    repo: task.repo,
    issue: task.issue,
    attempt: task.attempt,
    correlationId: task.correlation_id,
  };
}
