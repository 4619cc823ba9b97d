/** Snapshots of a queue for tests, with everything that a test does not speak of left quiet. */
import { planQueue } from '../../../src/core/queue/planner.ts';
import type {
  BuildOutcome,
  BuildPurpose,
  LaneHistory,
  QueueAction,
  QueueBuild,
  QueueEntry,
  QueuePolicy,
  QueueSnapshot,
  Wait,
} from '../../../src/core/queue/snapshot.ts';

export const minute = 60_000;

export const quietHistory: LaneHistory = {
  groups: new Map([['a', { chances: 1_000, events: 100 }]]),
  flakes: { chances: 10_000, events: 100 },
  overlapping: { chances: 1_000, events: 40 },
  disjoint: { chances: 1_000_000, events: 20 },
  arrivals: [],
  durations: [10 * minute],
};

export const strictPolicy: QueuePolicy = {
  mode: 'strict',
  builds: Number.POSITIVE_INFINITY,
  retries: 3,
  batch: 40,
  starvation: 100,
};

export function entry(id: number, more: Partial<QueueEntry> = {}): QueueEntry {
  return {
    id,
    rank: id,
    priority: 0,
    enteredAt: 0,
    enteredBase: 0,
    prerequisites: [],
    overlaps: [],
    conflicts: [],
    group: 'a',
    predicted: null,
    ownCi: null,
    ...more,
  };
}

let builds = 0;

export function build(
  set: readonly number[],
  outcome: BuildOutcome,
  more: { base?: number; purpose?: BuildPurpose; id?: string; startedAt?: number } = {},
): QueueBuild {
  return { id: `b${builds++}`, base: 0, set, purpose: 'screen', outcome, startedAt: 0, ...more };
}

export function scene(entries: readonly QueueEntry[], more: Partial<QueueSnapshot> = {}): QueueSnapshot {
  return {
    at: 60 * minute,
    landedFrom: 0,
    landed: [],
    entries,
    builds: [],
    policy: strictPolicy,
    history: quietHistory,
    frozen: false,
    ...more,
  };
}

export function actionsOf(snapshot: QueueSnapshot): readonly QueueAction[] {
  return planQueue(snapshot).actions;
}

/** The sets of the builds that a plan starts. */
export function startsOf(snapshot: QueueSnapshot): (readonly number[])[] {
  return actionsOf(snapshot).flatMap((action) => (action.do === 'start' ? [action.set] : []));
}

export function waitOf(snapshot: QueueSnapshot, id: number): Wait | undefined {
  return planQueue(snapshot).waits.find((one) => one.entry === id)?.wait;
}
