/** `/why`: the exact list of what the task waits on. The words are made when the answer is written. */
import { accept, type CommandRule } from './command.ts';

export const why: CommandRule<'why'> = { needs: 'read', on: 'pull', run: () => accept([]) };
