/** What all effects have in common. */
import { taskId } from '../core/ids.ts';
import type { Look } from '../core/lane/look.ts';
import type { Observation } from '../core/lane/observation.ts';
import type { LaneState, Task } from '../core/lane/state.ts';
import type { CommitTask } from '../protocol/commit-messages.ts';
import type { LaneContext } from './context.ts';

/** What an effect led to: observations to take in, and subjects to look at again. */
export interface Outcome {
  observations: Observation[];
  looks: Look[];
}

export const done: Outcome = { observations: [], looks: [] };

/** The task an effect is about; effects that are not wanted any more have been sorted out before. */
export function taskOf(state: LaneState, issue: number): Task {
  const task = state.tasks[issue];
  if (!task) throw new Error(`no task for issue #${issue}`);
  return task;
}

export function commitTask(ctx: LaneContext, task: Task): CommitTask {
  return {
    task: taskId(ctx.key.laneId, task.issue),
    version: task.version,
    correlationId: task.correlationId,
  };
}
