/** What must hold of every step, whatever comes back and whatever falls behind. */
import type { LaneState, Task } from '../../src/core/lane/state.ts';
import type { Step } from './lane-driver.ts';

function fail(invariant: string, what: string): never {
  throw new Error(`${invariant}: ${what}`);
}

/** Work is given back to its agent so often as the policy says, and never for the same failure twice. */
export function assertReturned(before: LaneState, issue: number): void {
  const task = before.tasks[issue] as Task;
  const { limits } = before.policy;
  const counted = task.record.ejections.filter((each) => !each.isForgiven && each.version === task.version);
  if (counted.length > limits.returns) fail('ejection', 'given back once too often');
  if (task.record.used + 1 >= limits.attempts) fail('ejection', 'given back with no attempt left');
  const failed = counted
    .filter(({ code }) => code === 'checks-failed')
    .map(({ evidence }) => evidence.checks.map(({ name }) => name).join());
  if (new Set(failed).size !== failed.length) fail('ejection', 'given back for the same failure twice');
}

/** Nobody's branch moves while an agent is at work on it, while it is in the queue, or behind its approvers' backs. */
export function assertUpdates({ after, effects }: Step): void {
  for (const effect of effects) {
    if (effect.kind !== 'update-branch') continue;
    const { state, entry, pull, record, approvals } = after.tasks[effect.issue] as Task;
    const isLanding = Object.values(after.builds).some(
      (build) =>
        build.state === 'landing' && build.flight?.entries.some(({ issue }) => issue === effect.issue),
    );
    if (state === 'assigned' || state === 'working') fail('update', 'under an agent at work');
    if (entry !== null || isLanding) fail('update', 'while it is in the queue');
    if (pull?.headSha !== effect.headSha) fail('update', 'of another head');
    const mayVoid = record.updateAsked !== null || after.policy.queue.update_branches === 'before-queue';
    if (approvals.length > 0 && !mayVoid) fail('update', 'after somebody had approved');
  }
}
