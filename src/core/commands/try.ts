/** `/try`: tests the PR merged with its base, and lands nothing. */
import type { CommandRule } from './command.ts';

export const tryBuild: CommandRule<'try'> = { needs: 'write', on: 'any-pull', run: null };
