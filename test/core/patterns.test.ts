import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  matches,
  minimalSubtrees,
  normalisePattern,
  overlap,
  subtreeOf,
  subtreesOf,
} from '../../src/core/task/patterns.ts';

describe('normalisePattern', () => {
  test.each([
    ['src/cli.js', 'src/cli.js'],
    ['  ./src/cli.js ', 'src/cli.js'],
    ['/src/', 'src/**'],
    ['.', '**'],
    ['./', '**'],
    ['/', '**'],
    ['**', '**'],
    ['src/**/*.{ts,js}', 'src/**/*.{ts,js}'],
    ['app/[id]/page.tsx', 'app/[id]/page.tsx'],
    ['app/(auth)/page.tsx', 'app/(auth)/page.tsx'],
    ['docs/my page.md', 'docs/my page.md'],
    ['.github/workflows/*.yml', '.github/workflows/*.yml'],
    ['cafe\u0301/menu.md', 'caf\u00e9/menu.md'],
    ['a?b/[!x].c', 'a?b/[!x].c'],
    ['{a,{b,c}}/x', '{a,{b,c}}/x'],
  ])('%j becomes %j', (text, pattern) => {
    expect(normalisePattern(text)).toEqual({ kind: 'ok', pattern });
  });

  test.each([
    ['', 'empty'],
    ['../secrets', '".."'],
    ['src/../../x', '".."'],
    ['src/./x', '"."'],
    ['src//x', 'empty part'],
    ['src\\x', 'backslash'],
    ['!src/x', 'starts with "!"'],
    ['a'.repeat(257), 'longer than 256'],
    ['src/\u0007x', 'invisible'],
    ['src/\u200bx', 'invisible'],
    ['src/[x', 'bracket'],
    ['src/[]x', 'bracket'],
    ['src/{a,b', 'braces'],
    ['src/{a}', 'braces'],
    ['src/{..,a}/x', '".."'],
    ['{a,b}{a,b}{a,b}{a,b}{a,b}', 'braces'],
    ['*a*a*a*a', 'stars'],
  ])('%j is refused because of: %s', (text, why) => {
    expect(normalisePattern(text)).toMatchObject({ kind: 'refused', why: expect.stringContaining(why) });
  });
});

describe('subtrees', () => {
  test.each([
    ['src/cli.js', 'src/cli.js'],
    ['src/**', 'src'],
    ['src/*.ts', 'src'],
    ['src/x?/y', 'src'],
    ['src/[ab]/y', 'src'],
    ['src/{a,b}/y', 'src'],
    ['**', ''],
    ['**/x', ''],
  ])('%s lies below %j', (pattern, subtree) => {
    expect(subtreeOf(pattern)).toBe(subtree);
  });

  test('braces are read as each of their choices', () => {
    expect(subtreesOf('{src/a,test}/**')).toEqual(['src/a', 'test']);
    expect(subtreesOf('{src,src/a}/x')).toEqual(['src/a/x', 'src/x']);
    expect(subtreesOf('{src/**,src/a}')).toEqual(['src']);
  });

  test('the subtrees of many patterns hold none within another, and no case', () => {
    expect(minimalSubtrees(['src/a.js', 'SRC/**', 'src-2/x', 'srcs'])).toEqual(['src', 'src-2/x', 'srcs']);
    expect(minimalSubtrees(['-x', '**', 'a'])).toEqual(['']);
    expect(minimalSubtrees([])).toEqual([]);
  });
});

describe('matches', () => {
  test.each([
    [['src/cli.js'], 'src/cli.js', true],
    [['src/cli.js'], 'src/cli.jsx', false],
    [['src'], 'src/deep/file.js', true],
    [['src'], 'src2/file.js', false],
    [['src/**'], 'src/deep/.hidden', true],
    [['src/*.js'], 'src/a.js', true],
    [['src/*.js'], 'src/deep/a.js', false],
    [['*'], '.env', true],
    [['**/*.md'], 'README.md', true],
    [['**/*.md'], 'docs/a/b.md', true],
    [['src/**/x.js'], 'src/x.js', true],
    [['src/{a,b}.js'], 'src/b.js', true],
    [['src/{a,b}.js'], 'src/c.js', false],
    [['src/[a-c].js'], 'src/b.js', true],
    [['src/[!a-c].js'], 'src/b.js', false],
    [['src/[!a-c].js'], 'src/d.js', true],
    [['src/[^a-c].js'], 'src/d.js', true],
    [['src/?.js'], 'src/a.js', true],
    [['src/?.js'], 'src/ab.js', false],
    [['app/(auth)/*.tsx'], 'app/(auth)/page.tsx', true],
    [['app/(auth)/*.tsx'], 'app/auth/page.tsx', false],
    [['app/(auth*)/x'], 'app/(auth2)/x', true],
    [['app/[id]/page.tsx'], 'app/[id]/page.tsx', true],
    [['a+b$|^"c"/*.x'], 'a+b$|^"c"/1.x', true],
    [['x+"*'], 'x+"y', true],
    [['x+"*'], 'xx"y', false],
    [['caf\u00e9/*'], 'cafe\u0301/menu', true],
    [['src/A.js'], 'src/a.js', false],
    [[], 'anything', false],
    [[''], 'anything', false],
    [['a', 'b/**'], 'b/c', true],
  ])('%j and %j: %s', (patterns, path, expected) => {
    expect(matches(patterns, path)).toBe(expected);
  });

  test('no pattern that is accepted makes matching slow', () => {
    const name = 'a'.repeat(255);
    const pattern = `**/a/**/a/**/a/**/a/**/a/**/a/**/a/**/a/*a*a*b`;
    expect(normalisePattern(pattern).kind).toBe('ok');
    const start = performance.now();
    expect(matches([pattern], `${'a/'.repeat(1_000)}${name}`)).toBe(false);
    expect(performance.now() - start).toBeLessThan(1_500);
  });
});

describe('overlap', () => {
  test.each([
    [['src/a.js'], ['src/a.js'], ['src/a.js']],
    [['src/a.js'], ['src/b.js'], []],
    [['src'], ['src/b.js'], ['src/b.js']],
    [['src/**'], ['src/b.js'], ['src/b.js']],
    [['src/a'], ['src/ab'], []],
    [['src/A.js'], ['SRC/a.js'], ['src/A.js and SRC/a.js']],
    [['src/*.ts'], ['src/*.md'], ['src/*.ts and src/*.md']],
    [['**'], ['docs/x'], ['docs/x']],
    [['{src,test}/**'], ['test/x', 'docs'], ['test/x']],
    [['docs/**'], ['src/**'], []],
    [[], ['src/**'], []],
  ])('%j and %j: %j', (a, b, pairs) => {
    expect(overlap(a, b)).toEqual(pairs);
  });
});

const name = fc.constantFrom('a', 'b', 'A', 'x.js', '.env', 'é', '(g)', '[a]');
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join('/'));
const glob = fc.constantFrom('*', '**', '?', '[ab]', '[!b]', '*.js', '{a,b}', '{a,b/x.js}', 'a*', '.*');
const pattern = fc
  .array(fc.oneof(name, glob), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join('/'));
const patterns = fc.array(pattern, { minLength: 1, maxLength: 3 });

/** A path, and a pattern made of it by replacing some of its names: likely, not certain, to match. */
const near = path.chain((concrete) => {
  const likely = fc.constantFrom('*', '**', 'a*', '*.js', '{a,b}');
  const one = fc
    .tuple(...concrete.split('/').map((segment) => fc.oneof(fc.constant(segment), likely)))
    .map((segments) => segments.join('/'));
  return fc.record({ concrete: fc.constant(concrete), a: one, b: one });
});

describe('laws', () => {
  test('what both sides match is never without an overlap', () => {
    let both = 0;
    const check = (a: string[], b: string[], concrete: string) => {
      if (!(matches(a, concrete) && matches(b, concrete))) return;
      both += 1;
      expect(overlap(a, b)).not.toEqual([]);
    };
    fc.assert(fc.property(patterns, patterns, path, check), { numRuns: 1_000 });
    fc.assert(
      fc.property(near, ({ a, b, concrete }) => check([a], [b], concrete)),
      { numRuns: 1_000 },
    );
    expect(both).toBeGreaterThan(100);
  });

  test('for plain paths, overlap is exactly: the same, or one within the other', () => {
    const plain = fc
      .array(fc.constantFrom('a', 'b', 'ab'), { minLength: 1, maxLength: 4 })
      .map((names) => names.join('/'));
    fc.assert(
      fc.property(plain, plain, (a, b) => {
        const nested = a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`);
        expect(overlap([a], [b]).length > 0).toBe(nested);
      }),
    );
  });

  test('the ledger’s subtrees meet exactly when there is an overlap', () => {
    fc.assert(
      fc.property(patterns, patterns, (a, b) => {
        const meet = minimalSubtrees(a).some((x) =>
          minimalSubtrees(b).some(
            (y) => x === '' || y === '' || `${x}/`.startsWith(`${y}/`) || `${y}/`.startsWith(`${x}/`),
          ),
        );
        expect(overlap(a, b).length > 0).toBe(meet);
      }),
    );
  });

  test('a path that a pattern matches lies in one of its subtrees', () => {
    fc.assert(
      fc.property(pattern, path, (one, concrete) => {
        if (!matches([one], concrete)) return;
        const inside = subtreesOf(one).some(
          (tree) => tree === '' || tree === concrete || concrete.startsWith(`${tree}/`),
        );
        // A glob also owns the path it spells out, and that lies where its fixed part does.
        expect(inside || concrete.startsWith(one)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  test('normalising twice is normalising once', () => {
    fc.assert(
      fc.property(pattern, (text) => {
        const once = normalisePattern(text);
        if (once.kind === 'ok') expect(normalisePattern(once.pattern)).toEqual(once);
      }),
    );
  });
});
