/**
 * Effects: what is to be done outside the database. They are wanted by a state, not by an event: whatever the
 * state wants and the ledger has not recorded yet is recorded, under a key that is computed, before it is done.
 */
import { createHash } from 'node:crypto';
import { buildRef, prepareRef } from '../ids.ts';
import { auditedAgainst } from '../queue/audit.ts';
import { isActive } from '../queue/build-state.ts';
import { type UpdateEffect, wantedUpdate } from '../task/freshness.ts';
import { isPuttingAside, keepLateWork } from '../task/late-work.ts';
import { type SplitEffect, wantedOfSplit } from '../task/split.ts';
import { isEnlisted } from './enlisted.ts';
import type { Fact } from './facts.ts';
import type { Build, BuildEntry, Flight, Landing } from './queue-state.ts';
import { abandonedRuns, type RunEffect, wantedOfRuns } from './run-effects.ts';
import type { LaneState, Task } from './state.ts';

export type Effect =
  | { kind: 'open-branch'; issue: number; attempt: number; fence: number; branch: string; baseSha: string }
  | { kind: 'open-pull'; issue: number; fence: number; branch: string }
  /** Keeps `sha` on the branch `late`, and puts `branch` back to `to` unless it has moved on. */
  | {
      kind: 'keep-late-work';
      issue: number;
      number: number;
      branch: string;
      late: string;
      sha: string;
      to: string;
    }
  /** Puts the late bundle of the attempt with this fence, up to `sha`, on the branch `late`. */
  | { kind: 'keep-late-bundle'; issue: number; number: number; late: string; sha: string; fence: number }
  | { kind: 'announce-collision'; a: number; b: number }
  | UpdateEffect
  | { kind: 'mark-ready'; issue: number; pull: number; since: string }
  | {
      kind: 'make-candidate';
      build: number;
      baseSha: string;
      prepare: string;
      target: string;
      entries: BuildEntry[];
      /** A candidate that holds the first of the entries already: its commits after each of them. */
      steps: string[];
    }
  | {
      kind: 'land';
      build: number;
      /** Counted from 1: a landing that was missed is tried again. */
      attempt: number;
      sha: string;
      tree: string;
      flight: Flight;
      /** Where the sum is put together when it was not tested as a whole. */
      prepare: string;
    }
  | { kind: 'audit'; build: number; sha: string; against: Pick<Landing, 'build' | 'blobs'>[] }
  | { kind: 'clean-build'; build: number; refs: string[] }
  | { kind: 'close-issue'; issue: number }
  | { kind: 'close-pull'; issue: number; pull: number; request: string }
  | RunEffect
  | SplitEffect
  | { kind: 'close-replaced'; issue: number; pull: number }
  | { kind: 'ask-assignment'; issue: number; fence: number; agent: string }
  | { kind: 'open-revert'; asked: Extract<Fact, { kind: 'revert-asked' }> }
  | { kind: 'react'; comment: number; content: 'eyes' | 'rocket' | 'confused' }
  | { kind: 'reply'; under: number; comment: number; fact: Extract<Fact, { kind: 'command-decided' }> }
  | { kind: 'notify'; under: number; fact: Fact };

/** Tells facts of one kind and one instant apart. */
function digestOf(fact: Fact): string {
  return createHash('sha256').update(JSON.stringify(fact)).digest('hex').slice(0, 12);
}

/** The key under which an effect is recorded: the same effect always has the same one (I4). */
export function effectKey(effect: Effect): string {
  switch (effect.kind) {
    case 'open-branch':
    case 'open-pull':
    case 'ask-assignment':
    case 'dispatch-workflow':
    case 'trigger-checks':
    case 'cancel-run':
      return `${effect.kind}:${effect.issue}:${effect.fence}`;
    case 'create-part':
    case 'open-part':
      return `${effect.kind}:${effect.issue}:${effect.part}:${effect.since}`;
    case 'keep-late-work':
    case 'keep-late-bundle':
      return `${effect.kind}:${effect.issue}:${effect.number}`;
    case 'announce-collision':
      return `${effect.kind}:${effect.a}:${effect.b}`;
    case 'mark-ready':
      return `${effect.kind}:${effect.pull}:${effect.since}`;
    case 'update-branch':
      return `${effect.kind}:${effect.issue}:${effect.headSha}:${effect.baseSha}:${effect.asked ?? ''}`;
    case 'close-pull':
      return `${effect.kind}:${effect.pull}:${effect.request}`;
    case 'land':
      return `${effect.kind}:${effect.build}:${effect.attempt}`;
    case 'make-candidate':
    case 'audit':
    case 'clean-build':
      return `${effect.kind}:${effect.build}`;
    case 'close-replaced':
      return `${effect.kind}:${effect.pull}`;
    case 'close-issue':
      return `${effect.kind}:${effect.issue}`;
    case 'open-revert':
      return `${effect.kind}:${effect.asked.comment}:${effect.asked.index}`;
    case 'react':
      return `${effect.kind}:${effect.comment}:${effect.content}`;
    case 'reply':
      return `${effect.kind}:${effect.comment}:${effect.fact.index}`;
    case 'notify':
      return `${effect.kind}:${effect.under}:${effect.fact.kind}:${effect.fact.at}:${digestOf(effect.fact)}`;
    default:
      return effect satisfies never;
  }
}

function wantedByTask(task: Task, state: LaneState): Effect[] {
  const { attempt, pull, issue } = task;
  const effects: Effect[] = [
    ...keepLateWork(task),
    ...wantedOfRuns(task, state),
    ...wantedOfSplit(task),
    ...wantedUpdate(state, task),
  ];
  if (attempt?.via === 'assign' && task.state === 'assigned' && !pull?.open) {
    effects.push({ kind: 'ask-assignment', issue, fence: attempt.fence, agent: attempt.agent });
  }
  // A plan changes nothing, so it needs no branch.
  const isOurs = attempt?.job === 'work' && attempt.via !== 'assign';
  if (isOurs && attempt.openedSha === null && !isPuttingAside(task)) {
    const { number, fence, branch, baseSha } = attempt;
    effects.push({ kind: 'open-branch', issue, attempt: number, fence, branch, baseSha });
  }
  if (isOurs && attempt.openedSha !== null && pull === null) {
    effects.push({ kind: 'open-pull', issue, fence: attempt.fence, branch: attempt.branch });
  }
  // What people have opened is theirs to mark, to close and to reopen.
  if (isEnlisted(task)) return effects;
  if (pull?.open && pull.draft && (task.state === 'in-review' || task.state === 'approved')) {
    effects.push({ kind: 'mark-ready', issue, pull: pull.number, since: task.since });
  }
  if (task.state === 'completed') effects.push({ kind: 'close-issue', issue });
  if (task.state === 'cancelled' && pull?.open) {
    effects.push({ kind: 'close-pull', issue, pull: pull.number, request: task.requestedAt });
  }
  return effects;
}

/** The commits of the candidate that this one goes on from; null while that one is still being made. */
function stepsOfParent(state: LaneState, { parent }: Build): string[] | null {
  const build = parent === null ? undefined : state.builds[parent];
  if (build?.state === 'preparing') return null;
  return build?.steps ?? [];
}

function wantedByBuild(state: LaneState, build: Build): Effect[] {
  const prepare = prepareRef(state.base, build.number);
  const target = buildRef(state.base, build.number);
  if (build.state === 'preparing') {
    const { number, baseSha, entries } = build;
    const steps = stepsOfParent(state, build);
    return steps === null
      ? []
      : [{ kind: 'make-candidate', build: number, baseSha, prepare, target, entries, steps }];
  }
  if (build.state === 'landing') {
    const { number, tries, flight, sha, tree } = build;
    return flight && sha !== null && tree !== null
      ? [{ kind: 'land', build: number, attempt: tries, sha, tree, flight, prepare }]
      : [];
  }
  // What has passed may still land, and others may go on from it: its commits are kept by their branch.
  const mayLand = build.state === 'passed' && build.open && build.purpose !== 'try';
  const isNeeded = isActive(build) || mayLand;
  return isNeeded ? [] : [{ kind: 'clean-build', build: build.number, refs: [prepare, target] }];
}

function wantedByBuilds(state: LaneState): Effect[] {
  return Object.values(state.builds).flatMap((build) => wantedByBuild(state, build));
}

/** Each landing is compared with those before it that are still to be found in it. */
function wantedAudits(state: LaneState): Effect[] {
  return state.landings.flatMap((landing): Effect[] => {
    if (landing.audit !== null || landing.blobs === null) return [];
    const against = auditedAgainst(state, landing).map(({ build, blobs }) => ({ build, blobs }));
    return [{ kind: 'audit', build: landing.build, sha: landing.sha, against }];
  });
}

/** What the state wants done, whether or not it has been recorded already. */
export function wantedEffects(state: LaneState): Effect[] {
  const announcements = state.collisions
    .filter((collision) => collision.announcedAt === null)
    .map(({ a, b }): Effect => ({ kind: 'announce-collision', a, b }));
  return [
    ...announcements,
    ...Object.values(state.tasks).flatMap((task) => wantedByTask(task, state)),
    ...wantedByBuilds(state),
    ...wantedAudits(state),
  ];
}

/** Commands that ask for words; all others are answered with a sign when they are done. */
const answeredInWords: ReadonlySet<string> = new Set(['help', 'status', 'why']);

/** Effects that answer something said or tell a person something new: wanted once, by the fact itself. */
function effectsOfFact(fact: Fact, state: LaneState): Effect[] {
  switch (fact.kind) {
    case 'command-decided': {
      const ok = fact.outcome === 'done';
      const reaction: Effect = { kind: 'react', comment: fact.comment, content: ok ? 'rocket' : 'confused' };
      // A word we do not know and cannot guess may be for another bot: a sign is enough, an answer would be noise.
      if (fact.outcome === 'unknown' && fact.detail === '') return [reaction];
      const isSilent = ok
        ? !answeredInWords.has(fact.command)
        : fact.outcome === 'limited' && fact.detail === '';
      return isSilent
        ? [reaction]
        : [reaction, { kind: 'reply', under: fact.under, comment: fact.comment, fact }];
    }
    case 'pull-refused':
      return [{ kind: 'notify', under: fact.pull, fact }];
    case 'revert-asked':
      return [{ kind: 'open-revert', asked: fact }];
    case 'revert-opened':
    case 'revert-failed':
      return [{ kind: 'notify', under: fact.under, fact }];
    case 'pull-adopted':
      return fact.replaces === null
        ? []
        : [{ kind: 'close-replaced', issue: fact.issue, pull: fact.replaces }];
    // About the issue's text, so it is said there and not on the pull request.
    case 'edit-suspended':
    case 'prerequisite-questioned':
    case 'split-proposed':
      return [{ kind: 'notify', under: fact.issue, fact }];
    case 'request-refused':
    case 'escalated':
    case 'entry-ejected':
    case 'update-conflicted':
    case 'attempts-exhausted':
    case 'escalation-repeated':
    case 'budget-warned':
    case 'lease-extended':
    case 'late-work-kept':
    case 'grace-started':
    case 'paths-requested':
    case 'action-requested': {
      if (fact.kind === 'action-requested' && fact.action === 'retry' && fact.outcome === 'done') return [];
      const under = state.tasks[fact.issue]?.pull?.number ?? fact.issue;
      return [{ kind: 'notify', under, fact }];
    }
    default:
      return [];
  }
}

/** An ejection that a person is asked about is told with the question: one comment for one thing. */
function isToldOtherwise(fact: Fact, facts: readonly Fact[]): boolean {
  return (
    (fact.kind === 'entry-ejected' || fact.kind === 'update-conflicted') &&
    fact.after === 'person' &&
    facts.some((other) => other.kind === 'escalated' && other.issue === fact.issue)
  );
}

/** Effects of one step of a lane: what its state wants, what its facts say, and what it has left behind. */
export function effectsOfStep(before: LaneState, after: LaneState, facts: readonly Fact[]): Effect[] {
  return [
    ...wantedEffects(after),
    ...facts.filter((fact) => !isToldOtherwise(fact, facts)).flatMap((fact) => effectsOfFact(fact, after)),
    ...abandonedRuns(before, after),
  ];
}

/** What is done whatever has become of the state since. */
const unconditional: ReadonlySet<Effect['kind']> = new Set([
  'react',
  'reply',
  'notify',
  'cancel-run',
  'close-replaced',
  'open-revert',
]);

/** Whether a recorded effect still makes sense; asked again right before it is done. */
export function isStillWanted(effect: Effect, state: LaneState): boolean {
  if (unconditional.has(effect.kind)) return true;
  return wantedEffects(state).some((wanted) => effectKey(wanted) === effectKey(effect));
}
