/** Which builds to start: cars of the train, tests of suspects, and screens, in this order. */
import { addStack, mayLand } from './line.ts';
import { badOdds, idsOf, isReady, noteRunning, passOdds, type Situation, suspicion } from './situation.ts';
import type { BuildPurpose } from './snapshot.ts';

function start(situation: Situation, members: ReadonlySet<number>, purpose: BuildPurpose): void {
  const { line, actions } = situation;
  const ordered = [...members].sort((a, b) => a - b);
  actions.push({ do: 'start', base: line.base, set: idsOf(line, ordered), purpose });
  noteRunning(situation, { members: ordered }, true);
  situation.free -= 1;
}

function indicesWhere(situation: Situation, holds: (index: number) => boolean): number[] {
  return situation.line.entries.flatMap((_, index) => (holds(index) ? [index] : []));
}

/** Milliseconds between two cars: many are affordable while runners are free, few when they are scarce. */
export function carInterval({ line, odds, tuning }: Situation): number {
  const affordable = Math.max(1, line.snapshot.policy.builds * tuning.carShare);
  return odds.estimates.duration / Math.min(tuning.cars, affordable);
}

export function lastDeparture({ line }: Situation): number {
  return line.tests.reduce(
    (latest, { build }) => (build.purpose === 'train' ? Math.max(latest, build.startedAt) : latest),
    Number.NEGATIVE_INFINITY,
  );
}

/** Ready entries whose prerequisites are ready too. */
function findReady(situation: Situation): Set<number> {
  const set = new Set<number>();
  for (const index of indicesWhere(situation, (one) => isReady(situation, one))) {
    const needs = situation.line.needs[index] ?? [];
    if (needs.every((need) => set.has(need))) set.add(index);
  }
  return set;
}

function without(situation: Situation, set: ReadonlySet<number>, removed: Iterable<number>): Set<number> {
  const left = new Set(set);
  const remove = (index: number): void => {
    if (!left.delete(index)) return;
    for (const other of [...left]) if (situation.line.needs[other]?.includes(index)) remove(other);
  };
  for (const index of removed) remove(index);
  return left;
}

/** The failed test that speaks against boarding all of these together, if one does: the smallest. */
function findObstacle({ odds, tuning }: Situation, set: ReadonlySet<number>): readonly number[] | null {
  let smallest: readonly number[] | null = null;
  for (const { members } of odds.failures) {
    if (members.length < 2 || (smallest && smallest.length <= members.length)) continue;
    if (!members.every((index) => set.has(index))) continue;
    if (odds.joint(new Set(members)) < tuning.doubt) smallest = members;
  }
  return smallest ? [...smallest].sort((a, b) => a - b) : null;
}

/** As much of a failed test as a running candidate is testing right now: the culprit is probably in the rest. */
function partUnderTest(situation: Situation, members: readonly number[]): number {
  let best = 0;
  for (const test of situation.running) {
    if (!mayLand(test)) continue;
    const contained = new Set(test.members);
    const shared = members.findIndex((index) => !contained.has(index));
    if (shared > best) best = shared;
  }
  return best;
}

/**
 * Takes out of the ready entries what failed together. What remains of a failed test is a beginning of it: the one
 * that runs already, or its first half; then its quarters are started too, so that one CI run finds the culprit's.
 */
function avoidFailures(situation: Situation, ready: ReadonlySet<number>): Set<number> {
  let set: Set<number> = new Set(ready);
  for (let members = findObstacle(situation, set); members; members = findObstacle(situation, set)) {
    const running = partUnderTest(situation, members);
    const keep = running > 0 ? running : members.length >> 1;
    if (running === 0) {
      for (const quarters of [1, 3]) {
        const cut = Math.round((members.length * quarters) / 4);
        if (cut < 1 || cut >= members.length || cut === keep || situation.free < 2) continue;
        start(situation, without(situation, set, members.slice(cut)), 'bisect');
      }
    }
    set = without(situation, set, members.slice(keep));
  }
  return set;
}

/** Untested entries that are in a running build: a later car may build on them. */
function underTest(situation: Situation): Set<number> {
  return new Set(
    [...situation.covered, ...situation.watched].filter(
      (index) => situation.held[index] === null && badOdds(situation, index) < suspicion,
    ),
  );
}

function startCar(situation: Situation, ready: ReadonlySet<number>): void {
  const { line, tuning } = situation;
  const boarders = [...ready].filter((index) => !situation.covered.has(index));
  if (boarders.length === 0 || situation.free < 1) return;
  if (line.snapshot.at < lastDeparture(situation) + carInterval(situation)) return;
  const all = new Set(ready);
  for (const index of underTest(situation)) if (situation.covered.has(index)) addStack(line, index, all);
  const car = passOdds(situation, all) >= tuning.mix ? all : safePart(situation, ready);
  if (boarders.some((index) => car.has(index))) start(situation, car, 'train');
}

/** The first of them, as many as will probably pass together. */
function safePart(situation: Situation, ready: ReadonlySet<number>): Set<number> {
  const part = new Set<number>();
  let good = 1 - situation.odds.estimates.flake;
  for (const index of [...ready].sort((a, b) => a - b)) {
    good *= 1 - badOdds(situation, index);
    if (part.size > 0 && good < situation.tuning.cover) break;
    part.add(index);
  }
  return part;
}

/** Suspects are tested on their own, so that the verdict is theirs alone. */
function startRetests(situation: Situation, waiting: readonly number[]): void {
  for (const index of waiting) {
    if (situation.free < 1) return;
    if (badOdds(situation, index) < suspicion) continue;
    const set = new Set<number>();
    addStack(situation.line, index, set);
    start(situation, set, 'retest');
  }
}

interface Groups {
  /** Joint odds that a group's new members are good, at least. */
  readonly odds: number;
  readonly size: number;
}

/** Takes the next group off `waiting`: as many as the odds and the size allow, at least one. */
function takeGroup(situation: Situation, waiting: number[], groups: Groups): number[] {
  const group: number[] = [];
  let good = 1;
  for (const index of waiting) {
    const next = good * (1 - badOdds(situation, index));
    if (group.length > 0 && (next < groups.odds || group.length >= groups.size)) break;
    group.push(index);
    good = next;
  }
  waiting.splice(0, group.length);
  return group;
}

/** The good entries before it that share paths with it: their sum is what will land. */
function addContext(situation: Situation, index: number, ready: ReadonlySet<number>, set: Set<number>): void {
  for (const id of situation.line.entries[index]?.overlaps ?? []) {
    const other = situation.line.indexOf.get(id);
    if (other !== undefined && other < index && ready.has(other)) addStack(situation.line, other, set);
  }
  addStack(situation.line, index, set);
}

function startScreens(
  situation: Situation,
  untested: number[],
  ready: ReadonlySet<number>,
  boarding: ReadonlySet<number>,
): void {
  const { tuning, line } = situation;
  const { batch } = line.snapshot.policy;
  while (untested.length > 0 && situation.free >= 1) {
    const isCrowded = untested.length > situation.free;
    const size = isCrowded ? Math.min(batch, Math.ceil(untested.length / situation.free)) : batch;
    const odds = isCrowded ? tuning.crowdedGroup : tuning.group;
    const group = takeGroup(situation, untested, { odds, size });
    const candidate = new Set([...underTest(situation), ...boarding]);
    for (const index of group) addStack(line, index, candidate);
    if (passOdds(situation, candidate) >= tuning.fresh) {
      start(situation, candidate, 'train');
      continue;
    }
    if (!isCrowded) untested.unshift(...group.splice(1));
    const set = new Set<number>();
    for (const index of group) addContext(situation, index, ready, set);
    start(situation, set, group.some((index) => isTainted(situation, index)) ? 'bisect' : 'screen');
  }
}

function isTainted({ odds }: Situation, index: number): boolean {
  return odds.failures.some(({ members }) => members.includes(index));
}

export function planStarts(situation: Situation): void {
  const ready = findReady(situation);
  const boarding = avoidFailures(situation, ready);
  startCar(situation, boarding);
  const waiting = indicesWhere(
    situation,
    (index) =>
      situation.held[index] === null &&
      !ready.has(index) &&
      !situation.covered.has(index) &&
      !situation.watched.has(index),
  );
  startRetests(situation, waiting);
  const untested = waiting.filter((index) => badOdds(situation, index) < suspicion);
  startScreens(situation, untested, ready, boarding);
}

/** One entry after the other, each on the base as it is. */
export function planSerial(situation: Situation): void {
  if (situation.running.length > 0 || situation.free < 1) return;
  const first = situation.held.indexOf(null);
  if (first < 0) return;
  const set = new Set<number>();
  addStack(situation.line, first, set);
  start(situation, set, badOdds(situation, first) >= suspicion ? 'retest' : 'train');
}
