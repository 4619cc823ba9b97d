/** `/own <path>…`: adds owned paths: a new version. */
import type { CommandRule } from './command.ts';

export const own: CommandRule<'own'> = { needs: 'write', on: 'task', run: null };
