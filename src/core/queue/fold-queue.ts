/** The part of the fold that is about entries, builds, landings and the base branch. */
import type { Fact } from '../lane/facts.ts';
import type { Build, Entry, Landing } from '../lane/queue-state.ts';
import type { LaneState, Task } from '../lane/state.ts';
import {
  learnArrival,
  learnDuration,
  learnEjection,
  positionOf,
  stepLanding,
  stepOutside,
} from './memory.ts';

export type QueueFact = Extract<
  Fact,
  {
    kind:
      | 'base-moved'
      | 'queue-entered'
      | 'conflict-found'
      | 'build-started'
      | 'candidate-made'
      | 'build-reported'
      | 'build-passed'
      | 'build-failed'
      | 'build-interrupted'
      | 'build-abandoned'
      | 'landing-decided'
      | 'landing-missed'
      | 'landed'
      | 'landing-audited';
  }
>;

type Of<K extends QueueFact['kind']> = Extract<QueueFact, { kind: K }>;

function changeBuild(state: LaneState, number: number, change: (build: Build) => Build): LaneState {
  const build = state.builds[number];
  if (!build) throw new Error(`no build ${number} in ${state.owner}/${state.repo}`);
  return { ...state, builds: { ...state.builds, [number]: change(build) } };
}

function changeEntry(task: Task, change: (entry: Entry) => Entry): Task {
  return task.entry ? { ...task, entry: change(task.entry) } : task;
}

function enter(state: LaneState, fact: Of<'queue-entered'>): LaneState {
  const task = state.tasks[fact.issue];
  if (!task) throw new Error(`no task for issue #${fact.issue} in ${state.owner}/${state.repo}`);
  const entry: Entry = {
    headSha: fact.headSha,
    enteredAt: fact.at,
    order: state.nextEntry,
    base: positionOf(state),
    group: fact.group ?? '',
    paths: fact.paths ?? [],
    conflicts: [],
  };
  const tasks = { ...state.tasks, [fact.issue]: { ...task, entry } };
  const next = { ...state, tasks, nextEntry: state.nextEntry + 1 };
  return fact.group === undefined ? next : learnArrival(next, fact.at);
}

/** Noted on both, for their order in the queue may change. */
function noteConflict(state: LaneState, { issue, with: other }: Of<'conflict-found'>): LaneState {
  const [a, b] = [state.tasks[issue], state.tasks[other]];
  if (!a?.entry || !b?.entry) return state;
  const [one, two] = [a.entry.order, b.entry.order];
  const note = (task: Task, order: number): Task =>
    changeEntry(task, (entry) => ({
      ...entry,
      conflicts: [...new Set([...entry.conflicts, order])].sort((x, y) => x - y),
    }));
  return { ...state, tasks: { ...state.tasks, [issue]: note(a, two), [other]: note(b, one) } };
}

function startBuild(state: LaneState, fact: Of<'build-started'>): LaneState {
  const build: Build = {
    number: fact.build,
    state: 'preparing',
    purpose: fact.purpose ?? 'train',
    base: fact.base ?? 0,
    baseSha: fact.baseSha,
    parent: fact.parent ?? null,
    entries: fact.entries,
    sha: null,
    tree: null,
    steps: [],
    checks: [],
    startedAt: fact.at,
    endedAt: null,
    reason: null,
    open: true,
    tries: 0,
    flight: null,
  };
  return { ...state, nextBuild: fact.build + 1, builds: { ...state.builds, [fact.build]: build } };
}

function endBuild(
  state: LaneState,
  fact: Of<'build-passed' | 'build-failed' | 'build-interrupted' | 'build-abandoned'>,
): LaneState {
  const to = fact.kind.slice('build-'.length) as 'passed' | 'failed' | 'interrupted' | 'abandoned';
  const reason = fact.kind === 'build-passed' ? null : fact.reason;
  const before = state.builds[fact.build];
  const ended = changeBuild(state, fact.build, (build) => ({
    ...build,
    state: to,
    reason,
    endedAt: fact.at,
    flight: null,
  }));
  const isVerdict = to === 'passed' || to === 'failed';
  return before?.state === 'testing' && isVerdict ? learnDuration(ended, before, fact.at) : ended;
}

function land(state: LaneState, { landing, at }: Of<'landed'>): LaneState {
  const build = state.builds[landing.build];
  const isCounted = landing.position !== undefined;
  const stepped = isCounted
    ? stepLanding(
        state,
        landing.entries.map(({ issue }) => issue),
        at,
      )
    : state;
  const next = changeBuild(stepped, landing.build, (each) => ({ ...each, state: 'landed', flight: null }));
  const full: Landing = {
    ...landing,
    exact: landing.exact ?? true,
    position: landing.position ?? 0,
    blobs: landing.blobs ?? null,
    audit: null,
    at,
  };
  return build ? { ...next, baseSha: landing.sha, landings: [...next.landings, full] } : next;
}

/** Before an entry leaves, the history takes note of why. */
export function noteLeaving(state: LaneState, fact: Fact): LaneState {
  const isBlamed =
    fact.kind === 'entry-ejected' && fact.code === 'checks-failed' && fact.evidence?.odds != null;
  return isBlamed ? learnEjection(state, fact.issue) : state;
}

export function foldQueueFact(state: LaneState, fact: QueueFact): LaneState {
  switch (fact.kind) {
    case 'base-moved': {
      const moved = { ...state, baseSha: fact.sha };
      return fact.by === 'outside' && fact.position !== undefined ? stepOutside(moved) : moved;
    }
    case 'queue-entered':
      return enter(state, fact);
    case 'conflict-found':
      return noteConflict(state, fact);
    case 'build-started':
      return startBuild(state, fact);
    case 'candidate-made':
      return changeBuild(state, fact.build, (build) => ({
        ...build,
        state: 'testing',
        sha: fact.sha,
        tree: fact.tree,
        steps: fact.steps ?? [],
      }));
    case 'build-reported':
      return changeBuild(state, fact.build, (build) => ({ ...build, checks: fact.checks }));
    case 'build-passed':
    case 'build-failed':
    case 'build-interrupted':
    case 'build-abandoned':
      return endBuild(state, fact);
    case 'landing-decided':
      return changeBuild(state, fact.build, (build) => ({
        ...build,
        state: 'landing',
        tries: build.tries + 1,
        flight: fact.flight,
      }));
    case 'landing-missed':
      return changeBuild(state, fact.build, (build) => ({
        ...build,
        state: 'passed',
        flight: null,
        reason: fact.reason,
      }));
    case 'landed':
      return land(state, fact);
    case 'landing-audited':
      return {
        ...state,
        landings: state.landings.map((landing) =>
          landing.build === fact.build ? { ...landing, audit: fact.vanished } : landing,
        ),
      };
    default:
      return fact satisfies never;
  }
}
