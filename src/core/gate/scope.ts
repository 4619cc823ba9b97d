/** The scope rule: a diff stays inside the paths that its task owns. */
import type { Finding } from '../lane/state.ts';
import { matches } from '../task/patterns.ts';
import type { PathChange } from './diff.ts';

/**
 * One finding for each path outside the claims; renames and deletions are judged by old and new name.
 * @param owns the task's path patterns
 */
export function judgeScope(changes: readonly PathChange[], owns: string[]): Finding[] {
  return changes
    .filter(({ path }) => !matches(owns, path))
    .map(({ path, change }) => ({
      rule: 'scope',
      severity: 'fail',
      path,
      message: `${change} outside the files this task owns`,
      remedy:
        'Take the change back, or ask a maintainer to add the path under "Owned files" and set the label again.',
    }));
}
