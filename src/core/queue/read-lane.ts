/** The lane as the planner sees it: its `QueueSnapshot`, made of entries, open builds, the base's steps and the history. */
import { gateIsOpen } from '../gate/gate.ts';
import type { Build } from '../lane/queue-state.ts';
import type { LaneState, Task } from '../lane/state.ts';
import { compilePatterns } from '../task/patterns.ts';
import { isWantedAlone } from '../task/routing.ts';
import { isActive } from './build-state.ts';
import { isQueued, levelOf, prerequisitesInQueue, type Queued } from './order.ts';
import { overlapTable } from './overlaps.ts';
import type { BuildOutcome, QueueBuild, QueueEntry, QueueSnapshot } from './snapshot.ts';
import { closureOf } from './windows.ts';

const outcomes: Record<Build['state'], BuildOutcome | null> = {
  preparing: 'running',
  testing: 'running',
  passed: 'passed',
  landing: 'passed',
  landed: 'passed',
  failed: 'failed',
  interrupted: 'interrupted',
  abandoned: null,
};

/** No entry has this number: a candidate that contains it can never land. */
const nobody = -1;

/** Entries that may be built now: those whose gate holds. The others keep their place and what is known of them. */
export function servedEntries(state: LaneState): Queued[] {
  return Object.values(state.tasks)
    .filter(isQueued)
    .filter((task) => gateIsOpen(task, state));
}

/** Whether the base may move to this candidate: its commits go on from the commit that the base is at now. */
export function goesOnFromBase({ baseSha }: LaneState, build: Build): boolean {
  return build.baseSha === baseSha || build.steps.includes(baseSha ?? '');
}

/** While its candidate is being made, nobody knows yet which commits it will have. */
function isOffTrack(state: LaneState, build: Build): boolean {
  return build.state !== 'preparing' && !goesOnFromBase(state, build);
}

function readBuild(state: LaneState, build: Build): QueueBuild[] {
  const outcome = outcomes[build.state];
  if (!build.open || build.purpose === 'try' || outcome === null) return [];
  const set = build.entries.map(({ order }) => order ?? nobody);
  // By its set it could land, yet git would have to merge it once more: then it would not be the tested commit.
  const isFresh = isOnFreshBase(state, build) && isOffTrack(state, build);
  return [
    {
      id: String(build.number),
      base: build.base,
      set: isFresh && state.policy.queue.policy !== 'trust-ownership' ? [...set, nobody] : set,
      purpose: build.purpose,
      outcome,
      startedAt: Date.parse(build.startedAt),
    },
  ];
}

/** Whether everything that landed since the build's base is in it. */
function isOnFreshBase({ queue }: LaneState, build: Build): boolean {
  const set = new Set(build.entries.map(({ order }) => order));
  return queue.steps
    .slice(Math.max(0, build.base - queue.from))
    .every(({ order }) => order !== null && set.has(order));
}

function readEntry(
  state: LaneState,
  task: Queued,
  overlaps: ReadonlyMap<number, number[]>,
  orders: ReadonlyMap<number, number>,
  isBarrier: (task: Queued) => boolean,
): QueueEntry {
  const { entry } = task;
  return {
    id: entry.order,
    rank: entry.order,
    priority: levelOf(task),
    enteredAt: Date.parse(entry.enteredAt),
    enteredBase: entry.base,
    prerequisites: prerequisitesInQueue(state, task).map((issue) => orders.get(issue) ?? nobody),
    overlaps: overlaps.get(entry.order) ?? [],
    conflicts: entry.conflicts,
    alone: isWantedAlone(task) || isBarrier(task),
    group: entry.group,
    predicted: null,
    ownCi: null,
  };
}

/** Whether a PR changes one of the policy's barrier files, by its diff. */
function barrierTest({ policy }: LaneState): (task: Queued) => boolean {
  const { barriers } = policy.queue;
  if (barriers.length === 0) return () => false;
  const isMatch = compilePatterns(barriers);
  return ({ pull }) => (pull.verdict?.touched ?? []).some(isMatch);
}

function runningTries(state: LaneState): number {
  return Object.values(state.builds).filter((build) => build.purpose === 'try' && isActive(build)).length;
}

/** What the planner sees of a lane at a time (ISO 8601). */
export function readLane(state: LaneState, at: string): QueueSnapshot {
  const { queue: policy } = state.policy;
  const served = servedEntries(state);
  const orders = new Map(served.map((task) => [task.issue, task.entry.order]));
  const stepped = state.queue.steps.map(({ order, paths }) => ({ order, paths }));
  const overlaps = overlapTable([
    ...stepped,
    ...served.map(({ entry }) => ({ order: entry.order, paths: entry.paths })),
  ]);
  const isBarrier = barrierTest(state);
  const { groups, ...history } = state.queue.history;
  return {
    at: Date.parse(at),
    landedFrom: state.queue.from,
    landed: state.queue.steps.map(({ order }) => order),
    entries: served.map((task) => readEntry(state, task, overlaps, orders, isBarrier)),
    builds: Object.values(state.builds).flatMap((build) => readBuild(state, build)),
    policy: {
      mode: policy.policy,
      builds: Math.max(0, policy.builds - runningTries(state)),
      retries: policy.flake_retries,
      batch: policy.batch,
      starvation: policy.starvation,
    },
    history: { ...history, groups: new Map(Object.entries(groups)) },
    frozen: state.frozen !== null || closureOf(state, at) !== null,
  };
}

/** The task that has this stay in the queue. */
export function taskOfOrder(state: LaneState, order: number): Task | undefined {
  return Object.values(state.tasks).find((task) => task.entry?.order === order);
}
