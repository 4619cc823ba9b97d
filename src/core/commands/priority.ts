/** `/priority high|normal|low`: sets the priority. */
import type { CommandRule } from './command.ts';

export const priority: CommandRule<'priority'> = { needs: 'write', on: 'task', run: null };
