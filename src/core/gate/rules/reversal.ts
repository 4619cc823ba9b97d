/**
 * Work that has landed does not vanish unasked. A branch made from a stale tree removes it without a conflict, and
 * CI stays green because the tests vanish too (F19).
 */
import { compilePatterns } from '../../task/patterns.ts';
import type { Reversal } from '../diff.ts';
import { amount, type Rule, report } from './rule.ts';

/** Inside its own files a task may rewrite a little of what others left there. */
const leastLines = 3;

function isMostOfIt({ removed, added }: Reversal): boolean {
  return removed >= leastLines && removed * 2 >= added;
}

export const judgeReversal: Rule = ({ scope }, task, policy, { reversals }) => {
  const isOwned = compilePatterns(scope.owns);
  const weight = policy.arbiter.reversal;
  return reversals.flatMap((reversal) => {
    const { path, issue, pull, removed } = reversal;
    const owned = isOwned(path);
    if (issue === task.issue || (owned && !isMostOfIt(reversal))) return [];
    return report('reversal', owned && weight === 'fail' ? 'warn' : weight, [
      {
        path,
        message: `removes ${amount(removed, 'line')} that #${issue} has landed with #${pull}`,
        remedy:
          'Merge the base branch and keep those lines, or ask a maintainer to accept this with `/override reversal <why>`.',
      },
    ]);
  });
};
