/** The scope rule: a diff stays inside the paths that its task owns. */
import type { Finding } from '../lane/state.ts';
import { compilePatterns } from '../task/patterns.ts';
import { heldRule } from '../task/touched.ts';
import type { PathChange } from './diff.ts';

/** What a diff may touch. */
export interface Scope {
  owns: readonly string[];
  /** Path for which the task has to wait → the issue that holds it; null: it is free, and waits for the others. */
  held: ReadonlyMap<string, number | null>;
}

/** One finding for each path outside the scope; renames and deletions are judged by old and new name. */
export function judgeScope(
  changes: readonly PathChange[],
  owns: Scope['owns'],
  held: Scope['held'] = new Map(),
): Finding[] {
  const isOwned = compilePatterns(owns);
  return changes
    .filter(({ path }) => !isOwned(path))
    .map(({ path, change }): Finding => {
      const holder = held.get(path);
      if (holder !== undefined) return waitingFor(path, holder);
      return {
        rule: 'scope',
        severity: 'fail',
        path,
        message: `${change} outside the files this task owns`,
        remedy: `Take the change back, or let somebody with write access type \`/own ${path}\`.`,
      };
    });
}

function waitingFor(path: string, holder: number | null): Finding {
  const message =
    holder === null
      ? 'this file is free, and is claimed together with the others that these changes need'
      : `#${holder} owns this file at present`;
  const remedy =
    'Nothing needs doing: it is claimed for this task as soon as it is free. Or take the change back.';
  return { rule: heldRule, severity: 'fail', path, message, remedy };
}
