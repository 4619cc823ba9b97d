/** `/assign-agent <name>`: routes the task to this agent. */
import type { CommandRule } from './command.ts';

export const assignAgent: CommandRule<'assign-agent'> = { needs: 'write', on: 'task', run: null };
