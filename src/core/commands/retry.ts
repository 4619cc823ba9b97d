/** `/retry`: a new attempt in fresh context, or a new build of an ejected entry. */
import type { CommandRule } from './command.ts';

export const retry: CommandRule<'retry'> = { needs: 'write', on: 'task', run: null };
