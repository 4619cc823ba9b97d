/** The brief of an attempt that is to propose a plan and to change nothing. */
import type { AgentTask } from '../protocol/agent-contract.ts';
import { planFile } from './plan-file.ts';

/** What a planner is told to do, before the texts of the issue. */
export function planIntroduction({ base, attempt, version, correlation_id: id }: AgentTask): string[] {
  return [
    'You plan and change nothing. Read the code and the issue below, and split the issue into parts that others can do',
    'one by one or side by side, each as a pull request of its own. People read your plan and accept it, or not.',
    `Write it to \`${planFile}\` in this checkout (\`$AGENT_PLAN_FILE\`), and exit with code 0. Nothing else is kept.`,
    'Exit with another code if you cannot do it, and say why in your last lines of output.',
    '',
    `- Branch: \`${base}\``,
    `- Attempt ${attempt} at version ${version} of the task (${id})`,
  ];
}

/** The form of the answer. */
export function planInstructions(mostParts: number): string[] {
  return [
    '## The plan',
    '',
    `2 to ${mostParts} parts, in an order in which they could be done one after the other:`,
    '',
    '```json',
    '{ "summary": "why it is split like this",',
    '  "parts": [',
    '    { "title": "…", "requirements": "what is to be done", "design": "how, if it matters",',
    '      "acceptance": ["when it is done"], "owns": ["src/auth/**"], "after": [] },',
    '    { "title": "…", "requirements": "…", "owns": ["docs/auth.md"], "after": [1] }',
    '  ] }',
    '```',
    '',
    '`owns` are the files that the part may change: small sets that do not overlap let parts run side by side. `after`',
    'names the parts that must be finished before it, by their places in the list, from 1.',
    '',
  ];
}
