/** The queue of a lane against the truth: who is good lands, who is bad leaves, and nothing untested ever lands. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { emptyLane, fold } from '../../src/core/lane/fold.ts';
import type { LaneState } from '../../src/core/lane/state.ts';
import { Crowd, calm, seeded, type Truth } from './queue-crowd.ts';

const crowdOf = (truth: Partial<Truth>) => new Crowd({ ...calm, luck: seeded(1), ...truth }).run();
const sorted = (numbers: Iterable<number>) => [...numbers].sort((a, b) => a - b);

describe('a crowd', () => {
  test('lands whole when all are good, with fewer runs than entries', () => {
    const crowd = crowdOf({ count: 12, queue: { builds: 4 } });
    expect(sorted(crowd.landed)).toEqual(Array.from({ length: 12 }, (_, index) => index + 1));
    expect(crowd.problems).toEqual([]);
    expect(crowd.runs).toBeLessThan(12 * 2);
    expect(crowd.mostAtOnce).toBeGreaterThan(1);
  });

  test('loses who is bad and keeps the rest', () => {
    const crowd = crowdOf({ count: 10, bad: [3, 7] });
    expect(sorted(crowd.ejected.keys())).toEqual([3, 7]);
    expect(crowd.landed).toHaveLength(8);
    expect(crowd.problems).toEqual([]);
  });

  test('of two that git cannot merge, or that fail together, one lands and the other leaves with its reason', () => {
    const crowd = crowdOf({ count: 8, textual: [[1, 2]], semantic: [[4, 5]] });
    expect(crowd.landed).toHaveLength(6);
    expect(sorted([...crowd.ejected.keys()].map((issue) => (issue <= 2 ? 1 : 4)))).toEqual([1, 4]);
    expect([...crowd.ejected.values()].sort()).toEqual(['checks-failed', 'conflict']);
  });

  test('with `serial` has one build at a time', () => {
    const crowd = crowdOf({ count: 6, bad: [2], queue: { policy: 'serial', builds: 4 } });
    expect(crowd.mostAtOnce).toBe(1);
    expect(crowd.landed).toHaveLength(5);
  });

  test('forgets what no open build needs, and remembers what it has learned', () => {
    const { lane } = crowdOf({ count: 10, bad: [3] });
    const { steps, history } = lane.state.queue;
    expect(steps).toEqual([]);
    expect(Object.values(history.groups).reduce((sum, { chances }) => sum + chances, 0)).toBe(10);
    expect(Object.values(history.groups).reduce((sum, { events }) => sum + events, 0)).toBe(1);
    expect(history.stays).toHaveLength(9);
    expect(Object.values(lane.state.builds).filter(({ open }) => open)).toEqual([]);
  });
});

const pairs = (count: number) =>
  fc.tuple(fc.integer({ min: 1, max: count }), fc.integer({ min: 1, max: count })).filter(([a, b]) => a < b);

test('whatever is planted and in whatever order it happens, the queue ends as the truth has it', {
  timeout: 60_000,
}, () => {
  let side = 0;
  let trains = 0;
  const count = 9;
  fc.assert(
    fc.property(
      fc.record({
        seed: fc.integer(),
        bad: fc.subarray([1, 2, 3, 4, 5, 6, 7, 8, 9], { maxLength: 3 }),
        textual: fc.array(pairs(count), { maxLength: 2 }),
        semantic: fc.array(pairs(count), { maxLength: 1 }),
        dependent: fc.option(pairs(count)),
        policy: fc.constantFrom('strict', 'serial'),
        builds: fc.integer({ min: 1, max: 6 }),
        flake: fc.constantFrom(0, 0, 0.1),
        interrupted: fc.constantFrom(0, 0.05),
      }),
      ({ seed, bad, textual, semantic, dependent, policy, builds, flake, interrupted }) => {
        const dependsOn = dependent ? { [dependent[1]]: [dependent[0]] } : {};
        const crowd = new Crowd({
          count,
          bad,
          textual,
          semantic,
          dependsOn,
          queue: { policy, builds },
          luck: seeded(seed),
          flake,
          interrupted,
        }).run();
        const { landed, ejected, lane } = crowd;
        expect(crowd.problems).toEqual([]);
        expect(crowd.mostAtOnce).toBeLessThanOrEqual(policy === 'serial' ? 1 : builds);
        expect(new Set(landed).size).toBe(landed.length);
        for (const one of bad) expect(landed).not.toContain(one);
        for (const [a, b] of [...textual, ...semantic]) {
          expect(landed.includes(a) && landed.includes(b)).toBe(false);
        }
        const risky = new Set([...bad, ...textual.flat(), ...semantic.flat()]);
        const waits = Object.values(lane.state.tasks).filter(({ entry }) => entry !== null);
        const needs = dependent ? [dependent[1]] : [];
        if (flake === 0 && interrupted === 0) {
          for (const issue of ejected.keys()) expect(risky.has(issue)).toBe(true);
          for (let one = 1; one <= count; one++) {
            if (!risky.has(one) && !needs.includes(one)) expect(landed).toContain(one);
          }
        }
        // Only what needs somebody who left is still there, and says so.
        for (const { issue } of waits) expect(needs).toContain(issue);
        if (dependent && landed.includes(dependent[1]))
          expect(landed.indexOf(dependent[0])).toBeLessThan(landed.indexOf(dependent[1]));
        if (crowd.mostAtOnce > 1) side += 1;
        trains += lane.state.landings.filter(({ entries }) => entries.length > 1).length;
        expect(lane.journal.reduce<LaneState>(fold, emptyLane)).toEqual(lane.state);
      },
    ),
    { numRuns: 40 },
  );
  expect(side).toBeGreaterThan(4);
  expect(trains).toBeGreaterThan(20);
});
