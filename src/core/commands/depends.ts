/** `/depends #<issue>…`: adds dependencies: a new version. */
import type { CommandRule } from './command.ts';

export const depends: CommandRule<'depends'> = { needs: 'write', on: 'task', run: null };
