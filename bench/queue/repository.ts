/**
 * The simulated git and the PRs' authors: what has landed, who is in the queue, who waits outside of it, and which
 * trees are good. Trees are named by what they contain, so that two of them are equal exactly when their names are.
 */
import type { PrView } from './policy.ts';
import type { World, WorldPr } from './world.ts';

export type Place = 'away' | 'outside' | 'queued' | 'landed' | 'gone';

export interface Member {
  readonly truth: WorldPr;
  place: Place;
  attempt: number;
  arrivedAt: number;
  /** From here its time to land counts. */
  clockFrom: number;
  branchedFrom: number;
  landedIndex: number;
  /** Times it was sent back although it was good. */
  innocent: number;
  reworks: number;
}

export class Repository {
  readonly members: readonly Member[];
  readonly landed: number[] = [];
  readonly landedAt: number[] = [];
  readonly queued = new Set<number>();
  readonly outside = new Set<number>();
  readonly #treeNames: string[] = ['0-0'];
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
    this.members = world.prs.map((truth) => ({
      truth,
      place: 'away',
      attempt: 0,
      arrivedAt: 0,
      clockFrom: truth.arrivesAt,
      branchedFrom: 0,
      landedIndex: -1,
      innocent: 0,
      reworks: 0,
    }));
  }

  member(pr: number): Member {
    const member = this.members[pr];
    if (!member) throw new Error(`there is no PR ${pr}`);
    return member;
  }

  /** The base as it was at a time: how many PRs had landed. */
  baseAt(time: number): number {
    let low = 0;
    let high = this.landedAt.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.landedAt[middle] ?? 0) <= time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Whether `other` landed without `member` knowing it: a latent conflict between the two is real then. */
  #landedUnknown(other: Member, member: Member): boolean {
    return other.place === 'landed' && other.landedIndex >= member.branchedFrom;
  }

  hasTextualConflictWithBase(member: Member): boolean {
    return member.truth.textual.some((pr) => this.#landedUnknown(this.member(pr), member));
  }

  hasTextualConflictInQueue(member: Member): boolean {
    return member.truth.textual.some((pr) => this.queued.has(pr));
  }

  /** Whether the base as it is makes a good PR fail. */
  failsOnBase(member: Member): boolean {
    return member.truth.semantic.some((pr) => this.#landedUnknown(this.member(pr), member));
  }

  prerequisites(member: Member): Member[] {
    return member.truth.prerequisites.map((pr) => this.member(pr)).filter(({ place }) => place !== 'landed');
  }

  isGood(base: number, set: readonly number[]): boolean {
    const inSet = new Set(set);
    return set.every((pr) => {
      const member = this.member(pr);
      if (member.truth.bad) return false;
      return member.truth.semantic.every((partner) => {
        if (inSet.has(partner)) return false;
        const { landedIndex } = this.member(partner);
        return landedIndex < member.branchedFrom || landedIndex >= base || landedIndex < 0;
      });
    });
  }

  /** Two 32-bit sums over what the tree contains: (PR, attempt) each. */
  treeOf(base: number, set: readonly number[]): string {
    const [left = 0, right = 0] = (this.#treeNames[base] ?? '').split('-').map(Number);
    let [a, b] = [left, right];
    for (const pr of set) {
      const key = pr * 64 + this.member(pr).attempt + 1;
      a ^= Math.imul(key, 0x9e3779b1) ^ Math.imul(key, key);
      b ^= Math.imul(key ^ (key << 7), 0x85ebca6b);
    }
    return `${a >>> 0}-${b >>> 0}`;
  }

  get tree(): string {
    return this.#treeNames[this.landed.length] ?? '';
  }

  land(pr: number, at: number): void {
    const member = this.member(pr);
    const tree = this.treeOf(this.landed.length, [pr]);
    member.place = 'landed';
    member.landedIndex = this.landed.length;
    this.landed.push(pr);
    this.landedAt.push(at);
    this.#treeNames.push(tree);
    this.queued.delete(pr);
  }

  viewOf(member: Member): PrView {
    return {
      pr: member.truth.pr,
      attempt: member.attempt,
      arrivedAt: member.arrivedAt,
      branchedFrom: member.branchedFrom,
      files: member.truth.files,
      prerequisites: this.prerequisites(member).map(({ truth }) => truth.pr),
      group: member.truth.group,
      ownCi: this.#world.scenario.ownCi ? { base: member.branchedFrom } : null,
      predicted: member.truth.predicted,
    };
  }
}
