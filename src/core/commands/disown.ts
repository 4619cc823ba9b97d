/** `/disown <path>…`: removes owned paths: a new version. */
import type { CommandRule } from './command.ts';

export const disown: CommandRule<'disown'> = { needs: 'write', on: 'task', run: null };
