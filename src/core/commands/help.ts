/** `/help`: the table of commands. */
import { accept, type CommandRule } from './command.ts';

export const help: CommandRule<'help'> = { needs: 'read', on: 'lane', run: () => accept([]) };
