/** What keeps a task from starting and from landing because a person wants it so. */
import type { Task } from '../lane/state.ts';
import type { Wait } from '../lane/view.ts';

/** One wait for the label, one for the command; empty when nobody holds the task. */
export function holdWaits(task: Task): Wait[] {
  const waits: Wait[] = [];
  if (task.held) {
    const what = 'the label agent-hold is set';
    waits.push({ kind: 'hold', what, since: task.since, command: 'remove the label `agent-hold`' });
  }
  if (task.hold) {
    const { by, why, at } = task.hold;
    const what = `${by} holds it${why === null ? '' : `: ${why}`}`;
    waits.push({ kind: 'hold', what, since: at, command: '/unhold' });
  }
  return waits;
}
