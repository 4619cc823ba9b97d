/** CODEOWNERS can be asked: a diff with more groups of owners than fit is not let through unowned. */
import { mostOwnerGroups, ownersOf } from '../codeowners.ts';
import { type Rule, report } from './rule.ts';

export const judgeOwners: Rule = ({ changes }, _, policy, { codeowners }) => {
  if (codeowners === null || !policy.gate.codeowners) return [];
  const groups = ownersOf(
    codeowners,
    changes.map(({ path }) => path),
  );
  if (groups.length <= mostOwnerGroups) return [];
  return report('owners', 'fail', [
    {
      path: null,
      message: `the files belong to ${groups.length} different groups of owners; at most ${mostOwnerGroups} can be asked`,
      remedy: 'Split the change by its owners.',
    },
  ]);
};
