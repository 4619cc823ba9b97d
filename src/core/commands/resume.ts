/** `/resume <guidance>`: answers an escalation; a new attempt starts with the guidance. */
import type { CommandRule } from './command.ts';

export const resume: CommandRule<'resume'> = { needs: 'write', on: 'task', run: null };
