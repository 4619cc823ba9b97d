/** `/independent #<issue>…`: removes dependencies: a new version. */
import type { CommandRule } from './command.ts';

export const independent: CommandRule<'independent'> = { needs: 'write', on: 'task', run: null };
