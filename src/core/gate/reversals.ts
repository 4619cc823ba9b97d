/** Finds what a diff takes away of work that has landed: lines that were added by it, and that do not turn up again. */
import type { PathChange, Reversal } from './diff.ts';

/** What one landed entry added to one path. */
export interface LandedLines {
  issue: number;
  pull: number;
  path: string;
  added: readonly string[];
}

/** Braces, ends and empty lines are everywhere, and say nothing about where they came from. */
function isTelling(text: string): boolean {
  return text.length >= 5 && /[\p{L}\p{N}]{3}/u.test(text);
}

/** One for each landed entry and path of which something goes; what is only moved is still there. */
export function findReversals(changes: readonly PathChange[], landed: readonly LandedLines[]): Reversal[] {
  const kept = new Set(changes.flatMap(({ lines }) => (lines?.added ?? []).map(({ text }) => text.trim())));
  return landed.flatMap(({ issue, pull, path, added }) => {
    const theirs = new Set(added.map((text) => text.trim()).filter(isTelling));
    const gone = (changes.find((change) => change.path === path)?.lines?.removed ?? []).filter(({ text }) => {
      const line = text.trim();
      return theirs.has(line) && !kept.has(line);
    });
    return gone.length === 0 ? [] : [{ issue, pull, path, removed: gone.length, added: theirs.size }];
  });
}
