/** `/hold [why]`: keeps the task out of the queue and lets no agent start on it, until `/unhold`. */
import { mayGoOn } from '../lane/state.ts';
import { mayBeLanding } from '../queue/may-be-landing.ts';
import { accept, type CommandRule, refuse } from './command.ts';

export const hold: CommandRule<'hold'> = {
  needs: 'write',
  on: 'pull',
  run: (state, task, { command: { why }, by }) => {
    const { issue } = task;
    if (!mayGoOn(task)) return refuse(`the task is ${task.state}`);
    if (mayBeLanding(state, issue)) return refuse('it is landing at this moment');
    return accept([{ kind: 'hold-set', issue, by, why }]);
  },
};
