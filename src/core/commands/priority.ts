/** `/priority high|normal|low`: when the task is offered room; counts until a label says something newer. */
import { mayGoOn } from '../lane/state.ts';
import { priorityOf } from '../task/routing.ts';
import { accept, type CommandRule, refuse } from './command.ts';

export const priority: CommandRule<'priority'> = {
  needs: 'write',
  on: 'pull',
  run: (_, task, { command: { level } }) => {
    if (!mayGoOn(task)) return refuse(`the task is ${task.state}`);
    if (priorityOf(task) === level) return accept([]);
    return accept([{ kind: 'task-routed', issue: task.issue, routing: { priority: level } }]);
  },
};
