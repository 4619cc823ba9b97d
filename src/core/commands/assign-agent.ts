/** `/assign-agent <name>`: who gets the task's next attempt; counts until a label says something newer. */
import { mayGoOn } from '../lane/state.ts';
import { agentsOf } from '../task/agents.ts';
import { agentNamedFor } from '../task/routing.ts';
import { accept, type CommandRule, refuse } from './command.ts';

export const assignAgent: CommandRule<'assign-agent'> = {
  needs: 'write',
  on: 'task',
  run: (state, task, { command }) => {
    if (!mayGoOn(task)) return refuse(`the task is ${task.state}`);
    const agent = command.agent.toLowerCase();
    const names = agentsOf(state).map(({ name }) => name);
    if (!names.includes(agent)) {
      return refuse(`there is no agent ${agent}: there is ${names.join(', ') || 'none that can be started'}`);
    }
    if (agentNamedFor(task) === agent) return accept([]);
    return accept([{ kind: 'task-routed', issue: task.issue, routing: { agent } }]);
  },
};
