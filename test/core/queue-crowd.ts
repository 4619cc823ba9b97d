/**
 * A lane with a crowd in its queue, and a world that knows the truth: which entries are bad, which pairs git cannot
 * merge, which pairs fail together, which runs flake. What lands is checked against trees that the world keeps itself.
 */
import type { Effect } from '../../src/core/lane/effects.ts';
import { isStillWanted } from '../../src/core/lane/effects.ts';
import type { Fact } from '../../src/core/lane/facts.ts';
import type { Observation } from '../../src/core/lane/observation.ts';
import type { CheckConclusion } from '../../src/core/lane/pull-state.ts';
import { isRunning } from '../../src/core/queue/build-state.ts';
import { approve, command, finishWork, LaneDriver, openWork, policy, request } from './lane-driver.ts';

export interface Truth {
  count: number;
  bad: readonly number[];
  /** Pairs that git cannot merge. */
  textual: readonly (readonly [number, number])[];
  /** Pairs that fail together. */
  semantic: readonly (readonly [number, number])[];
  dependsOn: Readonly<Record<number, number[]>>;
  queue: Record<string, unknown>;
  /** Draws from 0 to 1, for everything that is left to luck. */
  luck: () => number;
  flake: number;
  interrupted: number;
}

export const calm: Omit<Truth, 'luck'> = {
  count: 6,
  bad: [],
  textual: [],
  semantic: [],
  dependsOn: {},
  queue: {},
  flake: 0,
  interrupted: 0,
};

const has = (set: ReadonlySet<number>, [a, b]: readonly [number, number]) => set.has(a) && set.has(b);

export class Crowd {
  readonly lane = new LaneDriver();
  readonly landed: number[] = [];
  readonly ejected = new Map<number, string>();
  readonly problems: string[] = [];
  mostAtOnce = 0;
  runs = 0;
  readonly #truth: Truth;
  /** Commit → the entries that its tree holds. */
  readonly #trees = new Map<string, ReadonlySet<number>>([['base-0', new Set()]]);
  readonly #green = new Set<string>();
  #serial = 0;

  constructor(truth: Truth) {
    this.#truth = truth;
    this.lane.watch = ({ facts }) => {
      for (const fact of facts) this.#note(fact);
    };
    this.lane.see(
      { kind: 'lane', owner: 'acme', repo: 'demo', base: 'main' },
      { kind: 'base', sha: 'base-0' },
    );
    this.lane.see(policy({ queue: truth.queue, limits: { running: 90, in_review: 90 } }));
    const numbers = Array.from({ length: truth.count }, (_, index) => index + 1);
    for (const number of numbers) {
      request(this.lane, number, { spec: { owns: [`src/${number}.js`] } });
      openWork(this.lane, number);
      finishWork(this.lane, number);
      for (const need of truth.dependsOn[number] ?? []) {
        const issues = [{ repo: null, number: need }];
        this.lane.see(command(number, { index: 0, name: 'depends', issues }));
        finishWork(this.lane, number);
      }
      this.lane.see(approve(100 + number));
    }
  }

  /** Everything that is due happens, in random order, until nothing more does. */
  run(): this {
    for (let idle = 0, step = 0; idle < 3 && step < 20_000; step++) {
      const running = Object.values(this.lane.state.builds).filter(isRunning).length;
      this.mostAtOnce = Math.max(this.mostAtOnce, running);
      if (this.#happen()) idle = 0;
      else {
        this.lane.pass(120_000);
        idle += 1;
      }
    }
    return this;
  }

  #happen(): boolean {
    const { lane } = this;
    const testing = Object.values(lane.state.builds).filter(({ state }) => state === 'testing');
    const { pending } = lane;
    const choice = Math.floor(this.#truth.luck() * (pending.length + testing.length));
    const booked = pending[choice];
    if (booked) {
      booked.done = true;
      if (isStillWanted(booked.effect, lane.state)) lane.see(...this.#carryOut(booked.effect));
      return true;
    }
    const build = testing[choice - pending.length];
    if (!build?.sha) return false;
    lane.pass(60_000);
    this.runs += 1;
    const conclusion = this.#test(build.sha);
    if (conclusion === 'success') this.#green.add(build.sha);
    lane.see({ kind: 'checks', sha: build.sha, checks: [{ name: 'ci', conclusion, url: null }] });
    return true;
  }

  #test(sha: string): CheckConclusion {
    const { luck, flake, interrupted, bad, semantic } = this.#truth;
    if (luck() < interrupted) return 'cancelled';
    const tree = this.#trees.get(sha) ?? new Set();
    const isBroken = bad.some((one) => tree.has(one)) || semantic.some((pair) => has(tree, pair));
    return isBroken || luck() < flake ? 'failure' : 'success';
  }

  #carryOut(effect: Effect): Observation[] {
    if (effect.kind === 'make-candidate') return [this.#make(effect)];
    if (effect.kind === 'audit') return [{ kind: 'audit', build: effect.build, vanished: [] }];
    if (effect.kind !== 'land') return [];
    const { build, sha, tree, flight } = effect;
    const before = this.#trees.get(flight.before) ?? new Set();
    const after = this.#trees.get(sha) ?? new Set();
    const sum = new Set([...before, ...flight.entries.map(({ issue }) => issue)]);
    if (flight.before !== this.lane.state.baseSha)
      this.problems.push(`${sha} starts from a base that is past`);
    if (!this.#green.has(sha)) this.problems.push(`${sha} was not tested`);
    if (sum.size !== after.size || ![...sum].every((issue) => after.has(issue)))
      this.problems.push(`${sha} holds ${[...after]} and ${[...sum]} was to land`);
    return [{ kind: 'landing', build, result: { kind: 'landed', sha, tree, blobs: {} } }];
  }

  #make(effect: Extract<Effect, { kind: 'make-candidate' }>): Observation {
    const { build, entries, baseSha, steps: made } = effect;
    const base = this.#trees.get(baseSha) ?? new Set<number>();
    const tree = new Set(base);
    const steps: string[] = [];
    for (const [index, { issue }] of entries.entries()) {
      const opponents = this.#truth.textual.flatMap((pair) =>
        has(new Set([...tree, issue]), pair) && pair.includes(issue)
          ? pair.filter((one) => one !== issue)
          : [],
      );
      if (opponents.length > 0) {
        const others = opponents.some((one) => base.has(one)) ? [] : opponents;
        return { kind: 'candidate', build, result: { kind: 'conflict', issue, with: others } };
      }
      tree.add(issue);
      this.#serial += 1;
      const sha = made[index] ?? `commit-${this.#serial}`;
      steps.push(sha);
      this.#trees.set(sha, new Set(tree));
    }
    const sha = steps.at(-1) ?? baseSha;
    return { kind: 'candidate', build, result: { kind: 'made', sha, tree: `tree of ${sha}`, steps } };
  }

  #note(fact: Fact): void {
    if (fact.kind === 'task-completed') this.landed.push(fact.issue);
    if (fact.kind === 'entry-ejected') this.ejected.set(fact.issue, fact.code);
  }
}

/** Numbers from 0 to 1 that a seed decides (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
