/**
 * `/cancel`: stops the task, releases its claims and closes its PR, while the label `agent-ready` may still be there.
 * The label that was there then does not bring the task back; one that is set afterwards does.
 */
import { mayBeLanding } from '../queue/may-be-landing.ts';
import { allows } from '../task/lifecycle.ts';
import { accept, type CommandRule, refuse } from './command.ts';

export const cancel: CommandRule<'cancel'> = {
  needs: 'write',
  on: 'task',
  run: (state, { issue, state: at }, { by, writtenAt }) => {
    if (!allows(at, 'task-cancelled')) return refuse(`the task is ${at}`);
    if (mayBeLanding(state, issue)) return refuse('it is landing at this moment');
    return accept([
      { kind: 'task-cancelled', issue, reason: `${by} typed /cancel` },
      { kind: 'request-dismissed', issue, dismissedAt: new Date(writtenAt).toISOString() },
    ]);
  },
};
