/** `/escalate <why>`: stops the agent, frees it, and puts the task in front of a person. */
import { mayBeLanding } from '../queue/may-be-landing.ts';
import { allows } from '../task/lifecycle.ts';
import { accept, type CommandRule, refuse } from './command.ts';

export const escalate: CommandRule<'escalate'> = {
  needs: 'write',
  on: 'task',
  run: (state, { issue, state: at }, { command: { why }, by }) => {
    if (why === '') return refuse('say why after the command: `/escalate <why>`');
    if (!allows(at, 'escalated')) return refuse(`the task is ${at}`);
    if (mayBeLanding(state, issue)) return refuse('it is landing at this moment');
    const escalation = { trigger: 'asked-by-a-person', context: why, by };
    return accept([{ kind: 'escalated', issue, escalation }]);
  },
};
