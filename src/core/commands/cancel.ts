/**
 * `/cancel`: stops the task, releases its claims and closes its PR, while the label `agent-ready` may still be there.
 * The label that was there then does not bring the task back; one that is set afterwards does. A PR that no task owns
 * only leaves Signalbox: it is people's to close.
 */
import { isEnlisted } from '../lane/enlisted.ts';
import type { FactBody } from '../lane/facts.ts';
import { mayBeLanding } from '../queue/may-be-landing.ts';
import { allows } from '../task/lifecycle.ts';
import { accept, type CommandRule, refuse } from './command.ts';

export const cancel: CommandRule<'cancel'> = {
  needs: 'write',
  on: 'pull',
  run: (state, task, { by, writtenAt }) => {
    const { issue, state: at } = task;
    if (!allows(at, 'task-cancelled')) return refuse(`the task is ${at}`);
    if (mayBeLanding(state, issue)) return refuse('it is landing at this moment');
    const cancelled: FactBody = { kind: 'task-cancelled', issue, reason: `${by} typed /cancel` };
    // Without a label there is none that could bring it back.
    if (isEnlisted(task)) return accept([cancelled]);
    return accept([
      cancelled,
      { kind: 'request-dismissed', issue, dismissedAt: new Date(writtenAt).toISOString() },
    ]);
  },
};
