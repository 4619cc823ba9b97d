/** Everything that keeps a waiting task from starting, as data: people are shown it, and it decides. */
import type { LaneState, Snapshot, Task } from '../lane/state.ts';
import type { Wait } from '../lane/view.ts';
import { holdWaits } from './hold.ts';
import { type Overview, overviewOf } from './overview.ts';
import { claimsAtStart, heldBy } from './ownership.ts';
import { overlap } from './patterns.ts';
import { openPrerequisites } from './prerequisites.ts';
import { graceEnds, isStarving, mostPassedOver } from './ready.ts';
import { missingSections } from './required-sections.ts';
import { isWork, splitWaits } from './split.ts';
import { suspensionWait } from './suspension.ts';
import { attemptWaits } from './times.ts';

/** The latest of the times: a wait is as old as the youngest of its causes. */
function latest(...times: (string | null | undefined)[]): string {
  return times.reduce<string>((last, time) => (time && time > last ? time : last), '');
}

function heldSince(holder: Task): string {
  return holder.attempt?.assignedAt ?? holder.startedAt ?? holder.since;
}

/** What a person may type so that the task does without the paths that another has; null when nothing would be left. */
function giveUp({ spec }: Task, theirs: readonly string[]): string | null {
  if (!spec.ownsDeclared) return '/own <path>';
  const shared = spec.owns.filter((pattern) => overlap([pattern], theirs).length > 0);
  return shared.length === spec.owns.length ? null : `/disown ${shared.slice(0, 5).join(' ')}`;
}

/** Paths of the task's own, by whoever holds them now. */
function* holders({ held }: Overview, task: Task, wanted: readonly string[]): Generator<Wait> {
  for (const holder of [...held.all(wanted)].sort((x, y) => x.issue - y.issue)) {
    if (holder.issue === task.issue) continue;
    const theirs = heldBy(holder);
    const what = `#${holder.issue} owns ${overlap(wanted, theirs).join(', ')}`;
    const command = giveUp(task, theirs);
    yield { kind: 'overlap', what, since: latest(task.since, heldSince(holder)), command };
  }
}

/**
 * What a task would claim if it started now: what it owns, without the joints and without what others hold.
 * `schedule.overlap` says how large a part others may hold.
 */
export function claimable({ held }: Overview, state: LaneState, task: Task): string[] {
  const wanted = claimsAtStart(state.policy, task.spec);
  return wanted.filter(
    (pattern) => held.find([pattern], (holder) => holder.issue !== task.issue) === undefined,
  );
}

function* filesOfOthers(overview: Overview, state: LaneState, task: Task): Generator<Wait> {
  const wanted = claimsAtStart(state.policy, task.spec);
  const mine = overview.place.get(task.issue) ?? 0;
  const isAhead = (other: Task) => (overview.place.get(other.issue) ?? 0) < mine;
  const goesFirst = (other: Task): Wait => {
    const paths = overlap(wanted, claimsAtStart(state.policy, other.spec)).join(', ');
    const why = isStarving(state, other) ? `: it has been passed over ${mostPassedOver} times` : '';
    const what = `#${other.issue} goes first with ${paths}${why}`;
    return { kind: 'overlap', what, since: latest(task.since, other.since), command: '/priority high' };
  };
  // One is enough to keep it waiting; only who wants to know everything goes on to the others.
  const first = overview.ahead.find(wanted, isAhead);
  if (first) {
    yield goesFirst(first);
    for (const other of overview.ahead.all(wanted))
      if (other !== first && isAhead(other)) yield goesFirst(other);
  }
  const free = claimable(overview, state, task).length;
  const share = wanted.length === 0 ? 0 : 1 - free / wanted.length;
  if (share > state.policy.schedule.overlap || (wanted.length > 0 && free === 0))
    yield* holders(overview, task, wanted);
}

function tasks({ length }: readonly Task[], one: string, many: string): string {
  return length === 1 ? `1 task ${one}` : `${length} tasks ${many}`;
}

/** The first of them, as people write them. */
function named(causes: readonly Task[]): string {
  const shown = causes.slice(0, 3).map(({ issue }) => `#${issue}`);
  return causes.length > shown.length ? `one of ${shown.join(', ')} …` : shown.join(' or ');
}

/** What keeps everything from starting that is not started yet: too much is being worked on, or waits for people. */
function* crowding(overview: Overview, { policy }: LaneState, task: Task): Generator<Wait> {
  const { limits, schedule } = policy;
  const { underWay, atWork, inReview, escalated } = overview;
  const wait = (
    what: string,
    command: string,
    causes: readonly Task[],
    since: (cause: Task) => string,
  ): Wait => ({ kind: 'limit', what, since: latest(task.since, ...causes.map(since)), command });
  const assigned = (cause: Task) => cause.attempt?.assignedAt ?? cause.since;
  if (atWork.length >= limits.running)
    yield wait(
      `${tasks(atWork, 'is', 'are')} running, the limit`,
      'raise `limits.running` in the policy',
      atWork,
      assigned,
    );
  if (schedule.mode === 'queue' && underWay.length > 0) {
    const names = underWay.map((other) => `#${other.issue}`).join(', ');
    yield wait(
      `${names} first: the policy runs one task after the other`,
      'change `schedule.mode` in the policy',
      underWay,
      heldSince,
    );
  }
  // Work that has a pull request already is no new work, and a plan makes none.
  if (task.pull?.open || !isWork(policy, task)) return;
  const since = (cause: Task) => cause.since;
  if (inReview.length >= limits.in_review)
    yield wait(
      `${tasks(inReview, 'waits', 'wait')} for review, the limit`,
      `review ${named(inReview)}, or raise \`limits.in_review\` in the policy`,
      inReview,
      since,
    );
  if (escalated.length >= limits.escalated)
    yield wait(
      `${tasks(escalated, 'waits', 'wait')} for an answer by a person, the limit`,
      `answer ${named(escalated)}, or raise \`limits.escalated\` in the policy`,
      escalated,
      since,
    );
}

function* reasons({ state, hasUnreadIssues }: Snapshot, task: Task, at: string): Generator<Wait> {
  const { since } = task;
  const overview = overviewOf(state, at);
  if (state.baseSha === null) {
    const command = `push a commit to ${state.base}`;
    yield { kind: 'base', what: `the branch ${state.base} has no commit yet`, since, command };
  }
  yield* holdWaits(task);
  if (task.suspension) yield suspensionWait(task, task.suspension);
  const missing = missingSections(state, task);
  if (missing.length > 0) {
    const what = `the policy asks for ${missing.map((name) => `"${name}"`).join(', ')}, and the issue has no such section`;
    yield { kind: 'spec', what, since, command: 'edit the issue' };
  }
  if (graceEnds(state, task) > Date.parse(at)) {
    const until = new Date(graceEnds(state, task)).toISOString();
    const from = task.change?.at ?? task.requestedAt;
    yield { kind: 'grace', what: 'time for late edits', since: from, command: null, next: until };
  }
  if (hasUnreadIssues) {
    yield { kind: 'announcement', what: 'other issues are being read first', since, command: null };
  }
  yield* attemptWaits(state, task, at);
  yield* openPrerequisites(state, task);
  yield* splitWaits(state.policy, task);
  const isWorking = isWork(state.policy, task);
  if (isWorking) yield* filesOfOthers(overview, state, task);
  const foreseenAt = overview.unannounced.get(task.issue);
  if (isWorking && foreseenAt !== undefined) {
    yield {
      kind: 'announcement',
      what: 'its collisions are being announced',
      since: latest(since, foreseenAt),
      command: null,
    };
  }
  yield* crowding(overview, state, task);
}

/** Everything that keeps a waiting task from starting, except the want of a free agent. */
export function blockers(snapshot: Snapshot, task: Task, at: string): Wait[] {
  return [...reasons(snapshot, task, at)];
}

/** Whether there is any such reason; asked of many tasks, so it stops at the first. */
export function isBlocked(snapshot: Snapshot, task: Task, at: string): boolean {
  return reasons(snapshot, task, at).next().done !== true;
}
