/** The branch started from a base that is still recent. */
import { amount, type Rule, report } from './rule.ts';

const dayMs = 86_400_000;

export const judgeStale: Rule = (_diff, _task, policy, { base, at }) => {
  if (base === null || base.behind === 0) return [];
  const ageMs = Date.parse(at) - Date.parse(base.mergeBaseAt);
  if (!(ageMs > policy.arbiter.stale_after)) return [];
  return report('stale', policy.arbiter.stale, [
    {
      path: null,
      message: `the branch is ${amount(base.behind, 'commit')} behind, and started from a base that is ${amount(Math.floor(ageMs / dayMs), 'day')} old`,
      remedy: 'Merge the base branch into the branch and push.',
    },
  ]);
};
