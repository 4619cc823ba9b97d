/**
 * What the end of an attempt means for the next one. The table is the whole rule: what counts is why the attempt
 * ended, not how often the task was tried.
 */
import type { FactBody } from '../lane/facts.ts';
import type { LaneState, Task } from '../lane/state.ts';
import type { Wait } from '../lane/view.ts';
import type { Policy } from '../policy.ts';
import { type AttemptEnd, isComplex } from './record.ts';

interface Consequence {
  usesUp: boolean;
  backsOff: boolean;
  countsAgainstAgent: boolean;
  /** Whether the next attempt starts from a clean branch; what was there is kept beside it. */
  afresh: boolean;
}

const none: Consequence = { usesUp: false, backsOff: false, countsAgainstAgent: false, afresh: false };

export const consequences: Record<AttemptEnd, Consequence> = {
  semantic: { usesUp: true, backsOff: true, countsAgainstAgent: true, afresh: true },
  lost: { usesUp: true, backsOff: true, countsAgainstAgent: true, afresh: true },
  infra: { usesUp: false, backsOff: true, countsAgainstAgent: true, afresh: true },
  // The agent pauses, not the task: another agent may have it at once.
  'rate-limit': none,
  unclaimed: none,
  released: none,
  superseded: none,
  planned: none,
  escalated: none,
  // What is there is the work; the next attempt makes it fit.
  ejected: { ...none, usesUp: true, backsOff: true },
};

/** So many failures of infrastructure in a row are no accident any more: a person is asked. */
export const mostInfraInRow = 5;

/** The pause after the nth failure in a row, in milliseconds: the last one of `limits.backoff` repeats. */
export function backoffMs(policy: Policy, failures: number): number {
  const { backoff } = policy.limits;
  return backoff[Math.min(failures, backoff.length) - 1] ?? 0;
}

/** How many attempts a task has before a person is asked: one at a time once it is complex. */
export function attemptsAllowed(policy: Policy, task: Task): number {
  return isComplex(task) ? 1 : policy.limits.attempts;
}

/** Waiting tasks whose attempts are used up, or whose infrastructure keeps failing, go to a person. */
export function giveUp(state: LaneState): FactBody[] {
  return Object.values(state.tasks).flatMap((task): FactBody[] => {
    if (task.state !== 'waiting') return [];
    const { issue, record } = task;
    const last = task.lastReason ?? 'unknown';
    if (record.used >= attemptsAllowed(state.policy, task)) {
      const reason = `${record.used} attempt${record.used === 1 ? ' has' : 's have'} failed; the last one: ${last}`;
      return [{ kind: 'attempts-exhausted', issue, reason }];
    }
    if (record.infraInRow < mostInfraInRow) return [];
    const context = `${record.infraInRow} attempts in a row failed for reasons outside the task; the last one: ${last}`;
    return [{ kind: 'escalated', issue, escalation: { trigger: 'infra', context, by: 'signalbox' } }];
  });
}

/** What a waiting task waits for after an attempt that failed. */
export function backoffWaits({ record, since }: Task, at: string): Wait[] {
  const { notBefore } = record;
  if (notBefore === null || notBefore <= at) return [];
  const what = `a pause after the last attempt, until ${notBefore}`;
  return [{ kind: 'backoff', what, since, command: '/retry' }];
}
