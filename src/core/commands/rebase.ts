/** `/rebase`: merges the base branch into the task's branch. Its approvals end with that, as with any new commit. */
import { updateRefusal } from '../task/freshness.ts';
import { accept, type CommandRule, refuse } from './command.ts';

export const rebase: CommandRule<'rebase'> = {
  needs: 'write',
  on: 'pull',
  run: (state, task, { by }) => {
    const problem = updateRefusal(state, task);
    return problem === null ? accept([{ kind: 'update-asked', issue: task.issue, by }]) : refuse(problem);
  },
};
