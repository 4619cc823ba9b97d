/** Keeps for the simulation what the product's ledger keeps: entries, builds, landings and the lane's history. */

import { type Forecast, forecastLanding } from '../../src/core/queue/forecast.ts';
import type {
  EntryId,
  QueueBuild,
  QueueEntry,
  QueuePolicy,
  QueueSnapshot,
  Tally,
} from '../../src/core/queue/snapshot.ts';
import type { Event, PrView } from './policy.ts';

const minute = 60_000;
/** Landings that a snapshot still tells of. */
const memory = 1_000;

type Writable<T> = { -readonly [K in keyof T]: T[K] };

interface Kept extends QueueEntry {
  readonly pr: number;
  readonly files: readonly number[];
  readonly overlaps: EntryId[];
  /** The first passed build with it: later failures are conflicts, not its own badness. */
  proof: QueueBuild | null;
  /** What was foretold when it came. */
  readonly forecast: Forecast | null;
}

const count = (tally: Tally | undefined, chances: number, events: number): Tally => ({
  chances: (tally?.chances ?? 0) + chances,
  events: (tally?.events ?? 0) + events,
});

export class SimulatedLedger {
  readonly #entries = new Map<EntryId, Kept>();
  /** The entry of a PR that is in the queue. */
  readonly #current = new Map<number, EntryId>();
  readonly #seen = new Set<EntryId>();
  readonly #landed: EntryId[] = [];
  readonly #landedAt = new Map<EntryId, number>();
  readonly #builds = new Map<string, Writable<QueueBuild>>();
  /** Ended builds some member of which is not decided yet. */
  #undecided: QueueBuild[] = [];
  readonly #byFile = new Map<number, EntryId[]>();
  readonly #landedPrs = new Set<number>();
  #ahead: PrView[] = [];
  readonly #early: Extract<Event, { kind: 'landed' }>[] = [];
  readonly #groups = new Map<string, Tally>();
  readonly #durations: number[] = [];
  readonly #arrivals: number[] = [];
  readonly #policy: QueuePolicy;
  #flakes: Tally = { chances: 0, events: 0 };
  #overlapping: Tally = { chances: 0, events: 0 };
  #disjoint: Tally = { chances: 0, events: 0 };
  readonly #stays: number[] = [];
  #rank = 0;
  /** Forecasts of entries that landed, and those among them that held. */
  forecasts: Tally = { chances: 0, events: 0 };

  constructor(policy: QueuePolicy) {
    this.#policy = policy;
  }

  get base(): number {
    return this.#landed.length;
  }

  get disjoint(): Tally {
    return this.#disjoint;
  }

  prOf(id: EntryId): number {
    return this.#entries.get(id)?.pr ?? -1;
  }

  note(event: Event, at: number): void {
    if (event.kind === 'arrived') this.#arrive(event.view, at);
    else if (event.kind === 'left') this.#leave(event.pr);
    else if (event.kind === 'landed') this.#land(event, at);
    else if (event.kind === 'finished') {
      const build = this.#builds.get(event.build);
      if (build?.outcome !== 'running') return;
      build.outcome = event.outcome;
      if (event.outcome === 'interrupted') return;
      this.#durations.push((at - event.startedAt) * minute);
      if (this.#durations.length > 100) this.#durations.shift();
      this.#undecided.push(build);
      for (const id of build.set) {
        const entry = this.#entries.get(id);
        if (entry && event.outcome === 'passed') entry.proof ??= build;
      }
    }
  }

  noteBuild(build: QueueBuild): void {
    this.#builds.set(build.id, { ...build });
  }

  forgetBuild(id: string): void {
    this.#builds.delete(id);
  }

  /** The planner blamed it: it was bad, or it conflicts with what landed since it was found to be good. */
  noteEjection(id: EntryId): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    if (entry.proof) this.#countCompany(entry, 1);
    else this.#groups.set(entry.group, count(this.#groups.get(entry.group), 1, 1));
  }

  snapshot(at: number): QueueSnapshot {
    const landedFrom = Math.max(0, this.#landed.length - memory);
    return {
      at: at * minute,
      landedFrom,
      landed: this.#landed.slice(landedFrom),
      entries: [...this.#entries.values()],
      builds: [...this.#builds.values()],
      policy: this.#policy,
      history: {
        groups: this.#groups,
        flakes: this.#flakes,
        overlapping: this.#overlapping,
        disjoint: this.#disjoint,
        arrivals: this.#arrivals,
        durations: this.#durations,
      },
      frozen: false,
    };
  }

  /** Events of one moment come in any order: a PR whose prerequisite was not heard of yet waits for that. */
  #arrive(view: PrView, at: number): void {
    const id = view.pr + view.attempt * 1_000_000;
    if (this.#seen.has(id)) return;
    const isKnown = (pr: number) => this.#current.has(pr) || this.#landedPrs.has(pr);
    if (!view.prerequisites.every(isKnown)) {
      this.#ahead.push(view);
      return;
    }
    this.#seen.add(id);
    this.#enter(view, id, at);
    const waiting = this.#ahead;
    this.#ahead = [];
    for (const one of waiting) this.#arrive(one, at);
  }

  #enter(view: PrView, id: EntryId, at: number): void {
    this.#arrivals.push(at * minute);
    if (this.#arrivals.length > 20) this.#arrivals.shift();
    const overlaps = new Set<EntryId>();
    for (const file of view.files) {
      const others = this.#byFile.get(file) ?? [];
      const known = others.filter(
        (one) => this.#entries.has(one) || (this.#landedAt.get(one) ?? -1) >= this.base - memory,
      );
      for (const other of known) overlaps.add(other);
      this.#byFile.set(file, [...known, id]);
    }
    for (const other of overlaps) this.#entries.get(other)?.overlaps.push(id);
    this.#current.set(view.pr, id);
    this.#entries.set(id, {
      id,
      pr: view.pr,
      files: view.files,
      rank: this.#rank++,
      priority: 0,
      enteredAt: at * minute,
      enteredBase: this.base,
      prerequisites: view.prerequisites.flatMap((pr) => this.#current.get(pr) ?? []),
      overlaps: [...overlaps],
      conflicts: [],
      group: `${view.group}${view.ownCi ? '+' : ''}`,
      predicted: view.predicted,
      ownCi: view.ownCi?.base ?? null,
      proof: null,
      forecast: forecastLanding(this.#stays, 0),
    });
  }

  #leave(pr: number): void {
    const id = this.#current.get(pr);
    if (id === undefined || !this.#entries.delete(id)) return;
    this.#current.delete(pr);
    this.#undecided = this.#undecided.filter(({ set }) => !set.includes(id));
    this.#forgetBuilds();
  }

  #land(event: Extract<Event, { kind: 'landed' }>, at: number): void {
    this.#early.push(event);
    for (let next = this.#nextLanding(); next; next = this.#nextLanding()) this.#apply(next.prs, at);
  }

  /** Landings apply in their order, each once, in whatever order they are told. */
  #nextLanding(): Extract<Event, { kind: 'landed' }> | undefined {
    const at = this.#early.findIndex(({ base, prs }) => base - prs.length === this.base);
    return at < 0 ? undefined : this.#early.splice(at, 1)[0];
  }

  #apply(prs: readonly number[], at: number): void {
    for (const pr of prs) {
      const id = this.#current.get(pr);
      const entry = id === undefined ? undefined : this.#entries.get(id);
      if (id === undefined || !entry) throw new Error(`PR ${pr} landed and was not in the queue`);
      this.#countCompany(entry, 0);
      this.#groups.set(entry.group, count(this.#groups.get(entry.group), 1, 0));
      this.#noteStay(entry, at * minute - entry.enteredAt);
      this.#entries.delete(id);
      this.#current.delete(pr);
      this.#landedPrs.add(pr);
      this.#landedAt.set(id, this.#landed.length);
      this.#landed.push(id);
    }
    this.#undecided = this.#undecided.filter((build) => {
      if (!build.set.every((id) => this.#landedAt.has(id))) return true;
      this.#flakes = count(this.#flakes, 1, build.outcome === 'failed' ? 1 : 0);
      return false;
    });
    this.#forgetBuilds();
  }

  #noteStay({ forecast }: Kept, stay: number): void {
    if (forecast) {
      this.forecasts = count(this.forecasts, 1, forecast.from <= stay && stay <= forecast.to ? 1 : 0);
    }
    this.#stays.push(stay);
    if (this.#stays.length > 200) this.#stays.shift();
  }

  /** What landed between an entry's first proof and now, and whether one of them was its undoing. */
  #countCompany(entry: Kept, events: number): void {
    if (!entry.proof) return;
    const set = new Set(entry.proof.set);
    const overlaps = new Set(entry.overlaps);
    const since = this.#landed.slice(entry.proof.base).filter((id) => !set.has(id));
    const near = since.filter((id) => overlaps.has(id)).length;
    this.#overlapping = count(this.#overlapping, near, near > 0 ? events : 0);
    this.#disjoint = count(this.#disjoint, since.length - near, near > 0 ? 0 : events);
  }

  #forgetBuilds(): void {
    for (const [id, { set, outcome }] of this.#builds) {
      if (outcome !== 'running' && !set.some((one) => this.#entries.has(one))) this.#builds.delete(id);
    }
  }
}
