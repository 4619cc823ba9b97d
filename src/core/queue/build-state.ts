/** In what state a build is, in the queue's words. */
import type { Build, BuildEntry } from '../lane/queue-state.ts';
import { isLive, type LaneState, type Task } from '../lane/state.ts';

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

function isNewestTry({ tasks, builds }: Pick<LaneState, 'tasks' | 'builds'>, build: Build): boolean {
  const subject = build.entries.at(-1);
  const task = subject && tasks[subject.issue];
  // Closed tasks are not read with the lane: to be the same for whoever reads them, they count as not there.
  if (!task || !isLive(task) || task.pull?.headSha !== subject.headSha) return false;
  return !Object.values(builds).some(
    (other) =>
      other.purpose === 'try' && other.number > build.number && other.entries.at(-1)?.issue === subject.issue,
  );
}

/** Whether the build still says something: a try, until the next one of the same PR. */
export function isOpen(state: Pick<LaneState, 'tasks' | 'builds'>, build: Build): boolean {
  if (build.purpose === 'try') return isActive(build) || isNewestTry(state, build);
  return isActive(build) || build.entries.some((entry) => queuedTask(state, entry) !== undefined);
}
