/**
 * Ready: a waiting task that has nothing left of its own to wait for. What it may still wait for is room, an agent,
 * or files that others own; whoever starts before it then passes it over.
 */
import type { LaneState, Task } from '../lane/state.ts';
import { holdWaits } from './hold.ts';
import { hasOpenPrerequisites } from './prerequisites.ts';
import { missingSections } from './required-sections.ts';
import { backoffWaits } from './retry.ts';

/** A task that has been passed over so often goes before all others. */
export const mostPassedOver = 20;

/** When the grace period after the request or the last change ends, as milliseconds since the epoch. */
export function graceEnds(state: LaneState, task: Task): number {
  const from = Date.parse(task.change?.at ?? task.requestedAt);
  return from + (task.attempts === 0 ? state.policy.schedule.grace : 0);
}

/** Whether nothing but room, an agent or the files of others keeps the task from starting. */
export function isReady(state: LaneState, task: Task, at: string): boolean {
  return (
    task.state === 'waiting' &&
    holdWaits(task).length === 0 &&
    task.suspension === null &&
    missingSections(state, task).length === 0 &&
    graceEnds(state, task) <= Date.parse(at) &&
    backoffWaits(task, at).length === 0 &&
    !hasOpenPrerequisites(state, task)
  );
}

export function isStarving(state: LaneState, task: Task): boolean {
  return (state.passedOver[task.issue] ?? 0) >= mostPassedOver;
}

function wasAskedForLater(one: Task, other: Task): boolean {
  return one.requestedAt === other.requestedAt
    ? one.issue > other.issue
    : one.requestedAt > other.requestedAt;
}

/** How often each waiting task has been passed over, once this one has started. */
export function passOver(state: LaneState, started: number, at: string): LaneState['passedOver'] {
  const starting = state.tasks[started];
  const counts = Object.values(state.tasks).flatMap((task): [number, number][] => {
    if (task.state !== 'waiting' || task.issue === started) return [];
    const before = state.passedOver[task.issue] ?? 0;
    const isPassed = starting !== undefined && wasAskedForLater(starting, task) && isReady(state, task, at);
    return before + Number(isPassed) > 0 ? [[task.issue, before + Number(isPassed)]] : [];
  });
  return Object.fromEntries(counts);
}
