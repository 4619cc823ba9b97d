import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ownersOf, patternsOwnedBy } from '../../../src/core/gate/codeowners.ts';
import { matches } from '../../../src/core/task/patterns.ts';

const owners = (text: string, path: string): string[] => ownersOf(text, [path])[0]?.owners ?? [];

describe('CODEOWNERS, as GitHub reads it', () => {
  test.each([
    { what: 'everything', text: '* @a', path: 'x/y.ts', is: ['@a'] },
    { what: 'the last match wins', text: '* @a\n*.js @b', path: 'src/x.js', is: ['@b'] },
    {
      what: 'a later line without owners takes them away',
      text: '/apps/ @a\n/apps/github',
      path: 'apps/github/x',
      is: [],
    },
    { what: 'a folder at the root', text: '/build/logs/ @a', path: 'build/logs/deep/x.log', is: ['@a'] },
    { what: 'a folder at the root, elsewhere', text: '/build/logs/ @a', path: 'x/build/logs/x.log', is: [] },
    { what: 'a folder anywhere', text: 'apps/ @a', path: 'x/apps/y/z', is: ['@a'] },
    { what: 'docs/* directly', text: 'docs/* @a', path: 'docs/getting-started.md', is: ['@a'] },
    { what: 'docs/* not deeper', text: 'docs/* @a', path: 'docs/build-app/troubleshooting.md', is: [] },
    { what: '/docs/* not deeper', text: '/docs/* @a', path: 'docs/b/c.md', is: [] },
    { what: 'two stars', text: '**/logs @a', path: 'deeply/nested/logs/x', is: ['@a'] },
    {
      what: 'teams and addresses',
      text: '*.go docs@example.com @org/team',
      path: 'x.go',
      is: ['@org/team', 'docs@example.com'],
    },
    { what: 'comments', text: '# * @a\n*.js @b # ours', path: 'a.js', is: ['@b'] },
    {
      what: 'a line that is not understood is left out',
      text: '* @a\n*.js not-an-owner',
      path: 'a.js',
      is: ['@a'],
    },
    { what: 'negation does not exist', text: '* @a\n!x.js @b', path: 'x.js', is: ['@a'] },
    { what: 'ranges do not exist', text: '* @a\n[ab].js @b', path: 'a.js', is: ['@a'] },
    { what: 'case counts', text: '/Docs/ @a', path: 'docs/x', is: [] },
    { what: 'Windows line ends', text: '* @a\r\n*.js @b\r\n', path: 'a.js', is: ['@b'] },
  ])('$what', ({ text, path, is }) => {
    expect(owners(text, path)).toEqual(is);
  });

  test('what an owner has is covered by path patterns, whatever the lines', () => {
    const name = fc.constantFrom('a', 'b', 'docs', 'x.js', '*', '*.js', '**', 'a*');
    const line = fc
      .tuple(
        fc.boolean(),
        fc.array(name, { minLength: 1, maxLength: 3 }),
        fc.boolean(),
        fc.constantFrom('@a', '@b', ''),
      )
      .map(([tied, names, folder, who]) => `${tied ? '/' : ''}${names.join('/')}${folder ? '/' : ''} ${who}`);
    const path = fc
      .array(fc.constantFrom('a', 'b', 'docs', 'x.js', 'y', 'ab'), { minLength: 1, maxLength: 4 })
      .map((names) => names.join('/'));
    let owned = 0;
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 4 }), path, (lines, file) => {
        const text = lines.join('\n');
        if (!owners(text, file).includes('@a')) return;
        owned += 1;
        expect(matches(patternsOwnedBy(text, '@a'), file)).toBe(true);
      }),
      { numRuns: 20_000 },
    );
    expect(owned).toBeGreaterThan(1_000);
  });

  test('paths of the same owners are one group', () => {
    const text = '* @a\n*.js @b @c\n*.ts @C @b';
    expect(ownersOf(text, ['x.md', 'x.js', 'y.js', 'x.ts'])).toEqual([
      { owners: ['@a'], count: 1, example: 'x.md' },
      { owners: ['@b', '@c'], count: 3, example: 'x.js' },
    ]);
  });
});
