/**
 * CODEOWNERS as GitHub reads it (docs, "About code owners"): patterns of .gitignore without `!`, ranges and escapes
 * of `#`; the last line that matches a path decides, and one without owners takes them away.
 */
import makeIgnore from 'ignore';
import type { OwnerGroup } from '../lane/pull-state.ts';
import { normalisePattern } from '../task/patterns.ts';

interface OwnerLine {
  pattern: string;
  matches: (path: string) => boolean;
  owners: string[];
}

const owner = /^(@[\w.-]+(\/[\w.-]+)?|[^\s@]+@[^\s@]+\.[^\s@]+)$/u;
/** More groups than this and nobody reads them all: the caller fails the diff. */
export const mostOwnerGroups = 50;

function readLine(text: string): OwnerLine | null {
  const [pattern = '', ...words] = text
    .replace(/(^|\s)#.*$/u, '')
    .trim()
    .split(/\s+/u);
  if (pattern === '' || pattern.startsWith('!') || /[[\]]/u.test(pattern)) return null;
  // GitHub skips a line that it does not understand.
  if (!words.every((word) => owner.test(word))) return null;
  const rules = makeIgnore({ ignorecase: false }).add(pattern);
  // `docs/*` covers what lies directly in docs, and nothing deeper; .gitignore would cover that as well.
  const depth = pattern.endsWith('/*') && !pattern.includes('**') ? pattern.split('/').length : null;
  const start = pattern.startsWith('/') ? 1 : 0;
  // A slash before the end ties the pattern to the root; most paths are sorted out by how it begins.
  const isTied = /\/./u.test(pattern);
  const beginning = isTied ? pattern.slice(start).replace(/[*?\\].*$/u, '') : '';
  return {
    pattern,
    matches: (path) =>
      path.startsWith(beginning) &&
      (depth === null || path.split('/').length === depth - start) &&
      rules.ignores(path),
    owners: words,
  };
}

/** Reads the file. What is not understood is left out, line by line. */
function readOwnerLines(text: string): OwnerLine[] {
  return text.split(/\r?\n/u).flatMap((line) => readLine(line) ?? []);
}

/**
 * The owners of these paths, in groups of paths that have the same ones, sorted; paths without owners are in none.
 * @param text the content of CODEOWNERS
 */
export function ownersOf(text: string, paths: readonly string[]): OwnerGroup[] {
  const lines = readOwnerLines(text).reverse();
  const groups = new Map<string, OwnerGroup>();
  for (const path of paths) {
    const owners = lines.find(({ matches }) => matches(path))?.owners ?? [];
    if (owners.length === 0) continue;
    const sorted = [...new Set(owners)].sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));
    const key = sorted.join(' ').toLowerCase();
    const group = groups.get(key);
    if (group) group.count += 1;
    else groups.set(key, { owners: sorted, count: 1, example: path });
  }
  return [...groups.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}

/** What a line of CODEOWNERS covers, as path patterns of ours that cover at least as much. */
function patternsFor(line: string): string[] {
  const start = /\/./u.test(line) || line.startsWith('**') ? '' : '**/';
  const path = `${start}${line.replace(/^\//u, '').replace(/\/$/u, '')}`;
  // A name covers the file and what lies below the folder, `docs/` only the latter, `docs/*` only what lies in it.
  const isFlat = line.endsWith('/*') && !line.includes('**');
  const all = line.endsWith('/') ? [`${path}/**`] : isFlat ? [path] : [path, `${path}/**`];
  return all.map((each) => {
    const reading = normalisePattern(each);
    return reading.kind === 'ok' ? reading.pattern : '**';
  });
}

/**
 * The paths that CODEOWNERS gives to an owner, as path patterns: never less than GitHub sees, and more where a later
 * line gives a part to somebody else.
 * @param owner as the file names it: `@login`, `@org/team` or an e-mail address
 */
export function patternsOwnedBy(text: string, owner: string): string[] {
  const mine = readOwnerLines(text).filter(({ owners }) =>
    owners.some((each) => each.toLowerCase() === owner.toLowerCase()),
  );
  return [...new Set(mine.flatMap(({ pattern }) => patternsFor(pattern)))].sort();
}
