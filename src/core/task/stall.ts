/**
 * Whether an attempt has stalled. No single signal decides: a heartbeat that stays away while commits arrive, or while
 * the workflow run goes on, earns the attempt more time and a line that says so. Only when every sign is missing does
 * it end.
 */
import type { FactBody } from '../lane/facts.ts';
import { isAtWork, type Snapshot, type Task, tasksAtWork } from '../lane/state.ts';

export type Stall =
  /** Nobody keeps a lease for it: it is not at work, or people work on it. */
  | { kind: 'unleased' }
  | { kind: 'alive'; until: string }
  /** The heartbeat is missing, yet something else shows that the work goes on. */
  | { kind: 'extend'; evidence: string }
  | { kind: 'stalled'; end: 'lost' | 'unclaimed'; reason: string };

/** Judges the present attempt of a task by its lease, its commits and its workflow run. */
export function stallOf(task: Task, { state, leases }: Snapshot, at: string): Stall {
  const lease = leases[task.issue];
  const { attempt } = task;
  if (!isAtWork(task) || !attempt || lease === undefined) return { kind: 'unleased' };
  const now = Date.parse(at);
  const leaseMs = state.policy.ownership.lease;
  const leaseEnds = Date.parse(lease);
  const extendedAt = attempt.extendedAt === null ? Number.NEGATIVE_INFINITY : Date.parse(attempt.extendedAt);
  const until = Math.max(leaseEnds, extendedAt + leaseMs);
  if (until > now) return { kind: 'alive', until: new Date(until).toISOString() };
  if (task.state === 'assigned' && attempt.claimId === null && !attempt.isRunning) {
    const reason = `no worker of ${attempt.agent} claimed it in time`;
    return { kind: 'stalled', end: 'unclaimed', reason };
  }
  const heardAt = leaseEnds - leaseMs;
  if (attempt.movedAt !== null && Date.parse(attempt.movedAt) > Math.max(heardAt, extendedAt)) {
    return { kind: 'extend', evidence: `its branch moved at ${attempt.movedAt}` };
  }
  // A run that goes on says less than a commit: it counts once, until a heartbeat is heard again.
  if (attempt.isRunning && extendedAt <= heardAt) {
    return { kind: 'extend', evidence: 'its workflow run is in progress' };
  }
  const who = attempt.worker ?? attempt.agent;
  return { kind: 'stalled', end: 'lost', reason: `no sign of life from ${who} before its lease ended` };
}

/** Attempts that get more time, and those that have ended because every sign of life is missing. */
export function judgeStalls(snapshot: Snapshot, at: string): FactBody[] {
  return tasksAtWork(snapshot.state.tasks).flatMap((task): FactBody[] => {
    const { issue, attempt } = task;
    const stall = stallOf(task, snapshot, at);
    if (!attempt || stall.kind === 'unleased' || stall.kind === 'alive') return [];
    const about = { issue, attempt: attempt.number };
    return stall.kind === 'extend'
      ? [{ kind: 'lease-extended', ...about, evidence: stall.evidence }]
      : [{ kind: 'attempt-ended', ...about, end: stall.end, reason: stall.reason }];
  });
}
