/** What a task depends on, and which of it is not done. */
import { type LaneState, prerequisitesOf, type Task } from '../lane/state.ts';
import type { Wait } from '../lane/view.ts';

const prerequisiteProblem = {
  open: 'is not finished',
  'not-planned': 'was closed as not planned',
  missing: 'was not found',
} as const;

function prerequisiteWait(state: LaneState, task: Task, number: number): Wait | null {
  const command = `/independent #${number}`;
  const wait = { kind: 'dependency' as const, since: task.since, command };
  if (number === task.issue) return { ...wait, what: 'it depends on itself' };
  const other = state.tasks[number];
  const seen = state.prerequisites[number] ?? 'open';
  if (other?.state === 'completed') return null;
  // A task that was given up, and whose issue a person has closed as completed, was done by other means.
  const isOver = other === undefined || other.state === 'cancelled' || other.state === 'failed';
  if (isOver && seen === 'completed') return null;
  return {
    ...wait,
    what: other
      ? `#${number} is ${other.state}`
      : `#${number} ${prerequisiteProblem[seen === 'completed' ? 'open' : seen]}`,
  };
}

/** One wait for each prerequisite that is not done; they hold the start, and the landing of what has started (I5). */
export function openPrerequisites(state: LaneState, task: Task): Wait[] {
  return prerequisitesOf(task).flatMap((number) => prerequisiteWait(state, task, number) ?? []);
}
