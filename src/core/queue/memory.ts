/**
 * What the queue learns from its own events. Part of the fold: replaying the journal learns the same again. It only
 * looks at open builds and queued entries, which every snapshot holds in full.
 */
import type { Build, Count, QueueHistory, QueueMemory } from '../lane/queue-state.ts';
import type { LaneState } from '../lane/state.ts';
import { isOpen } from './build-state.ts';
import { overlapsOf } from './overlaps.ts';

const none: Count = { chances: 0, events: 0 };

export const emptyMemory: QueueMemory = {
  from: 0,
  steps: [],
  history: {
    groups: {},
    flakes: none,
    overlapping: none,
    disjoint: none,
    durations: [],
    arrivals: [],
    stays: [],
  },
};

/** Runs of CI whose duration is remembered. */
const mostDurations = 50;
/** The same for arrivals, and for the stays of entries that landed. */
const mostArrivals = 20;
const mostStays = 100;
/** Groups that are told apart; what comes beyond is counted under one name. */
const mostGroups = 40;
/** A count that has seen this many chances forgets half, so that the lane's recent past weighs more. */
const longMemory = 2_000;
/** Steps of the base branch that are remembered at most. */
const mostSteps = 500;

function add(count: Count | undefined, chances: number, events: number): Count {
  const next = { chances: (count?.chances ?? 0) + chances, events: (count?.events ?? 0) + events };
  return next.chances < longMemory ? next : { chances: next.chances / 2, events: next.events / 2 };
}

function addToGroup(history: QueueHistory, group: string, events: number): QueueHistory {
  const { groups } = history;
  const isKnown = Object.hasOwn(groups, group);
  const name = isKnown || Object.keys(groups).length < mostGroups ? group : 'other';
  return { ...history, groups: { ...groups, [name]: add(groups[name], 1, events) } };
}

/** The position of the base branch: how many steps it has made since the queue began to count. */
export function positionOf({ queue }: Pick<LaneState, 'queue'>): number {
  return queue.from + queue.steps.length;
}

function changeHistory(state: LaneState, change: (history: QueueHistory) => QueueHistory): LaneState {
  return { ...state, queue: { ...state.queue, history: change(state.queue.history) } };
}

function openBuilds(state: LaneState): Build[] {
  return Object.values(state.builds).filter((build) => build.open && build.purpose !== 'try');
}

const hasPassed = ({ state }: Build): boolean =>
  state === 'passed' || state === 'landing' || state === 'landed';

const holds = (build: Build, order: number): boolean => build.entries.some((entry) => entry.order === order);

/** The first build that proved the entry good: a later failure is no longer its own alone. */
function firstProof(state: LaneState, order: number): Build | null {
  const proofs = openBuilds(state).filter((build) => hasPassed(build) && holds(build, order));
  const byEnd = (a: Build, b: Build) =>
    Date.parse(a.endedAt ?? a.startedAt) - Date.parse(b.endedAt ?? b.startedAt) || a.number - b.number;
  return proofs.sort(byEnd)[0] ?? null;
}

/** What landed between an entry's first proof and now, and whether it was the entry's undoing. */
function countCompany(state: LaneState, issue: number, proof: Build, events: number): LaneState {
  const { entry } = state.tasks[issue] ?? {};
  if (!entry) return state;
  const { from, steps } = state.queue;
  const contained = new Set(proof.entries.map(({ order }) => order));
  const since = steps
    .slice(Math.max(0, proof.base - from))
    .filter(({ order }) => order !== null && order !== entry.order && !contained.has(order));
  const near = overlapsOf(entry.paths, since).length;
  return changeHistory(state, (history) => ({
    ...history,
    overlapping: add(history.overlapping, near, near > 0 ? events : 0),
    disjoint: add(history.disjoint, since.length - near, near > 0 ? 0 : events),
  }));
}

/** An entry has come. */
export function learnArrival(state: LaneState, at: string): LaneState {
  return changeHistory(state, (history) => ({
    ...history,
    arrivals: [...history.arrivals, Date.parse(at)].slice(-mostArrivals),
  }));
}

/** An entry landed well. Call it before the entry leaves. */
function learnLanding(state: LaneState, issue: number, at: string): LaneState {
  const { entry } = state.tasks[issue] ?? {};
  if (!entry) return state;
  const proof = firstProof(state, entry.order);
  const counted = proof ? countCompany(state, issue, proof, 0) : state;
  const stay = Math.max(0, Date.parse(at) - Date.parse(entry.enteredAt));
  return changeHistory(counted, (history) => ({
    ...addToGroup(history, entry.group, 0),
    stays: [...history.stays, stay].slice(-mostStays),
  }));
}

/** The planner has blamed it. Call it before the entry leaves. */
export function learnEjection(state: LaneState, issue: number): LaneState {
  const { entry } = state.tasks[issue] ?? {};
  if (!entry) return state;
  const proof = firstProof(state, entry.order);
  if (proof) return countCompany(state, issue, proof, 1);
  return changeHistory(state, (history) => addToGroup(history, entry.group, 1));
}

/** A run of CI ended by itself. */
export function learnDuration(state: LaneState, build: Build, at: string): LaneState {
  const took = Math.max(0, Date.parse(at) - Date.parse(build.startedAt));
  return changeHistory(state, (history) => ({
    ...history,
    durations: [...history.durations, took].slice(-mostDurations),
  }));
}

/** A push from outside. */
export function stepOutside(state: LaneState): LaneState {
  const { queue } = state;
  return { ...state, queue: { ...queue, steps: [...queue.steps, { order: null, paths: [] }] } };
}

/** Entries that have landed, in their order. Call it before they leave. */
export function stepLanding(state: LaneState, issues: readonly number[], at: string): LaneState {
  return issues.reduce((next, issue) => {
    const { entry } = next.tasks[issue] ?? {};
    const learned = learnLanding(next, issue, at);
    const step = { order: entry?.order ?? null, paths: entry?.paths ?? [] };
    return { ...learned, queue: { ...learned.queue, steps: [...learned.queue.steps, step] } };
  }, state);
}

/** Everything in it has landed, so that its tree was good: had it failed, it flaked. */
function learnFlake(state: LaneState, build: Build): LaneState {
  const isVerdict = hasPassed(build) || build.state === 'failed';
  const { from, steps } = state.queue;
  const landed = new Set(steps.slice(Math.max(0, build.base - from)).map(({ order }) => order));
  if (!isVerdict || !build.entries.every(({ order }) => order !== undefined && landed.has(order)))
    return state;
  return changeHistory(state, (history) => ({
    ...history,
    flakes: add(history.flakes, 1, build.state === 'failed' ? 1 : 0),
  }));
}

/** Closes what says nothing any more, and forgets the steps of the base that no open build goes back to. */
export function settleMemory(state: LaneState): LaneState {
  const closing = Object.values(state.builds).filter((build) => build.open && !isOpen(state, build));
  const counted = closing.filter(({ purpose }) => purpose !== 'try').reduce(learnFlake, state);
  const closed = closing.map((build) => [build.number, { ...build, open: false }]);
  const builds: LaneState['builds'] = { ...counted.builds, ...Object.fromEntries(closed) };
  const next = closing.length > 0 ? { ...counted, builds } : counted;
  const position = positionOf(next);
  const bases = openBuilds(next).map(({ base }) => base);
  const from = Math.max(next.queue.from, Math.min(position, ...bases), position - mostSteps);
  if (from === next.queue.from) return next;
  return { ...next, queue: { ...next.queue, from, steps: next.queue.steps.slice(from - next.queue.from) } };
}
