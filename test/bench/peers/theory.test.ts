/**
 * A linear window of w builds of equal length, each PR bad with probability p, settles (1 − (1 − p)^w) / p PRs per
 * build time, of which a share of 1 − p lands: each round ends at the first bad PR. The point w = 5, p = 0.1,
 * 30 minutes is 7.3 landings an hour in the README of sonos/github-merge-queue-simulator too, and w = 3 is 4.9.
 */
import { expect, test } from 'vitest';
import { simulate } from '../../../bench/queue/driver.ts';
import { github } from '../../../bench/queue/peers/github.ts';
import { baseScenario, createWorld } from '../../../bench/queue/world.ts';

const scenario = {
  ...baseScenario,
  count: 1500,
  backlog: 60,
  hours: 40,
  ciMinutes: 30,
  ciSigma: 0,
  flake: 0,
  overlap: 0,
  midAir: 0,
  dependent: 0,
};

test.each([
  [3, 0.1, 4.88],
  [5, 0.1, 7.37],
  [20, 0.1, 15.8],
  [20, 0.02, 32.6],
])('a window of %d with %d bad lands %d PRs an hour', (window, bad, expected) => {
  const perRound = (1 - (1 - bad) ** window) / bad;
  expect(perRound * (1 - bad) * 2).toBeCloseTo(expected, 1);
  const rates = [1, 2, 3, 4, 5, 6, 7, 8].map(
    (seed) =>
      simulate(github({ mode: 'all-green', concurrency: window }), createWorld({ ...scenario, bad }, seed))
        .perHour,
  );
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
  expect(Math.abs(mean / expected - 1)).toBeLessThan(0.05);
});
