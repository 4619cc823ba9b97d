/** The order in which entries are served: prerequisites first, then starvation, priority and arrival (see line.ts). */
import { type LaneState, prerequisitesOf, type Task } from '../lane/state.ts';
import { priorityOf } from '../task/routing.ts';
import { orderEntries as orderLine } from './line.ts';
import { positionOf } from './memory.ts';

export type Queued = Task & { entry: NonNullable<Task['entry']>; pull: NonNullable<Task['pull']> };

export function isQueued(task: Task): task is Queued {
  return task.entry !== null && task.pull !== null;
}

const levels = { high: 1, normal: 0, low: -1 } as const;

/** Higher is served first. */
export function levelOf(task: Task): number {
  return levels[priorityOf(task)];
}

/** Prerequisites of an entry that are in the queue with it, by issue. */
export function prerequisitesInQueue(state: LaneState, task: Task): number[] {
  return prerequisitesOf(task).filter((issue) => issue !== task.issue && state.tasks[issue]?.entry != null);
}

/** Entries in the order in which they are served, whether or not their gate holds at this moment. */
export function orderEntries(state: LaneState): Queued[] {
  const waiting = Object.values(state.tasks).filter(isQueued);
  const byOrder = new Map(waiting.map((task) => [task.entry.order, task]));
  const line = waiting.map((task) => ({
    id: task.entry.order,
    rank: task.entry.order,
    priority: levelOf(task),
    enteredAt: Date.parse(task.entry.enteredAt),
    enteredBase: task.entry.base,
    prerequisites: prerequisitesInQueue(state, task).flatMap(
      (issue) => state.tasks[issue]?.entry?.order ?? [],
    ),
    overlaps: [],
    conflicts: [],
    group: '',
    predicted: null,
    ownCi: null,
  }));
  const ordered = orderLine(line, positionOf(state), state.policy.queue.starvation);
  return ordered.flatMap(({ id }) => byOrder.get(id) ?? []);
}
