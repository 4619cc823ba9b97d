/** One world, every policy in it. */
import { type RunResult, simulate } from './driver.ts';
import { createOracle, createOracle1 } from './oracle.ts';
import { peers } from './peers/all.ts';
import type { Policy, PolicyClass } from './policy.ts';
import type { Cell } from './scenarios.ts';
import { createSignalbox, type SignalboxState } from './signalbox.ts';
import { createWorld } from './world.ts';

export interface Score {
  readonly cell: string;
  readonly seed: number;
  readonly policy: string;
  readonly class: PolicyClass;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly landedCount: number;
  readonly perHour: number;
  readonly ciMinutes: number;
  readonly broken: number;
  readonly innocent: number;
  readonly reworks: number;
  /** Of Signalbox only: forecasts made and kept, and mid-air collisions seen among so many pairs. */
  readonly forecasts: number;
  readonly held: number;
  readonly pairs: number;
  readonly collisions: number;
  /** Ms of computing per event. */
  readonly cost: number;
}

export const ourStrict = 'Signalbox, strict';
export const ourTrust = 'Signalbox, trust-ownership';

function scoreOf<State>(
  cell: Cell,
  seed: number,
  policy: Policy<State>,
  result: RunResult<State>,
  ms: number,
): Score {
  const { p50, p95, p99, landedCount, perHour, ciMinutes, broken, innocent, reworks } = result;
  const ledger = policy.name.startsWith('Signalbox') ? (result.state as SignalboxState).ledger : null;
  return {
    cell: cell.key,
    seed,
    policy: policy.name,
    class: policy.class,
    p50,
    p95,
    p99,
    landedCount,
    perHour,
    ciMinutes,
    broken,
    innocent,
    reworks,
    forecasts: ledger?.forecasts.chances ?? 0,
    held: ledger?.forecasts.events ?? 0,
    pairs: ledger?.disjoint.chances ?? 0,
    collisions: ledger?.disjoint.events ?? 0,
    cost: ms / Math.max(1, landedCount),
  };
}

export interface Entrants {
  readonly peers: boolean;
  /** Runs the strict planner once more with events shuffled and doubled: the driver's assertions must hold. */
  readonly disorder: boolean;
}

export function contest(cell: Cell, seed: number, entrants: Entrants): Score[] {
  const world = createWorld(cell.scenario, seed);
  const run = <State>(policy: Policy<State>): Score => {
    const from = performance.now();
    const result = simulate(policy, world);
    return scoreOf(cell, seed, policy, result, performance.now() - from);
  };
  const strict = createSignalbox({ name: ourStrict });
  const scores = [
    run(createOracle(world)),
    run(createOracle1(world)),
    run(strict),
    run(createSignalbox({ name: ourTrust, mode: 'trust-ownership' })),
  ];
  if (entrants.disorder) simulate(strict, world, { seed });
  if (entrants.peers) for (const peer of peers) scores.push(run(peer));
  return scores;
}
