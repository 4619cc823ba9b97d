/** Branch filters of GitHub Actions (docs, "Filter pattern cheat sheet"): `*` stops at a slash, `**` does not. */
import type { PushTrigger } from './checkup.ts';

function toRegExp(pattern: string): RegExp | null {
  const source = pattern
    .replace(/\*\*\/?|\*|[.^$(){}|\\]/gu, (mark) => {
      if (mark === '**/') return '(?:.*/)?';
      if (mark === '**') return '.*';
      return mark === '*' ? '[^/]*' : `\\${mark}`;
    })
    .replace(/^\+/u, '\\+');
  try {
    // `?`, `+` and `[…]` mean there what they mean here.
    return new RegExp(`^${source}$`, 'u');
  } catch {
    return null;
  }
}

/** The last pattern that matches decides; one with `!` takes out again. */
function matches(patterns: readonly string[], branch: string): boolean {
  let found = false;
  for (const pattern of patterns) {
    const isNegative = pattern.startsWith('!');
    if (toRegExp(isNegative ? pattern.slice(1) : pattern)?.test(branch)) found = !isNegative;
  }
  return found;
}

/** Whether a push to the branch starts the workflow, whatever files it changes. */
export function startsOn(push: PushTrigger | null, branch: string): boolean {
  if (push === null || push.tagsOnly) return false;
  if (push.branches !== null) return matches(push.branches, branch);
  return push.ignored === null || !matches(push.ignored, branch);
}
