/** When a waiting task has nothing left of its own to wait for: what remains is room, and the files of others. */
import type { LaneState, Task } from '../lane/state.ts';

/** When the grace period after the request ends, as milliseconds since the epoch. */
export function graceEnds(state: LaneState, task: Task): number {
  return Date.parse(task.requestedAt) + (task.attempts === 0 ? state.policy.schedule.grace : 0);
}
