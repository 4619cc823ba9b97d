/** `/override <rule> <why>`: accepts what one rule has found, at this head and version; another commit is judged afresh. */
import { isVerdictFor, openFindings } from '../gate/arbiter.ts';
import { mayBeLanding } from '../queue/may-be-landing.ts';
import { heldRule } from '../task/touched.ts';
import { accept, type CommandRule, refuse } from './command.ts';

const longestReason = 500;

export const override: CommandRule<'override'> = {
  needs: 'maintain',
  on: 'pull',
  run: (state, task, { command: { rule, why }, by }) => {
    const { pull, issue, version } = task;
    const verdict = pull?.verdict ?? null;
    if (mayBeLanding(state, issue)) return refuse('it is landing at this moment');
    if (!pull?.open || !isVerdictFor(verdict, task, state.policyHash))
      return refuse('the arbiter has not judged the present commit yet: try again in a moment');
    const open = [...new Set(openFindings(verdict, task).map((finding) => finding.rule))];
    if (rule === heldRule && open.includes(rule))
      return refuse('another task owns the file at present, and nobody can accept that in its place');
    if (!open.includes(rule)) {
      const known =
        open.length === 0 ? 'no rule stands against it' : `what stands against it: ${open.join(', ')}`;
      return refuse(`the rule ${rule} does not stand against this commit; ${known}`);
    }
    const { headSha } = verdict;
    const accepted = { rule, why: why.slice(0, longestReason), by, headSha, version };
    return accept([{ kind: 'rule-overridden', issue, override: accepted }], rule);
  },
};
