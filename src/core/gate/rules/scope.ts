/** A diff stays inside the paths that its task owns, and waits for those that it may have when others give them back. */
import type { Finding } from '../../lane/pull-state.ts';
import { compilePatterns } from '../../task/patterns.ts';
import { heldRule } from '../../task/touched.ts';
import type { PathChange, Scope } from '../diff.ts';
import { type Rule, report } from './rule.ts';

export const judgeScope: Rule = ({ changes, scope }) => judgePaths(changes, scope);

/** One finding for each path outside the scope; renames and deletions are judged by old and new name. */
export function judgePaths(changes: readonly PathChange[], { owns, held }: Scope): Finding[] {
  const isOwned = compilePatterns(owns);
  return changes
    .filter(({ path }) => !isOwned(path))
    .flatMap(({ path, change }) => {
      const holder = held.get(path);
      if (holder !== undefined) return waitFor(path, holder);
      const message = `${change} outside the files this task owns`;
      const remedy = `Take the change back, or let somebody with write access type \`/own ${path}\`.`;
      return report('scope', 'fail', [{ path, message, remedy }]);
    });
}

function waitFor(path: string, holder: number | null) {
  const message =
    holder === null
      ? 'this file is free, and is claimed together with the others that these changes need'
      : `#${holder} owns this file at present`;
  const remedy =
    'Nothing needs doing: it is claimed for this task as soon as it is free. Or take the change back.';
  return report(heldRule, 'fail', [{ path, message, remedy }]);
}
