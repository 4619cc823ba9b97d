/** The planner in whole worlds: the driver stops a run that lands an untested tree or leaves a PR undecided. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { busySnapshot } from '../../bench/queue/cost.ts';
import { simulate } from '../../bench/queue/driver.ts';
import { drawFiles } from '../../bench/queue/files.ts';
import { createOracle } from '../../bench/queue/oracle.ts';
import { serial } from '../../bench/queue/peers/serial.ts';
import type { Policy } from '../../bench/queue/policy.ts';
import { reportingSeeds, tuningSeeds } from '../../bench/queue/scenarios.ts';
import { createSignalbox } from '../../bench/queue/signalbox.ts';
import { baseScenario, createWorld } from '../../bench/queue/world.ts';
import { planQueue } from '../../src/core/queue/planner.ts';

const worlds = fc
  .record({
    seed: fc.integer({ min: 0, max: 1e6 }),
    perHour: fc.constantFrom(5, 40, 400),
    runners: fc.constantFrom(1, 3, Number.POSITIVE_INFINITY),
    bad: fc.constantFrom(0, 0.1, 0.4),
    flake: fc.constantFrom(0, 0.05, 0.2),
    interrupted: fc.constantFrom(0, 0.1),
    overlap: fc.constantFrom(0, 0.1, 0.4),
    semantic: fc.constantFrom(0.04, 0.5),
    midAir: fc.constantFrom(0.01, 1),
    dependent: fc.constantFrom(0, 0.3),
    predictor: fc.constantFrom(null, 0.97),
  })
  .map(({ seed, ...scenario }) => createWorld({ ...baseScenario, ...scenario, count: 40 }, seed));

/** Counts builds at one time, from the policy's own commands. */
function watchBudget<State>(policy: Policy<State>, seen: { most: number }): Policy<State> {
  const running = new Set<string>();
  return {
    ...policy,
    step(state, event, at) {
      if (event.kind === 'finished') running.delete(event.build);
      const result = policy.step(state, event, at);
      for (const command of result.commands) if (command.do === 'cancel') running.delete(command.build);
      for (const command of result.commands) if (command.do === 'build') running.add(command.build);
      seen.most = Math.max(seen.most, running.size);
      return result;
    },
  };
}

describe('in any world', () => {
  test('the strict planner lands tested trees only, ends every entry and keeps its budget', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const seen = { most: 0 };
        const result = simulate(watchBudget(createSignalbox(), seen), world);
        expect(result.broken).toBe(0);
        expect(result.refused).toBe(0);
        expect(seen.most).toBeLessThanOrEqual(world.scenario.runners);
      }),
      { numRuns: 60 },
    );
  }, 30_000);

  test('events out of turn and twice change nothing of that', () => {
    fc.assert(
      fc.property(worlds, fc.integer({ min: 1, max: 1e6 }), (world, seed) => {
        expect(simulate(createSignalbox(), world, { seed }).broken).toBe(0);
      }),
      { numRuns: 40 },
    );
  }, 30_000);

  test.each(['serial', 'trust-ownership'] as const)(
    '%s ends every entry',
    (mode) => {
      fc.assert(
        fc.property(worlds, (world) => {
          simulate(createSignalbox({ mode }), world);
        }),
        { numRuns: 25 },
      );
    },
    30_000,
  );
});

describe('the world', () => {
  test.each([0.06, 0.02])('a share of %d of all pairs has a file in common, and they cluster', (overlap) => {
    const count = 600;
    const sets = drawFiles(count, overlap, 1).map((files) => new Set(files));
    const degrees = sets.map(
      (own) => sets.filter((other) => own !== other && [...own].some((file) => other.has(file))).length,
    );
    const pairs = degrees.reduce((sum, degree) => sum + degree, 0) / (count * (count - 1));
    expect(Math.abs(pairs / overlap - 1)).toBeLessThan(0.2);
    // Were pairs independent, the degrees would spread as much as a binomial distribution.
    const mean = pairs * (count - 1);
    const spread = degrees.reduce((sum, degree) => sum + (degree - mean) ** 2, 0) / count;
    expect(spread).toBeGreaterThan(5 * mean);
  });

  test('with no overlap no two share a file', () => {
    expect(new Set(drawFiles(50, 0, 1).flat()).size).toBe(50);
  });

  test('whoever enters the queue, for the first time or again, stands at its end', () => {
    const world = createWorld(
      { ...baseScenario, perHour: 40, bad: 0.3, dependent: 0.5, overlap: 0.3, count: 150 },
      3,
    );
    const policy = createSignalbox();
    let returned = 0;
    simulate(
      {
        ...policy,
        step(state, event, at) {
          if (event.kind === 'arrived') {
            expect(event.view.arrivedAt).toBe(at);
            if (event.view.attempt > 0) returned += 1;
          }
          return policy.step(state, event, at);
        },
      },
      world,
    );
    expect(returned).toBeGreaterThan(10);
  });
});

test('an entry is served within the starvation bound, however many come with priority', () => {
  const first = { ...busySnapshot(0), policy: { ...busySnapshot(0).policy, builds: 1, starvation: 10 } };
  const old = { ...(busySnapshot(1).entries[0] ?? expect.fail()), id: 500, rank: 500, enteredBase: 0 };
  const fresh = busySnapshot(30).entries.map((one) => ({
    ...one,
    priority: 9,
    overlaps: [],
    prerequisites: [],
  }));
  const started = (landings: number) => {
    const landed = Array.from({ length: landings }, () => null);
    const entries = [...fresh.map((one) => ({ ...one, enteredBase: landings })), old];
    const { actions } = planQueue({ ...first, landed, entries });
    return actions.flatMap((action) => (action.do === 'start' ? [...action.set] : []));
  };
  expect(started(9)).not.toContain(500);
  expect(started(10)).toContain(500);
});

describe('the simulation against theory', () => {
  // M/D/1: the mean time in the system is D + ρ D / 2 (1 − ρ).
  const plain = {
    ciSigma: 0,
    bad: 0,
    flake: 0,
    overlap: 0,
    midAir: 0,
    dependent: 0,
    ciMinutes: 10,
    count: 4_000,
  };

  test.each([
    [0.5, 15],
    [0.7, 21.7],
  ])('one server at load %d: %d minutes', (load, expected) => {
    const stays: number[] = [];
    const arrived = new Map<number, number>();
    const watched = serial();
    for (const seed of [1, 2, 3]) {
      const world = createWorld({ ...baseScenario, ...plain, perHour: load * 6 }, seed);
      simulate(
        {
          ...watched,
          step(state, event, at) {
            if (event.kind === 'arrived') arrived.set(event.view.pr, at);
            if (event.kind === 'landed') for (const pr of event.prs) stays.push(at - (arrived.get(pr) ?? at));
            return watched.step(state, event, at);
          },
        },
        world,
      );
    }
    const mean = stays.reduce((sum, stay) => sum + stay, 0) / stays.length;
    expect(Math.abs(mean / expected - 1)).toBeLessThan(0.1);
  });

  test('the oracle needs one run per landing and about one duration of CI', () => {
    const world = createWorld({ ...baseScenario, perHour: 20, count: 480 }, 1);
    const result = simulate(createOracle(world), world);
    expect(result.ciRuns).toBeCloseTo(1, 1);
    expect(result.p50).toBeGreaterThan(8);
    expect(result.p50).toBeLessThan(10);
  });

  test('the same world and policy give the same run', () => {
    const world = () => createWorld({ ...baseScenario, perHour: 40, count: 60 }, 7);
    expect(simulate(createSignalbox(), world()).landed).toEqual(simulate(createSignalbox(), world()).landed);
  });

  test('tuning seeds and reporting seeds are apart', () => {
    expect(tuningSeeds.filter((seed) => reportingSeeds.includes(seed))).toEqual([]);
  });
});

test('at 100 PRs an hour the median is far from the three hours of a chain', () => {
  const world = createWorld(
    { ...baseScenario, perHour: 100, count: 300, overlap: 0.02 },
    tuningSeeds[0] ?? 0,
  );
  const { p50, innocent } = simulate(createSignalbox(), world);
  expect(p50).toBeLessThan(30);
  expect(innocent).toBeLessThan(0.01);
});
