/**
 * Overlap against brute force: every path of a small world, and a matcher that shares no line with ours. What is
 * never allowed is to say "no overlap" of two patterns that match one path, also where only the case differs.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgePaths } from '../../src/core/gate/rules/scope.ts';
import { PathIndex } from '../../src/core/task/path-index.ts';
import { overlap } from '../../src/core/task/patterns.ts';

const names = ['a', 'b', 'ab', 'A', 'x.js', 'X.JS', '.env', 'é', 'É', '[a]'] as const;

/** Every path of up to three of the names. */
const world: readonly string[] = names.flatMap((first) => [
  first,
  ...names.flatMap((second) => [
    `${first}/${second}`,
    ...names.map((third) => `${first}/${second}/${third}`),
  ]),
]);

/** One brace choice after another, from the left; there is no nesting in this world. */
function choices(pattern: string): string[] {
  const [whole, inside = ''] = /\{([^}]*)\}/u.exec(pattern) ?? [];
  if (whole === undefined) return [pattern];
  return inside.split(',').flatMap((choice) => choices(pattern.replace(whole, choice)));
}

function expressionOf(pattern: string): string {
  let text = '';
  for (let at = 0; at < pattern.length; at++) {
    const set = /^\[(!?)([^\]]+)\]/u.exec(pattern.slice(at));
    if (pattern.startsWith('**/', at)) {
      text += '(?:[^/]+/)*';
      at += 2;
    } else if (pattern.startsWith('**', at)) {
      text += '.*';
      at += 1;
    } else if (set) {
      text += `[${set[1] === '!' ? '^/' : ''}${set[2]}]`;
      at += set[0].length - 1;
    } else if (pattern[at] === '*') text += '[^/]*';
    else if (pattern[at] === '?') text += '[^/]';
    else text += (pattern[at] ?? '').replace(/[.()+^$|\\]/u, '\\$&');
  }
  return text;
}

const matchedBefore = new Map<string, ReadonlySet<string>>();

/** The paths of the world that a pattern covers, in lower case: itself spelled out, what it matches, all below. */
function covered(pattern: string): ReadonlySet<string> {
  const known = matchedBefore.get(pattern);
  if (known) return known;
  const literal = pattern.toLowerCase();
  const globs = choices(pattern).map((choice) => new RegExp(`^${expressionOf(choice)}$`, 'iu'));
  const found = world
    .filter((path) => {
      const lower = path.toLowerCase();
      if (lower === literal || lower.startsWith(`${literal}/`)) return true;
      return globs.some((glob) => glob.test(path));
    })
    .map((path) => path.toLowerCase());
  const result = new Set(found);
  matchedBefore.set(pattern, result);
  return result;
}

function meet(one: string, other: string): boolean {
  const [small, large] = [covered(one), covered(other)].sort((x, y) => x.size - y.size);
  for (const path of small ?? []) if (large?.has(path)) return true;
  return false;
}

const part = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...names) },
  {
    weight: 2,
    arbitrary: fc.constantFrom('*', '**', '?', '[ab]', '[!b]', '*.js', '{a,b}', '{a,b/x.js}', 'a*', '.*'),
  },
);
const pattern = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
const patterns = fc.array(pattern, { minLength: 1, maxLength: 2 });

describe('overlap', () => {
  test('is never denied to two patterns that cover one path: 100,000 pairs', () => {
    let meeting = 0;
    let apart = 0;
    fc.assert(
      fc.property(pattern, pattern, (one, other) => {
        const isFound = overlap([one], [other]).length > 0;
        if (meet(one, other)) {
          meeting += 1;
          expect(isFound).toBe(true);
        } else if (!isFound) apart += 1;
      }),
      { numRuns: 100_000 },
    );
    // Neither "always" nor "never" would be an answer worth anything.
    expect(meeting).toBeGreaterThan(10_000);
    expect(apart).toBeGreaterThan(10_000);
  });

  test('is found for a rename that one task may make and of which another owns either name', () => {
    let renames = 0;
    const path = fc.constantFrom(...world);
    const renamed = fc.oneof(
      path.map((name) => ({ from: name, to: name.toUpperCase() })),
      fc.record({ from: path, to: path }),
    );
    fc.assert(
      fc.property(patterns, patterns, renamed, (mine, theirs, { from, to }) => {
        const changes = [
          { path: from, change: 'removed' as const, mode: '100644' },
          { path: to, change: 'added' as const, mode: '100644' },
        ];
        if (judgePaths(changes, { owns: mine, held: new Map() }).length > 0) return;
        const isTheirs = theirs.some((one) =>
          [from, to].some((name) => covered(one).has(name.toLowerCase())),
        );
        if (!isTheirs) return;
        renames += 1;
        expect(overlap(mine, theirs)).not.toEqual([]);
      }),
      { numRuns: 60_000 },
    );
    expect(renames).toBeGreaterThan(100);
  });
});

describe('the index', () => {
  test('finds exactly those whose patterns overlap', () => {
    fc.assert(
      fc.property(fc.array(patterns, { maxLength: 12 }), patterns, (owned, asked) => {
        const index = new PathIndex<number>();
        for (const [owner, each] of owned.entries()) index.add(each, owner);
        const expected = owned.flatMap((each, owner) => (overlap(each, asked).length > 0 ? [owner] : []));
        expect([...index.all(asked)].sort((x, y) => x - y)).toEqual(expected);
      }),
      { numRuns: 3_000 },
    );
  });

  test('stops at the first owner that is accepted', () => {
    const index = new PathIndex<string>();
    index.add(['src/**'], 'one');
    index.add(['src/a.js', 'docs/**'], 'two');
    index.add([], 'nobody');
    const asked: string[] = [];
    const found = index.find(['src/a.js'], (owner) => {
      asked.push(owner);
      return owner === 'one';
    });
    expect([found, asked]).toEqual(['one', ['one']]);
    expect(index.find(['src/a.js'], () => false)).toBeUndefined();
    expect([...index.all(['**'])].sort()).toEqual(['one', 'two']);
  });
});
