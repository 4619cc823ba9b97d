/** The landing order of a lane: prerequisites first, then the order of arrival. */
import { type LaneState, prerequisitesOf, type Task } from '../lane/state.ts';

type Queued = Task & { entry: NonNullable<Task['entry']>; pull: NonNullable<Task['pull']> };

export function isQueued(task: Task): task is Queued {
  return task.entry !== null && task.pull !== null;
}

/** Entries in the order in which they may land. An entry whose queued prerequisite comes later is moved behind it. */
export function orderEntries(state: LaneState): Queued[] {
  const waiting = Object.values(state.tasks)
    .filter(isQueued)
    .sort((a, b) => a.entry.order - b.entry.order);
  const queued = new Set(waiting.map((task) => task.issue));
  const placed = new Set<number>();
  const ordered: Queued[] = [];
  while (ordered.length < waiting.length) {
    const ready = (task: Queued) =>
      prerequisitesOf(task).every((n) => !queued.has(n) || placed.has(n) || n === task.issue);
    const open = waiting.filter((task) => !placed.has(task.issue));
    // A circle of prerequisites never got scheduled; should one be queued all the same, arrival decides.
    const next = open.find(ready) ?? open[0];
    if (!next) break;
    placed.add(next.issue);
    ordered.push(next);
  }
  return ordered;
}
