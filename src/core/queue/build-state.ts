/** In what state a build is, in the queue's words. */
import type { Build, BuildEntry } from '../lane/queue-state.ts';
import type { LaneState, Task } from '../lane/state.ts';

/** CI is at work on it, or is about to be: it takes one of the policy's builds. */
export function isRunning({ state }: Pick<Build, 'state'>): boolean {
  return state === 'preparing' || state === 'testing';
}

/** It runs, or is on its way to the base branch. */
export function isActive(build: Pick<Build, 'state'>): boolean {
  return isRunning(build) || build.state === 'landing';
}

/** The task whose present stay in the queue this is; undefined when that stay is over. */
export function queuedTask(state: Pick<LaneState, 'tasks'>, { issue, order }: BuildEntry): Task | undefined {
  const task = state.tasks[issue];
  return order !== undefined && task?.entry?.order === order ? task : undefined;
}

/** Whether the build still says something. */
export function isOpen(state: Pick<LaneState, 'tasks'>, build: Build): boolean {
  return isActive(build) || build.entries.some((entry) => queuedTask(state, entry) !== undefined);
}
