/** `/rebase`: brings the branch up to date with its base. */
import type { CommandRule } from './command.ts';

export const rebase: CommandRule<'rebase'> = { needs: 'write', on: 'pull', run: null };
