/**
 * The queue of a lane: what the planner wants, as facts. The planner sees a snapshot and wants builds started and
 * cancelled, candidates landed, entries ejected; what becomes of each build:
 *
 *   preparing ─ candidate-made ─▶ testing ─ build-passed ─▶ passed ─ landing-decided ─▶ landing ─ landed ─▶ landed
 *       │                            │                        ▲                            │
 *       ├── conflict: abandoned      ├── build-failed          └───── landing-missed ───────┘
 *       │                            ├── build-interrupted (no verdict: counts for nothing)
 *       └── cancelled: abandoned     └── cancelled: abandoned
 *
 * While a candidate is landing, nothing is planned: the base branch may be moving to it at this moment, and only the
 * effect that moves it knows what came of it.
 */
import type { FactBody } from '../lane/facts.ts';
import type { Build, BuildEntry } from '../lane/queue-state.ts';
import type { LaneState, Task } from '../lane/state.ts';
import { ejectFact, landedSince, otherWork, testedIn } from '../task/ejection.ts';
import type { EjectionEvidence } from '../task/ejection-record.ts';
import { isRunning, queuedTask } from './build-state.ts';
import { planQueue } from './planner.ts';
import { readLane, taskOfOrder } from './read-lane.ts';
import type { EntryId, QueueAction, QueuePlan } from './snapshot.ts';

type Action<Do extends QueueAction['do']> = Extract<QueueAction, { do: Do }>;

function entryOf(state: LaneState, order: EntryId): BuildEntry[] {
  const task = taskOfOrder(state, order);
  if (!task?.entry || !task.pull) return [];
  return [{ issue: task.issue, pull: task.pull.number, headSha: task.entry.headSha, order }];
}

/** What a candidate can go on from: a build that is under way, or planned in the same breath. */
type Stretch = Pick<Build, 'number' | 'entries'>;

function stretchesOn(state: LaneState, base: number): Stretch[] {
  return Object.values(state.builds).filter(
    (build) =>
      build.open &&
      build.purpose !== 'try' &&
      build.base === base &&
      build.baseSha === state.baseSha &&
      (isRunning(build) || build.state === 'passed'),
  );
}

/**
 * The candidate that a new one goes on from: the largest whose entries it all contains, so that either of them can
 * land and the other still follows. The order of merging does not change the tree.
 */
function findParent(stretches: readonly Stretch[], set: ReadonlySet<EntryId>): Stretch | null {
  const usable = stretches.filter(({ entries }) =>
    entries.every(({ order }) => order !== undefined && set.has(order)),
  );
  return usable.reduce<Stretch | null>(
    (best, each) => (best && best.entries.length >= each.entries.length ? best : each),
    null,
  );
}

function startFacts(state: LaneState, actions: readonly Action<'start'>[]): FactBody[] {
  const { baseSha } = state;
  if (baseSha === null) return [];
  const planned: Stretch[] = [];
  // Smaller ones first, so that larger ones can go on from them.
  const bySize = [...actions].sort((a, b) => a.set.length - b.set.length);
  return bySize.map(({ set, base, purpose }, index): FactBody => {
    const parent = findParent([...stretchesOn(state, base), ...planned], new Set(set));
    const first = parent?.entries ?? [];
    const inParent = new Set(first.map(({ order }) => order));
    const rest = set.filter((order) => !inParent.has(order)).flatMap((order) => entryOf(state, order));
    const build = state.nextBuild + index;
    const entries = [...first, ...rest];
    planned.push({ number: build, entries });
    return {
      kind: 'build-started',
      build,
      baseSha,
      entries,
      purpose,
      base,
      ...(parent ? { parent: parent.number } : {}),
    };
  });
}

function cancelFact(state: LaneState, { build, why }: Action<'cancel'>): FactBody[] {
  const known = state.builds[Number(build)];
  if (!known || !isRunning(known)) return [];
  const gone = known.entries.find((entry) => queuedTask(state, entry) === undefined);
  const reason = gone
    ? `#${gone.pull} is not in the queue any more`
    : why === 'decided'
      ? 'nothing is to be learned from it any more'
      : 'it will hardly pass, and nothing else is to be learned from it';
  return [{ kind: 'build-abandoned', build: known.number, reason }];
}

function landFact(state: LaneState, { build, entries, exact }: Action<'land'>): FactBody[] {
  if (state.baseSha === null) return [];
  const known = state.builds[Number(build)];
  const landing = new Set(entries);
  const flight = {
    before: state.baseSha,
    entries: (known?.entries ?? []).filter(({ order }) => order !== undefined && landing.has(order)),
    exact,
  };
  return [{ kind: 'landing-decided', build: Number(build), flight }];
}

function evidenceOf(state: LaneState, task: Task, action: Action<'eject'>): EjectionEvidence {
  const builds = action.evidence.flatMap((id) => state.builds[Number(id)] ?? []);
  const red = builds.flatMap(({ checks }) =>
    checks.filter(({ conclusion }) => conclusion !== 'success' && conclusion !== 'pending'),
  );
  const peers = Object.values(state.builds)
    .filter((build) => build.state === 'failed' && build.entries.some(({ order }) => order === action.entry))
    .flatMap(({ entries }) => entries)
    .filter((entry) => entry.order !== action.entry && queuedTask(state, entry) !== undefined);
  const met = new Map(peers.map((entry) => [entry.pull, otherWork(entry)]));
  return {
    builds: builds.map(({ number }) => number),
    checks: red,
    peers: [...met.keys()].sort((a, b) => a - b),
    odds: action.odds,
    attemptsLeft: 0,
    tested: testedIn(state, action.entry),
    others: [...met.values(), ...landedSince(state, task).map(({ paths: _, ...work }) => work)],
  };
}

function ejectFacts(state: LaneState, action: Action<'eject'>): FactBody[] {
  const task = taskOfOrder(state, action.entry);
  if (!task) return [];
  const evidence = evidenceOf(state, task, action);
  const last = state.builds[evidence.builds.at(-1) ?? 0];
  const times = evidence.builds.length > 1 ? `it failed ${evidence.builds.length} times; the last: ` : '';
  const reason = `${times}${last?.reason ?? 'its candidate failed'}`;
  return [ejectFact(state, task, { code: 'checks-failed', reason, evidence })];
}

/** What the planner says of the lane as it is; null while a candidate is landing or there is no base yet. */
export function planOf(state: LaneState, at: string): QueuePlan | null {
  const isLanding = Object.values(state.builds).some((build) => build.state === 'landing');
  if (isLanding || state.baseSha === null) return null;
  const hasEntries = Object.values(state.tasks).some((task) => task.entry !== null);
  const runs = Object.values(state.builds).some(isRunning);
  return hasEntries || runs ? planQueue(readLane(state, at)) : null;
}

/** What is to be done now about the queue. */
export function planBuilds(state: LaneState, at: string): FactBody[] {
  const { actions = [] } = planOf(state, at) ?? {};
  const starts = actions.filter((action) => action.do === 'start');
  const others = actions.flatMap((action): FactBody[] => {
    if (action.do === 'cancel') return cancelFact(state, action);
    if (action.do === 'land') return landFact(state, action);
    return action.do === 'eject' ? ejectFacts(state, action) : [];
  });
  return [...others, ...startFacts(state, starts)];
}
