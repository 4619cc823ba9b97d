/** A diff stays inside the paths that its task owns. */
import { compilePatterns } from '../../task/patterns.ts';
import { type Rule, report } from './rule.ts';

/** One finding for each path outside the claims; renames and deletions are judged by old and new name. */
export const judgeScope: Rule = ({ changes }, task) => {
  const isOwned = compilePatterns(task.spec.owns);
  return report(
    'scope',
    'fail',
    changes
      .filter(({ path }) => !isOwned(path))
      .map(({ path, change }) => ({
        path,
        message: `${change} outside the files this task owns`,
        remedy:
          'Take the change back, or ask a maintainer to add the path under "Owned files" and set the label again.',
      })),
  );
};
