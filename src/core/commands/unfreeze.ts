/** `/unfreeze`: lets changes land again. */
import { accept, type CommandRule, refuse } from './command.ts';

export const unfreeze: CommandRule<'unfreeze'> = {
  needs: 'maintain',
  on: 'lane',
  run: (state, { by }) =>
    state.frozen ? accept([{ kind: 'lane-unfrozen', by }]) : refuse('landings are not frozen'),
};
