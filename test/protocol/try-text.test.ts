import { expect, test } from 'vitest';
import type { Build } from '../../src/core/lane/queue-state.ts';
import { renderTry } from '../../src/protocol/try-text.ts';
import { at, head } from './scene.ts';

const build: Build = {
  number: 5,
  state: 'testing',
  purpose: 'try',
  base: 3,
  baseSha: 'b'.repeat(40),
  parent: null,
  entries: [
    { issue: 12, pull: 12, headSha: 'c'.repeat(40) },
    { issue: 42, pull: 50, headSha: head },
  ],
  sha: 'd'.repeat(40),
  tree: 'e'.repeat(40),
  steps: [],
  checks: [],
  startedAt: at,
  endedAt: null,
  reason: null,
  open: true,
  tries: 0,
  flight: null,
};

test.each([
  {
    change: {},
    says: '**Try** (`dddddddddddd`): this commit on the base branch at `bbbbbbbbbbbb` with #12 is being tested.',
  },
  {
    change: { state: 'preparing', sha: null, entries: build.entries.slice(1) },
    says: '**Try**: this commit on the base branch at `bbbbbbbbbbbb` is being put together.',
  },
  {
    change: {
      state: 'passed',
      checks: [{ name: 'ci', conclusion: 'success', url: 'https://ci.example.org/1' }],
    },
    says: '**Try** (`dddddddddddd`): this commit on the base branch at `bbbbbbbbbbbb` with #12 **passed**. Checks: [ci](https://ci.example.org/1) success.',
  },
  {
    change: { state: 'failed', reason: 'the check ci ended with failure' },
    says: '**Try** (`dddddddddddd`): this commit on the base branch at `bbbbbbbbbbbb` with #12 **failed**: the check ci ended with failure.',
  },
  {
    change: { state: 'abandoned', reason: 'another try of it was asked for' },
    says: '**Try** (`dddddddddddd`): this commit on the base branch at `bbbbbbbbbbbb` with #12 was given up: another try of it was asked for.',
  },
] as { change: Partial<Build>; says: string }[])('$change.state: $says', ({ change, says }) => {
  expect(renderTry({ ...build, ...change })).toBe(says);
});

test('no try, no words', () => {
  expect(renderTry(null)).toBeNull();
});
