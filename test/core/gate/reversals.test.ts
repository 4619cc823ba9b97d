import { describe, expect, test } from 'vitest';
import type { PathChange } from '../../../src/core/gate/diff.ts';
import { findReversals } from '../../../src/core/gate/reversals.ts';

const change = (path: string, removed: string[], added: string[] = []): PathChange => ({
  path,
  change: 'modified',
  mode: '100644',
  lines: {
    added: added.map((text, index) => ({ line: index + 1, text })),
    removed: removed.map((text, index) => ({ line: index + 7, text })),
  },
});
const landed = {
  issue: 3,
  pull: 30,
  path: 'src/a.js',
  added: ['  return total;', 'const total = 1;', '}', ''],
};

describe('F19: what a diff takes away of landed work', () => {
  test.each([
    { what: 'a line of it', changes: [change('src/a.js', ['const total = 1;'])], removed: 1 },
    {
      what: 'whatever its indentation',
      changes: [change('src/a.js', ['other();', 'return total;'])],
      removed: 1,
    },
    {
      what: 'all of it',
      changes: [change('src/a.js', ['const total = 1;', '  return total;', '}'])],
      removed: 2,
    },
  ])('$what', ({ changes, removed }) => {
    expect(findReversals(changes, [landed])).toMatchObject([
      { issue: 3, pull: 30, path: 'src/a.js', removed, added: 2 },
    ]);
  });

  test.each([
    { what: 'the same words in another file', changes: [change('src/b.js', ['const total = 1;'])] },
    { what: 'lines of somebody else', changes: [change('src/a.js', ['const other = 2;'])] },
    { what: 'lines that are everywhere', changes: [change('src/a.js', ['}', ''])] },
    {
      what: 'lines that are moved',
      changes: [change('src/a.js', ['const total = 1;']), change('src/b.js', [], ['const total = 1;'])],
    },
  ])('is nothing for $what', ({ changes }) => {
    expect(findReversals(changes, [landed])).toEqual([]);
  });
});
