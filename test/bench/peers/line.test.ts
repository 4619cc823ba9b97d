/** What the peers have in common: events that come twice or out of turn change nothing. */
import { expect, test } from 'vitest';
import { ejectPr, hearEvent, landBuild, openLine, startBuild } from '../../../bench/queue/peers/line.ts';
import type { Event } from '../../../bench/queue/policy.ts';

function arrival(pr: number, attempt = 0, prerequisites: readonly number[] = []): Event {
  const view = {
    pr,
    attempt,
    arrivedAt: 0,
    branchedFrom: 0,
    files: [],
    prerequisites,
    group: 0,
    ownCi: null,
    predicted: null,
  };
  return { kind: 'arrived', view };
}

const openForTest = () => openLine({ runners: Number.POSITIVE_INFINITY, ciMinutes: 10 });

test('a PR stands behind what it needs, in whatever order the two are heard', () => {
  const line = openForTest();
  hearEvent(line, arrival(1, 0, [0]), 0);
  expect(line.waiting).toEqual([]);
  hearEvent(line, arrival(0), 0);
  hearEvent(line, arrival(0), 1);
  expect(line.waiting.map(({ pr }) => pr)).toEqual([0, 1]);
});

test('a PR that is heard of after what it needs has left at that moment waits for its next attempt', () => {
  const line = openForTest();
  hearEvent(line, arrival(0), 0);
  ejectPr(line, 0, 5);
  hearEvent(line, arrival(1, 0, [0]), 5);
  hearEvent(line, arrival(0, 1), 40);
  expect(line.waiting.map(({ pr, attempt }) => [pr, attempt])).toEqual([[0, 1]]);
  hearEvent(line, arrival(1, 1, [0]), 40);
  expect(line.waiting.map(({ pr, attempt }) => [pr, attempt])).toEqual([
    [0, 1],
    [1, 1],
  ]);
});

test('a PR that leaves takes along what needs it', () => {
  const line = openForTest();
  for (const event of [arrival(0), arrival(1, 0, [0]), arrival(2, 0, [1]), arrival(3)])
    hearEvent(line, event, 0);
  ejectPr(line, 0, 1);
  expect(line.waiting.map(({ pr }) => pr)).toEqual([3]);
});

test('the base is counted once per landing, and one that the policy did not make is an error', () => {
  const line = openForTest();
  hearEvent(line, arrival(0), 0);
  const build = startBuild(line, { set: [0], tree: 1, purpose: 'train' });
  hearEvent(line, { kind: 'finished', build: build.name, outcome: 'passed', startedAt: 0 }, 10);
  landBuild(line, build);
  hearEvent(line, { kind: 'landed', prs: [0], base: 1 }, 10);
  expect(line.base).toBe(1);
  expect(() => hearEvent(line, { kind: 'landed', prs: [7], base: 2 }, 11)).toThrow('this policy landed 1');
});
