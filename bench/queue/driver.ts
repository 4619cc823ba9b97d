/**
 * The event loop: time, CI, git and the PRs' authors around one policy. On every landing it asserts that the tree
 * which lands is one that passed as exactly that tree; a policy that breaks the rule ends the run with an error.
 */
import { Ci, type SimulatedBuild } from './ci.ts';
import { draw } from './hash.ts';
import { Heap } from './heap.ts';
import { type Measured, measure } from './measure.ts';
import type { Command, Event, Policy } from './policy.ts';
import { type Member, Repository } from './repository.ts';
import type { World } from './world.ts';

export interface Disorder {
  /** Events of one moment come in another order, and some come again later. */
  readonly seed: number;
}

type Cause =
  | { readonly kind: 'comes'; readonly pr: number }
  | { readonly kind: 'ends'; readonly build: string }
  | { readonly kind: 'wake' }
  | { readonly kind: 'again'; readonly event: Event };

interface Due {
  readonly at: number;
  readonly rank: number;
  readonly cause: Cause;
}

export interface RunResult<State> extends Measured {
  readonly landed: readonly number[];
  /** The policy's state at the end. */
  readonly state: State;
}

/** Runs one policy through one world until every PR has landed or left, or the scenario's hours are over. */
export function simulate<State>(policy: Policy<State>, world: World, disorder?: Disorder): RunResult<State> {
  return new Driver(policy, world, disorder).run();
}

class Driver<State> {
  readonly #policy: Policy<State>;
  readonly #world: World;
  readonly #disorder: Disorder | undefined;
  readonly #repository: Repository;
  readonly #ci: Ci;
  readonly #due = new Heap<Due>((a, b) => a.at < b.at || (a.at === b.at && a.rank < b.rank));
  readonly #passedTrees = new Set<string>();
  readonly #pending: Event[] = [];
  readonly #wakes = new Set<number>();
  #state: State;
  #now = 0;
  #rank = 0;
  #nextPr = 0;
  #broken = 0;
  #refused = 0;

  constructor(policy: Policy<State>, world: World, disorder: Disorder | undefined) {
    this.#policy = policy;
    this.#world = world;
    this.#disorder = disorder;
    this.#repository = new Repository(world);
    this.#ci = new Ci(world);
    const { runners, ciMinutes } = world.scenario;
    this.#state = policy.start({ runners, ciMinutes });
  }

  run(): RunResult<State> {
    const { backlog, hours } = this.#world.scenario;
    if (backlog === null) {
      for (const { pr, arrivesAt } of this.#world.prs) this.#at(arrivesAt, { kind: 'comes', pr });
    } else {
      this.#fillBacklog(backlog);
      this.#deliver();
    }
    const end = hours === null ? Number.POSITIVE_INFINITY : hours * 60;
    for (let due = this.#due.pop(); due && due.at <= end; due = this.#due.pop()) {
      this.#now = due.at;
      this.#happen(due.cause);
      while (this.#due.peek()?.at === this.#now) this.#happen((this.#due.pop() as Due).cause);
      this.#deliver();
      if (backlog !== null) {
        this.#fillBacklog(backlog);
        this.#deliver();
      }
    }
    if (hours === null) this.#assertEnded();
    return {
      ...measure(this.#repository, this.#ci, { broken: this.#broken, refused: this.#refused, hours }),
      landed: this.#repository.landed,
      state: this.#state,
    };
  }

  #at(at: number, cause: Cause): void {
    this.#due.push({ at, rank: this.#rank++, cause });
  }

  #happen(cause: Cause): void {
    if (cause.kind === 'comes') this.#comes(this.#repository.member(cause.pr));
    else if (cause.kind === 'wake') this.#pending.push({ kind: 'woken' });
    else if (cause.kind === 'again') this.#pending.push(cause.event);
    else {
      const build = this.#ci.builds.get(cause.build);
      if (build?.state !== 'running') return;
      this.#ci.finish(build);
      if (build.outcome === 'passed') this.#passedTrees.add(build.tree);
      const { name, outcome, startedAt } = build;
      this.#pending.push({ kind: 'finished', build: name, outcome, startedAt });
    }
  }

  #fillBacklog(size: number): void {
    const { queued, outside } = this.#repository;
    while (queued.size + outside.size < size && this.#nextPr < this.#world.prs.length) {
      const member = this.#repository.member(this.#nextPr++);
      member.clockFrom = this.#now;
      this.#comes(member);
    }
  }

  #comes(member: Member): void {
    const isFirst = member.attempt === 0 && member.reworks === 0;
    const branchedAt = isFirst ? this.#now - member.truth.workMinutes : this.#now;
    member.branchedFrom = this.#repository.baseAt(branchedAt);
    member.place = 'outside';
    this.#repository.outside.add(member.truth.pr);
    this.#letIn();
  }

  /** Moves PRs from outside into the queue, back to their authors, or away for good, until none moves. */
  #letIn(): void {
    const repository = this.#repository;
    for (let moved = true; moved; ) {
      moved = false;
      for (const pr of [...repository.outside].sort((a, b) => a - b)) {
        const member = repository.member(pr);
        const needs = repository.prerequisites(member);
        if (needs.some(({ place }) => place === 'gone')) {
          member.place = 'gone';
          repository.outside.delete(pr);
          moved = true;
        } else if (repository.hasTextualConflictWithBase(member)) {
          repository.outside.delete(pr);
          this.#rework(member);
          moved = true;
        } else if (
          needs.every(({ place }) => place === 'queued') &&
          !repository.hasTextualConflictInQueue(member)
        ) {
          repository.outside.delete(pr);
          repository.queued.add(pr);
          member.place = 'queued';
          member.arrivedAt = this.#now;
          this.#pending.push({ kind: 'arrived', view: repository.viewOf(member) });
          moved = true;
        }
      }
    }
  }

  #rework(member: Member): void {
    member.place = 'away';
    member.reworks += 1;
    const back = this.#now + this.#world.scenario.reworkMinutes;
    member.clockFrom = back;
    this.#at(back, { kind: 'comes', pr: member.truth.pr });
  }

  /** Hands the pending events to the policy, one by one, and carries out what it says. */
  #deliver(): void {
    for (;;) {
      if (this.#pending.length === 0) return;
      const at = this.#disorder ? Math.floor(this.#luck(1) * this.#pending.length) : 0;
      const [event] = this.#pending.splice(at, 1);
      if (!event) return;
      if (this.#disorder && this.#luck(2) < 0.3) {
        this.#at(this.#now + this.#luck(3) * 5, { kind: 'again', event });
      }
      const { state, commands } = this.#policy.step(this.#state, event, this.#now);
      this.#state = state;
      for (const command of commands) this.#obey(command);
      for (const build of this.#ci.start(this.#now))
        this.#at(build.endsAt, { kind: 'ends', build: build.name });
    }
  }

  #luck(topic: number): number {
    return draw(this.#disorder?.seed ?? 0, topic, this.#rank++);
  }

  /** The policy has not heard of everything yet: what it says may rest on what is past. */
  #isBehind(): boolean {
    return this.#pending.some(({ kind }) => kind === 'landed' || kind === 'left');
  }

  #obey(command: Command): void {
    if (command.do === 'build') this.#build(command);
    else if (command.do === 'cancel') this.#ci.cancel(command.build, this.#now);
    else if (command.do === 'land') this.#land(command.build);
    else if (command.do === 'eject') this.#eject(command.pr);
    else if (!this.#wakes.has(command.at)) {
      this.#wakes.add(command.at);
      this.#at(Math.max(command.at, this.#now), { kind: 'wake' });
    }
  }

  #build(command: Extract<Command, { do: 'build' }>): void {
    const { build: name, base, set, purpose, priority = 0 } = command;
    const repository = this.#repository;
    const problem = this.#problemOf(name, base, set);
    if (problem !== null) {
      if (!this.#isBehind()) throw new Error(`${this.#policy.name}: build ${name}: ${problem}`);
      this.#pending.push({ kind: 'finished', build: name, outcome: 'interrupted', startedAt: this.#now });
      return;
    }
    const build: SimulatedBuild = {
      name,
      base,
      set: [...set],
      purpose,
      priority,
      rank: this.#rank++,
      good: repository.isGood(base, set),
      tree: repository.treeOf(base, set),
      state: 'waiting',
      startedAt: this.#now,
      endsAt: this.#now,
      outcome: 'interrupted',
    };
    this.#ci.ask(build);
  }

  #problemOf(name: string, base: number, set: readonly number[]): string | null {
    const repository = this.#repository;
    if (this.#ci.builds.has(name)) return 'the name was used before';
    if (base < 0 || base > repository.landed.length) return `there is no base ${base}`;
    if (set.length === 0) return 'it tests nothing';
    const before = new Set<number>();
    for (const pr of set) {
      const member = repository.member(pr);
      if (before.has(pr)) return `PR ${pr} is in it twice`;
      const isLandedLater = member.place === 'landed' && member.landedIndex >= base;
      if (member.place !== 'queued' && !isLandedLater) return `PR ${pr} is ${member.place}`;
      for (const need of member.truth.prerequisites) {
        const { landedIndex } = repository.member(need);
        const isBelow = landedIndex >= 0 && landedIndex < base;
        if (!isBelow && !before.has(need)) return `PR ${pr} needs PR ${need} before it`;
      }
      before.add(pr);
    }
    return null;
  }

  #land(name: string): void {
    const repository = this.#repository;
    const build = this.#ci.builds.get(name);
    if (build?.state !== 'finished' || build.outcome !== 'passed') {
      throw new Error(`${this.#policy.name}: landing ${name}, which has not passed`);
    }
    const prs = build.set.filter((pr) => repository.member(pr).place !== 'landed');
    if (prs.length === 0) return;
    const stranger = prs.find((pr) => repository.member(pr).place !== 'queued');
    const inSet = new Set(build.set);
    const missed = repository.landed.slice(build.base).find((pr) => !inSet.has(pr));
    const isStrict = this.#policy.class === 'strict';
    if (stranger !== undefined || (isStrict && missed !== undefined)) {
      if (this.#isBehind()) {
        this.#refused += 1;
        return;
      }
      const why = stranger === undefined ? `the base has PR ${missed}` : `PR ${stranger} is not in the queue`;
      throw new Error(`${this.#policy.name}: landing ${name}: ${why}`);
    }
    for (const pr of prs) {
      repository.land(pr, this.#now);
      const member = repository.member(pr);
      if (member.truth.bad || repository.failsOnBase(member)) this.#broken += 1;
    }
    if (isStrict && !this.#passedTrees.has(repository.tree)) {
      throw new Error(`${this.#policy.name}: landed a tree that never passed`);
    }
    this.#pending.push({ kind: 'landed', prs, base: repository.landed.length });
    this.#letIn();
  }

  #eject(pr: number): void {
    const repository = this.#repository;
    const member = repository.member(pr);
    if (member.place !== 'queued') return;
    if (member.truth.bad) this.#leave(member, 'gone');
    else if (repository.failsOnBase(member)) {
      this.#leave(member, 'away');
      this.#rework(member);
    } else {
      this.#leave(member, 'away');
      member.innocent += 1;
      this.#at(this.#now + this.#world.scenario.reworkMinutes, { kind: 'comes', pr });
    }
    this.#letIn();
  }

  /** Out of the queue, and with it what depends on it. */
  #leave(member: Member, place: 'gone' | 'away' | 'outside'): void {
    const { pr } = member.truth;
    const repository = this.#repository;
    member.place = place;
    member.attempt += 1;
    repository.queued.delete(pr);
    this.#pending.push({ kind: 'left', pr });
    for (const other of [...repository.queued]) {
      const dependant = repository.member(other);
      if (dependant.place === 'queued' && dependant.truth.prerequisites.includes(pr)) {
        this.#leave(dependant, 'outside');
        repository.outside.add(other);
      }
    }
  }

  #assertEnded(): void {
    const open = this.#repository.members.filter(({ place }) => place !== 'landed' && place !== 'gone');
    if (open.length > 0) {
      const names = open.slice(0, 5).map(({ truth, place }) => `${truth.pr} (${place})`);
      throw new Error(`${this.#policy.name} left ${open.length} PRs undecided: ${names.join(', ')}`);
    }
  }
}
