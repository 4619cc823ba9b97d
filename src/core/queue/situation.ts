/** What stands when a plan is made: who may be served, what runs, who is covered by it, and which runners are free. */
import { type Line, mayLand, readLine, type Test } from './line.ts';
import { type Odds, weigh } from './odds.ts';
import type { BuildPurpose, EntryId, QueueAction, QueueSnapshot, Wait } from './snapshot.ts';
import type { Tuning } from './tuning.ts';

export interface Situation {
  readonly line: Line;
  readonly odds: Odds;
  readonly tuning: Tuning;
  /** Per index: why it can be in no candidate yet, or null. */
  readonly held: readonly (Wait | null)[];
  /** Builds that run, the cancelled ones of this plan left out. */
  readonly running: Test[];
  /** In a running candidate that may land and probably will. */
  readonly covered: Set<number>;
  /** A running build will say something about it. */
  readonly watched: Set<number>;
  free: number;
  readonly actions: QueueAction[];
}

/** From this on an entry is suspected rather than untested: it is tested on its own, and dependants wait for it. */
export const suspicion = 0.5;
/** A run says something about a member while the rest of it is good with at least these odds. */
const clarity = 0.3;

export function badOdds(situation: Pick<Situation, 'odds'>, index: number): number {
  return situation.odds.bad[index] ?? 1;
}

/**
 * Those before a suspect with which it failed though it passed without them. Only when they have landed, or have left,
 * does a test of its own say more of it.
 */
function findCompany(odds: Odds, index: number, held: readonly (Wait | null)[]): number[] {
  const proof = odds.proof[index];
  if (!proof || (odds.bad[index] ?? 1) < suspicion) return [];
  const company = odds.failures
    .filter(({ members }) => members.includes(index))
    .flatMap(({ members }) => members.filter((other) => other < index && !proof.members.includes(other)));
  return [...new Set(company)].filter((other) => held[other] === null && (odds.bad[other] ?? 1) < suspicion);
}

/**
 * Entries that wait for something outside of the queue, for a conflicting entry before them, for a suspect, or for
 * one that is tested alone.
 */
function findHeld(line: Line, odds: Odds): (Wait | null)[] {
  const held: (Wait | null)[] = [];
  /** Those before the present one that are to be served, and the last of them that is tested alone. */
  const ahead: EntryId[] = [];
  let barrier: EntryId | null = null;
  for (const [index, entry] of line.entries.entries()) {
    const absent = line.absent[index] ?? [];
    const conflicting = entry.conflicts.filter((id) => {
      const other = line.indexOf.get(id);
      return other !== undefined && other < index && !isAbsent(held[other]);
    });
    // The verdict on a suspect must be its own: what it needs lands first.
    const isSuspect = (odds.bad[index] ?? 1) >= suspicion;
    const blocking = (line.needs[index] ?? []).filter(
      (need) => isSuspect || need >= index || held[need] || (odds.bad[need] ?? 1) >= suspicion,
    );
    const isAlone = entry.alone === true;
    if (absent.length > 0) held.push({ for: 'prerequisite', entries: absent });
    else if (barrier !== null) held.push({ for: 'alone', entries: [barrier] });
    else if (isAlone && ahead.length > 0) held.push({ for: 'alone', entries: [...ahead] });
    else if (conflicting.length > 0) held.push({ for: 'conflict', entries: conflicting });
    else if (blocking.length > 0) held.push({ for: 'prerequisite', entries: idsOf(line, blocking) });
    else {
      const company = findCompany(odds, index, held);
      held.push(company.length > 0 ? { for: 'company', entries: idsOf(line, company) } : null);
    }
    if (isAbsent(held[index])) continue;
    ahead.push(entry.id);
    if (isAlone) barrier = entry.id;
  }
  return held;
}

const isAbsent = (wait: Wait | null | undefined): boolean => wait?.for === 'prerequisite';

export function idsOf(line: Line, indices: Iterable<number>): EntryId[] {
  return [...indices].flatMap((index) => line.entries[index]?.id ?? []);
}

export function passOdds({ odds }: Pick<Situation, 'odds'>, members: Iterable<number>): number {
  const candidate = odds.candidate();
  for (const index of members) candidate.add(index);
  return (1 - odds.estimates.flake) * candidate.plain * candidate.spared;
}

/** Still to be found out: never tested with success, or not any more. */
export function isOpen({ odds, tuning }: Situation, index: number): boolean {
  return !odds.proof[index] || (odds.bad[index] ?? 1) > tuning.board;
}

/** Known well enough to board the train. */
export function isReady(situation: Situation, index: number): boolean {
  return situation.held[index] === null && !isOpen(situation, index);
}

/** The members about which this run will say something. */
export function clearMembers({ odds }: Pick<Situation, 'odds'>, members: readonly number[]): number[] {
  const good = members.map((index) => 1 - (odds.bad[index] ?? 1));
  const sure = good.filter((one) => one < 1e-6).length;
  const all = good.reduce((product, one) => (one < 1e-6 ? product : product * one), 1);
  return members.filter((_, k) => {
    const own = good[k] ?? 1;
    const rest = own < 1e-6 ? (sure > 1 ? 0 : all) : sure > 0 ? 0 : all / own;
    return rest >= clarity;
  });
}

/** Counts a build as running: what is planned after it knows of it. */
export function noteRunning(
  situation: Situation,
  members: readonly number[],
  mightLand: boolean,
  purpose: BuildPurpose,
): void {
  const odds = mightLand ? passOdds(situation, members) : 0;
  for (const index of members) {
    const { cover, coverUntested } = situation.tuning;
    const least = isOpen(situation, index) ? coverUntested : purpose === 'train' ? cover : 1;
    if (odds >= least) situation.covered.add(index);
  }
  for (const index of clearMembers(situation, members)) situation.watched.add(index);
}

/**
 * Keeps the running builds from which a decision can still come: candidates that may land, and tests of somebody of
 * whom too little is known. The rest is cancelled.
 */
function sortRunning(situation: Situation): void {
  const { line, tuning } = situation;
  const running = line.tests
    .filter(({ build }) => build.outcome === 'running')
    .sort((a, b) => a.build.startedAt - b.build.startedAt);
  const keep = (test: Test): void => {
    situation.running.push(test);
    noteRunning(situation, test.members, mayLand(test), test.build.purpose);
  };
  if (line.snapshot.frozen) {
    // What passed waits for the thaw; it is not tested again.
    for (const test of line.tests) {
      if (test.build.outcome === 'passed' && mayLand(test)) {
        for (const index of test.members) situation.covered.add(index);
      }
    }
  }
  // Of several runs that say the same the oldest is the next to say it.
  const said = new Set<number>();
  for (const test of running) {
    const isHopeful = mayLand(test) && passOdds(situation, test.members) >= tuning.hopeless;
    const clear = test.hasLeaver ? [] : clearMembers(situation, test.members);
    const says = clear.some((index) => isOpen(situation, index) && !said.has(index));
    if (isHopeful || says) {
      keep(test);
      for (const index of clear) said.add(index);
    } else {
      const why = test.members.length === 0 ? 'decided' : 'hopeless';
      situation.actions.push({ do: 'cancel', build: test.build.id, why });
    }
  }
  situation.free = line.snapshot.policy.builds - situation.running.length;
}

export function readSituation(snapshot: QueueSnapshot, tuning: Tuning): Situation {
  const line = readLine(snapshot);
  const odds = weigh(line);
  const situation: Situation = {
    line,
    odds,
    tuning,
    held: findHeld(line, odds),
    running: [],
    covered: new Set(),
    watched: new Set(),
    free: 0,
    actions: [],
  };
  sortRunning(situation);
  return situation;
}
