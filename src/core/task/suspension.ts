import type { Suspension, Task } from '../lane/state.ts';
import type { Wait } from '../lane/view.ts';

/** What stands in the way after an edit that nobody entitled has accepted, and what to do about it. */
export function suspensionWait(task: Task, { by, why, at }: Suspension): Wait {
  const who = by === null ? 'the text was edited' : `${by} edited the text`;
  if (why !== null) {
    const what = `${who}, and it cannot be taken as it is now: ${why}`;
    return { kind: 'edit', what, since: at, command: 'edit the issue again' };
  }
  const what = `${who} after version ${task.version}, and nobody with write access has accepted it`;
  return {
    kind: 'edit',
    what,
    since: at,
    command: `read the issue, then type \`/approve\` in a comment on #${task.issue}, or set the label \`agent-ready\` anew`,
  };
}
