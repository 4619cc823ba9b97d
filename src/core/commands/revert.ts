/** `/revert #<pull request>`: opens and queues the revert of a landed PR. */
import type { CommandRule } from './command.ts';

export const revert: CommandRule<'revert'> = { needs: 'write', on: 'lane', run: null };
