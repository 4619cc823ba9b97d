/** `/status`: where the task stands and what it waits on. The words are made when the answer is written. */
import { accept, type CommandRule } from './command.ts';

export const status: CommandRule<'status'> = { needs: 'read', on: 'pull', run: () => accept([]) };
