/** Hunks as git sees them: the same texts, merged by `git merge-file`. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findConflictHunks } from '../../src/inspect/conflict-hunks.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hunks-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const text = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('');

/** Whether git merges the three without help. */
function gitMerges(base: string, ours: string, theirs: string): boolean {
  const files = Object.entries({ ours, base, theirs }).map(([name, content]) => {
    const file = join(folder, name);
    writeFileSync(file, content);
    return file;
  });
  const { status } = spawnSync('git', ['merge-file', '-p', '--diff3', ...files]);
  return status === 0;
}

const base = text(['one', 'two', 'three', 'four', 'five']);

describe('hunks', () => {
  test('are where both sides changed the same lines, each otherwise', () => {
    const ours = text(['zero', 'one', 'TWO', 'three', 'four', 'five']);
    const theirs = text(['one', '2', 'three', 'four', 'five']);
    expect(findConflictHunks(base, ours, theirs)).toEqual([
      { line: 3, base: 'two', ours: 'TWO', theirs: '2' },
    ]);
  });

  test.each([
    ['only one side', text(['one', 'TWO', 'three', 'four', 'five']), base],
    [
      'both the same',
      text(['one', 'TWO', 'three', 'four', 'five']),
      text(['one', 'TWO', 'three', 'four', 'five']),
    ],
    [
      'far apart',
      text(['ONE', 'two', 'three', 'four', 'five']),
      text(['one', 'two', 'three', 'four', 'FIVE']),
    ],
    ['nothing at all', '', ''],
  ])('are none when it changed: %s', (_, ours, theirs) => {
    expect(findConflictHunks(base, ours, theirs)).toEqual([]);
  });

  test('tell a new file of both sides apart, and one that one side has emptied', () => {
    expect(findConflictHunks('', 'a\n', 'b\n')).toEqual([{ line: 1, base: '', ours: 'a', theirs: 'b' }]);
    expect(findConflictHunks('a\n', '', 'b\n')).toEqual([{ line: 1, base: 'a', ours: '', theirs: 'b' }]);
  });

  test('are found exactly when git finds a conflict', () => {
    const lines = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { maxLength: 8 });
    const edit = fc.record({
      at: fc.nat(7),
      gone: fc.nat(2),
      put: fc.array(fc.constantFrom('x', 'y'), { maxLength: 2 }),
    });
    const unique = (all: readonly string[]) => all.map((line, index) => `${line}${index}`);
    let conflicts = 0;
    fc.assert(
      fc.property(lines, edit, edit, (words, mine, other) => {
        const start = unique(words);
        const apply = ({ at, gone, put }: typeof mine) =>
          start.toSpliced(Math.min(at, start.length), gone, ...put);
        const sides = [start, apply(mine), apply(other)].map(text) as [string, string, string];
        const hunks = findConflictHunks(...sides);
        if (hunks.length > 0) conflicts += 1;
        expect(hunks.length === 0).toBe(gitMerges(...sides));
      }),
      { numRuns: 300 },
    );
    expect(conflicts).toBeGreaterThan(20);
  });
});
