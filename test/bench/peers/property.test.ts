/** What holds for every peer in every world. The driver itself stops a run that lands an untested tree or leaves a PR undecided. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { simulate } from '../../../bench/queue/driver.ts';
import { peers } from '../../../bench/queue/peers/all.ts';
import { bors } from '../../../bench/queue/peers/bors.ts';
import { github } from '../../../bench/queue/peers/github.ts';
import { mergify } from '../../../bench/queue/peers/mergify.ts';
import { serial } from '../../../bench/queue/peers/serial.ts';
import { trunk } from '../../../bench/queue/peers/trunk.ts';
import type { Policy } from '../../../bench/queue/policy.ts';
import { baseScenario, createWorld } from '../../../bench/queue/world.ts';

const worlds = fc
  .record({
    seed: fc.integer({ min: 0, max: 1e6 }),
    perHour: fc.constantFrom(5, 40, 400),
    runners: fc.constantFrom(1, 3, Number.POSITIVE_INFINITY),
    bad: fc.constantFrom(0, 0.1, 0.4),
    flake: fc.constantFrom(0, 0.05),
    interrupted: fc.constantFrom(0, 0.1),
    overlap: fc.constantFrom(0, 0.1, 0.4),
    dependent: fc.constantFrom(0, 0.3),
    predictor: fc.constantFrom(null, 0.97),
  })
  .map(({ seed, ...scenario }) => createWorld({ ...baseScenario, ...scenario, count: 40 }, seed));

function expectAllEnd(policy: Policy<unknown>): void {
  fc.assert(
    fc.property(worlds, fc.option(fc.integer({ min: 1, max: 1e6 })), (world, seed) => {
      const { landed, refused } = simulate(policy, world, seed === null ? undefined : { seed });
      expect(new Set(landed).size).toBe(landed.length);
      expect(landed.filter((pr) => world.prs[pr]?.bad)).toEqual([]);
      expect(refused).toBe(0);
    }),
    { numRuns: 25 },
  );
}

describe('every PR lands or leaves, once, whatever is late or heard twice; a bad one never lands', () => {
  for (const policy of peers) test(policy.name, () => expectAllEnd(policy));
});

/** Counts the builds that a policy has asked for and that have neither ended nor been cancelled. */
function countBuilds(policy: Policy<unknown>, note: (builds: number) => void): Policy<unknown> {
  const open = new Set<string>();
  return {
    ...policy,
    start: (setting) => {
      open.clear();
      return policy.start(setting);
    },
    step: (state, event, at) => {
      if (event.kind === 'finished') open.delete(event.build);
      const result = policy.step(state, event, at);
      for (const command of result.commands) {
        if (command.do === 'cancel') open.delete(command.build);
        if (command.do === 'build') open.add(command.build);
      }
      note(open.size);
      return result;
    },
  };
}

describe('no peer has more builds at once than its configuration allows', () => {
  const batches = { size: 3, maxWait: 5, bisectionConcurrency: 2, skipRedundantTests: false };
  const limited: readonly [Policy<unknown>, number][] = [
    [serial(), 1],
    [bors(), 1],
    [github({ mode: 'all-green', concurrency: 3 }), 3],
    [github({ mode: 'head-green', concurrency: 4 }), 4],
    [mergify({ batchSize: 4, maxParallelChecks: 3, skipIntermediateResults: true }), 3],
    [mergify({ batchSize: 4, maxParallelChecks: 1, skipIntermediateResults: false }), 1],
    [trunk({ concurrency: 3, pendingFailureDepth: 1, optimistic: true, batches }), 5],
  ];
  for (const [policy, limit] of limited) {
    test(`${policy.name}: ${limit}`, () => {
      let most = 0;
      const counted = countBuilds(policy, (builds) => {
        most = Math.max(most, builds);
      });
      for (let seed = 1; seed <= 5; seed++) {
        simulate(counted, createWorld({ ...baseScenario, perHour: 400, count: 60, bad: 0.3 }, seed));
      }
      expect(most).toBe(limit);
    });
  }
});
