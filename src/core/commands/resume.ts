/**
 * `/resume <guidance>`: answers an escalation. A new attempt starts with the guidance in its brief, on the branch as it
 * is; `/resume A` picks the first option. Work that is good as it is needs no new attempt: `/approve` accepts it. A plan
 * that waits to be accepted is made anew with the guidance.
 */
import { needsPerson } from '../lane/state.ts';
import { closeBreakers } from '../task/breaker.ts';
import { readAnswer } from '../task/escalation.ts';
import { stageOf } from '../task/split.ts';
import { accept, type CommandRule, refuse } from './command.ts';

export const resume: CommandRule<'resume'> = {
  needs: 'write',
  on: 'task',
  run: (state, task, { command, by }) => {
    const { issue } = task;
    const isProposed = task.state === 'waiting' && stageOf(state.policy, task) === 'proposed';
    if (!needsPerson(task) && !isProposed) {
      const instead = task.state === 'waiting' ? ': to start it sooner, type `/retry`' : '';
      return refuse(`nothing was asked, the task is ${task.state}${instead}`);
    }
    const guidance = readAnswer(task.escalation, command.guidance);
    return accept([{ kind: 'resumed', issue, by, guidance, afresh: false }, ...closeBreakers(state, by)]);
  },
};
