/** `/freeze <why>`: lets nothing land in this lane; the queue goes on testing. */
import { accept, type CommandRule } from './command.ts';

export const freeze: CommandRule<'freeze'> = {
  needs: 'maintain',
  on: 'lane',
  run: (_state, { command: { why }, by }) => accept([{ kind: 'lane-frozen', by, why }]),
};
