/** Which builds to start: cars of the train, tests of suspects, and screens, in this order. */
import { addStack } from './line.ts';
import {
  badOdds,
  idsOf,
  isOpen,
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

/** Ready entries, without the later half of a failed test's members as long as all of them are in. */
function boardable(situation: Situation): Set<number> {
  const { odds, tuning } = situation;
  const set = new Set<number>();
  for (const index of indicesWhere(situation, (one) => isReady(situation, one))) {
    const needs = situation.line.needs[index] ?? [];
    if (needs.every((need) => set.has(need))) set.add(index);
  }
  for (const { members } of odds.failures) {
    if (members.length < 2 || !members.every((index) => set.has(index))) continue;
    if (odds.joint(new Set(members)) >= tuning.cover) continue;
    const ordered = [...members].sort((a, b) => a - b);
    for (const index of ordered.slice(ordered.length >> 1)) removeWithDependants(situation, index, set);
  }
  return set;
}

function removeWithDependants(situation: Situation, index: number, set: Set<number>): void {
  if (!set.delete(index)) return;
  for (const other of [...set]) {
    if (situation.line.needs[other]?.includes(index)) removeWithDependants(situation, other, set);
  }
}

/** What the next car builds on: the candidates on their way, as far as they will probably land. */
function onTheirWay(situation: Situation): Set<number> {
  return new Set([...situation.covered].filter((index) => situation.held[index] === null));
}

function startCar(situation: Situation, ready: ReadonlySet<number>): void {
  const { line, tuning } = situation;
  const boarders = [...ready].filter((index) => !situation.covered.has(index));
  if (boarders.length === 0 || situation.free < 1) return;
  const isDue = line.snapshot.at >= lastDeparture(situation) + carInterval(situation);
  if (!isDue && boarders.length < tuning.carSize) return;
  const all = new Set([...onTheirWay(situation), ...ready]);
  start(situation, passOdds(situation, all) >= tuning.cover ? all : ready, 'train');
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

function startScreens(situation: Situation, untested: number[], ready: ReadonlySet<number>): void {
  const { tuning, line } = situation;
  const { batch } = line.snapshot.policy;
  while (untested.length > 0 && situation.free >= 1) {
    const isCrowded = untested.length > situation.free;
    const size = isCrowded ? Math.min(batch, Math.ceil(untested.length / situation.free)) : batch;
    const odds = isCrowded ? tuning.crowdedGroup : tuning.group;
    const group = takeGroup(situation, untested, { odds, size });
    const candidate = new Set([...onTheirWay(situation), ...ready]);
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
  const ready = boardable(situation);
  startCar(situation, ready);
  const waiting = indicesWhere(
    situation,
    (index) =>
      situation.held[index] === null &&
      !ready.has(index) &&
      !situation.covered.has(index) &&
      !situation.watched.has(index),
  );
  startRetests(situation, waiting);
  const untested = waiting.filter(
    (index) => badOdds(situation, index) < suspicion && (isOpen(situation, index) || !ready.has(index)),
  );
  startScreens(situation, untested, ready);
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
