/** `/override <rule> <why>`: accepts one finding of the arbiter, recorded. */
import type { CommandRule } from './command.ts';

export const override: CommandRule<'override'> = { needs: 'maintain', on: 'task', run: null };
