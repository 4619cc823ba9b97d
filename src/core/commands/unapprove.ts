/** `/unapprove`: takes an approval back. */
import type { CommandRule } from './command.ts';

export const unapprove: CommandRule<'unapprove'> = { needs: 'write', on: 'task', run: null };
