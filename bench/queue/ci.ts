/** The simulated CI: runners, waiting builds, and what each build will say of its tree. */
import type { Minutes, Outcome } from './policy.ts';
import type { World } from './world.ts';

export interface SimulatedBuild {
  readonly name: string;
  readonly base: number;
  readonly set: readonly number[];
  readonly purpose: string;
  readonly priority: number;
  readonly rank: number;
  /** Whether its tree is good, and the name of the tree; fixed when the build is asked for. */
  readonly good: boolean;
  readonly tree: string;
  state: 'waiting' | 'running' | 'finished' | 'cancelled';
  startedAt: Minutes;
  endsAt: Minutes;
  outcome: Outcome;
}

export class Ci {
  readonly builds = new Map<string, SimulatedBuild>();
  /** Charged minutes, and how many runs were started. */
  minutes = 0;
  runs = 0;
  readonly #world: World;
  readonly #waiting: SimulatedBuild[] = [];
  readonly #runsOfTip: number[] = [];
  #running = 0;

  constructor(world: World) {
    this.#world = world;
  }

  ask(build: SimulatedBuild): void {
    this.builds.set(build.name, build);
    this.#waiting.push(build);
  }

  /** Gives free runners to waiting builds; returns those that start now. */
  start(at: Minutes): SimulatedBuild[] {
    const started: SimulatedBuild[] = [];
    while (this.#waiting.length > 0 && this.#running < this.#world.scenario.runners) {
      let best = 0;
      for (let i = 1; i < this.#waiting.length; i++) {
        const one = this.#waiting[i] as SimulatedBuild;
        const other = this.#waiting[best] as SimulatedBuild;
        if (one.priority > other.priority || (one.priority === other.priority && one.rank < other.rank))
          best = i;
      }
      const [build] = this.#waiting.splice(best, 1);
      if (!build) break;
      started.push(this.#run(build, at));
    }
    return started;
  }

  #run(build: SimulatedBuild, at: Minutes): SimulatedBuild {
    const tip = build.set.at(-1) ?? -1;
    const n = this.#runsOfTip[tip] ?? 0;
    this.#runsOfTip[tip] = n + 1;
    this.#running += 1;
    this.runs += 1;
    const world = this.#world;
    build.state = 'running';
    build.startedAt = at;
    const minutes = world.duration(tip, n);
    if (world.interrupts(tip, n)) {
      build.outcome = 'interrupted';
      build.endsAt = at + minutes / 2;
    } else {
      build.outcome = build.good && !world.flakes(tip, n) ? 'passed' : 'failed';
      build.endsAt = at + minutes;
    }
    return build;
  }

  finish(build: SimulatedBuild): void {
    build.state = 'finished';
    this.#running -= 1;
    this.minutes += build.endsAt - build.startedAt;
  }

  cancel(name: string, at: Minutes): void {
    const build = this.builds.get(name);
    if (build?.state === 'waiting') {
      this.#waiting.splice(this.#waiting.indexOf(build), 1);
      build.state = 'cancelled';
    }
    if (build?.state === 'running') {
      build.state = 'cancelled';
      this.#running -= 1;
      this.minutes += at - build.startedAt;
    }
  }
}
