/** CODEOWNERS can be asked: a diff with more groups of owners than fit is not let through unowned. */
import type { Finding, OwnerGroup } from '../../lane/pull-state.ts';
import { mostOwnerGroups } from '../codeowners.ts';
import { report } from './rule.ts';

/** Takes the groups and not the diff, because the verdict keeps them too, and finding them takes its time. */
export function judgeOwners(groups: readonly OwnerGroup[]): Finding[] {
  if (groups.length <= mostOwnerGroups) return [];
  return report('owners', 'fail', [
    {
      path: null,
      message: `the files belong to ${groups.length} different groups of owners; at most ${mostOwnerGroups} can be asked`,
      remedy: 'Split the change by its owners.',
    },
  ]);
}
