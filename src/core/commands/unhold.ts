/** `/unhold`: ends a hold that was typed. The label `agent-hold` is people's, so people take it off. */
import { accept, type CommandRule, refuse } from './command.ts';

export const unhold: CommandRule<'unhold'> = {
  needs: 'write',
  on: 'pull',
  run: (_state, { issue, hold, held }, { by }) => {
    if (hold) return accept([{ kind: 'hold-lifted', issue, by }]);
    return refuse(
      held ? 'it is held by the label `agent-hold`: remove that label from the issue' : 'it is not on hold',
    );
  },
};
