/** Which builds to start: cars of the train, tests of suspects, and screens, in this order. */
import { addStack, mayLand } from './line.ts';
import {
  badOdds,
  clearMembers,
  idsOf,
  isReady,
  noteRunning,
  passOdds,
  type Situation,
  suspicion,
} from './situation.ts';
import type { BuildPurpose } from './snapshot.ts';

function start(situation: Situation, members: ReadonlySet<number>, purpose: BuildPurpose): void {
  const { line, actions } = situation;
  const ordered = [...members].sort((a, b) => a - b);
  actions.push({ do: 'start', base: line.base, set: idsOf(line, ordered), purpose });
  noteRunning(situation, ordered, true, purpose);
  situation.free -= 1;
}

function indicesWhere(situation: Situation, holds: (index: number) => boolean): number[] {
  return situation.line.entries.flatMap((_, index) => (holds(index) ? [index] : []));
}

/** Milliseconds between two cars: many are affordable while runners are free, few when they are scarce. */
export function carInterval(situation: Situation): number {
  const { odds } = situation;
  return odds.estimates.duration / affordableCars(situation);
}

/** Cars that may be on their way at one time. */
function affordableCars({ line, tuning }: Situation): number {
  return Math.min(tuning.cars, Math.max(1, line.snapshot.policy.builds * tuning.carShare));
}

/** Of the cars that are on their way. */
export function lastDeparture({ running }: Situation): number {
  return running.reduce(
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

/**
 * As many of these, in their order, as pass together with good odds. Of entries that failed together only the first
 * are taken, so that the train goes on with them while the rest is looked into.
 */
function likelyPart(situation: Situation, ordered: readonly number[], doubt: number): Set<number> {
  const { line, tuning, odds } = situation;
  const candidate = odds.candidate();
  for (const index of ordered) {
    const needs = line.needs[index] ?? [];
    if (!needs.every((need) => candidate.members.has(need))) continue;
    if (candidate.plain * (1 - badOdds(situation, index)) < tuning.cover && candidate.members.size > 0) break;
    if (candidate.sparedWith(index) >= doubt) candidate.add(index);
  }
  return new Set(candidate.members);
}

/** Shares of the suspicion that the beginnings in a search leave out. */
const beginnings = [0.875, 0.75, 0.625, 0.5, 0.375, 0.25];

/** Looks for the culprit among entries that failed together, with shorter and longer beginnings at one time. */
function startSearch(situation: Situation, ready: ReadonlySet<number>): void {
  for (const { members } of situation.odds.failures) {
    const ordered = members.filter((index) => ready.has(index)).sort((a, b) => a - b);
    if (ordered.length < 2) continue;
    const parts = new Map<number, ReadonlySet<number>>();
    for (const share of beginnings) {
      const part = likelyPart(situation, ordered, share);
      if (part.size > 0 && part.size < members.length) parts.set(part.size, part);
    }
    for (const part of parts.values()) if (situation.free >= 2) startOnce(situation, part, 'bisect');
    return;
  }
}

/** Starts a candidate unless the same one runs, or starts already. */
function startOnce(situation: Situation, members: ReadonlySet<number>, purpose: BuildPurpose): void {
  const ids = idsOf(situation.line, members);
  const isSame = (set: readonly number[]) => set.length === ids.length && ids.every((id) => set.includes(id));
  const isRunning = situation.running.some(
    (test) => mayLand(test) && isSame(idsOf(situation.line, test.members)),
  );
  const isStarting = situation.actions.some((action) => action.do === 'start' && isSame(action.set));
  if (!isRunning && !isStarting) start(situation, members, purpose);
}

/**
 * Whether it may be in a car before it has been screened. Should it be bad, those that come during one run of CI are
 * held up: with more of them only safer entries ride. An own CI that passed lately makes an entry one of those.
 */
function mayRide({ held, odds, tuning }: Situation, index: number): boolean {
  const risk = odds.bad[index] ?? 1;
  return held[index] === null && risk < suspicion && risk * odds.estimates.arrivals <= tuning.ride;
}

/** Untested entries that are in a running build: a later car may build on them. */
function underTest(situation: Situation): number[] {
  return [...new Set([...situation.covered, ...situation.watched])].filter((index) =>
    mayRide(situation, index),
  );
}

/** The next car: all that is ready, on what is on its way. */
function startCar(situation: Situation, ready: ReadonlySet<number>): void {
  const { line, tuning, covered } = situation;
  const isNew = (index: number) => !covered.has(index);
  if (situation.free < 1 || ![...ready].some(isNew)) return;
  if (line.snapshot.at < lastDeparture(situation) + carInterval(situation)) return;
  const mixed = new Set(ready);
  for (const index of underTest(situation)) if (covered.has(index)) addStack(line, index, mixed);
  const all = passOdds(situation, mixed) >= tuning.mix ? mixed : trainOf(situation, ready);
  const boarders = [...all].filter(isNew);
  const car = new Set<number>();
  for (const index of all) if (!isNew(index)) addStack(line, index, car);
  // Affordable cars of a few boarders each: should one fail, the culprit is among a few.
  const cars = Math.max(1, Math.min(Math.ceil(boarders.length / tuning.carSize), affordableCars(situation)));
  const size = Math.ceil(boarders.length / cars);
  for (let from = 0; from < boarders.length && situation.free >= 1; from += size) {
    for (const index of boarders.slice(from, from + size)) addStack(line, index, car);
    if (passOdds(situation, car) >= tuning.hopeless) start(situation, car, 'train');
  }
}

/** Those that are on their way come first: what lands before a car must be in it. */
function trainOf(situation: Situation, ready: ReadonlySet<number>): Set<number> {
  const inOrder = [...ready].sort((a, b) => a - b);
  const isOnItsWay = (index: number) => situation.covered.has(index);
  const ordered = [...inOrder.filter(isOnItsWay), ...inOrder.filter((index) => !isOnItsWay(index))];
  return likelyPart(situation, ordered, situation.tuning.doubt);
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

/** The entries before it that share paths with it and are probably good: their sum is what will land. */
function addContext(situation: Situation, index: number, set: Set<number>): void {
  const { line, held, tuning } = situation;
  let good = 1;
  for (const id of line.entries[index]?.overlaps ?? []) {
    const other = line.indexOf.get(id);
    if (other === undefined || other >= index || held[other] !== null) continue;
    const next = good * (1 - badOdds(situation, other));
    if (next < suspicion || badOdds(situation, other) > tuning.context) continue;
    good = next;
    addStack(line, other, set);
  }
  addStack(line, index, set);
}

/** Fewer builds than would test all that wait and all that come. */
function isScarce({ line, free, odds, tuning }: Situation, untested: readonly number[]): boolean {
  return untested.length > free || line.snapshot.policy.builds < tuning.scarce * odds.estimates.arrivals;
}

function startScreens(situation: Situation, untested: number[], boarding: ReadonlySet<number>): void {
  const { tuning, line } = situation;
  const { batch } = line.snapshot.policy;
  while (untested.length > 0 && situation.free >= 1) {
    const isCrowded = isScarce(situation, untested);
    const size = isCrowded ? Math.min(batch, Math.ceil(untested.length / situation.free)) : batch;
    const odds = isCrowded ? tuning.crowdedGroup : tuning.group;
    const group = takeGroup(situation, untested, { odds, size });
    const ahead = new Set(boarding);
    for (const index of underTest(situation)) addStack(line, index, ahead);
    const stacks = new Set<number>();
    for (const index of group) addStack(line, index, stacks);
    const ordered = [...new Set([...[...ahead].sort((a, b) => a - b), ...stacks])];
    const candidate = likelyPart(situation, ordered, tuning.doubt);
    const isAboard = group.every((index) => candidate.has(index));
    const isRiding = isCrowded || group.every((index) => mayRide(situation, index));
    const fresh = isCrowded ? tuning.crowdedFresh : tuning.fresh;
    if (isRiding && isAboard && passOdds(situation, candidate) >= fresh) {
      start(situation, candidate, 'train');
      continue;
    }
    const set = new Set<number>();
    for (const index of group) addContext(situation, index, set);
    const clear = clearMembers(situation, [...set]);
    if (!group.some((index) => clear.includes(index))) continue;
    start(situation, set, group.some((index) => isTainted(situation, index)) ? 'bisect' : 'screen');
  }
}

function isTainted({ odds }: Situation, index: number): boolean {
  return odds.failures.some(({ members }) => members.includes(index));
}

/**
 * When builds are scarce, one part of what failed together is tested at a time: should it fail too, the rest is
 * cleared without a build of its own.
 */
function oneAtATime(situation: Situation, waiting: readonly number[]): number[] {
  const { odds, watched, tuning } = situation;
  if (waiting.length <= situation.free) return [...waiting];
  const left = new Set(waiting);
  const chosen = new Set<number>();
  const bySize = [...odds.failures].sort((a, b) => a.members.length - b.members.length);
  for (const { members } of bySize) {
    const open = members.filter((index) => left.has(index) && !chosen.has(index)).sort((a, b) => a - b);
    if (members.length < 2 || open.length === 0) continue;
    const isUnderTest = members.some((index) => watched.has(index) || chosen.has(index));
    const part = isUnderTest ? new Set<number>() : likelyPart(situation, open, tuning.doubt);
    for (const [n, index] of open.entries()) {
      const isFirst = n === 0 && !isUnderTest;
      if (isFirst || part.has(index)) chosen.add(index);
      else left.delete(index);
    }
  }
  return waiting.filter((index) => left.has(index));
}

export function planStarts(situation: Situation): void {
  const ready = findReady(situation);
  const waiting = indicesWhere(
    situation,
    (index) =>
      situation.held[index] === null &&
      !ready.has(index) &&
      !situation.covered.has(index) &&
      !situation.watched.has(index),
  );
  const chosen = oneAtATime(situation, waiting);
  const untested = chosen.filter((index) => badOdds(situation, index) < suspicion);
  // With few builds a run is too dear for a few known entries alone: untested ones ride along.
  const boarders = [...ready].filter((index) => !situation.covered.has(index));
  const isCrowded = isScarce(situation, untested);
  if (!isCrowded || boarders.length >= situation.tuning.worth) startCar(situation, ready);
  startSearch(situation, ready);
  startRetests(situation, chosen);
  const boarding = trainOf(situation, ready);
  startScreens(situation, untested, boarding);
  startCar(situation, ready);
  startSomething(situation);
}

/** The odds may speak against every candidate at once; then the first entry is tested on its own, so that they move. */
function startSomething(situation: Situation): void {
  const { line, running, actions } = situation;
  if (running.length > 0 || actions.some((action) => action.do === 'start') || situation.free < 1) return;
  if (line.snapshot.at < lastDeparture(situation) + carInterval(situation)) return;
  const first = situation.held.findIndex((wait, index) => wait === null && !situation.covered.has(index));
  if (first < 0) return;
  const set = new Set<number>();
  addStack(line, first, set);
  start(situation, set, 'retest');
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
