/**
 * Freshness: a branch falls behind when something lands in files of its task. By the policy `queue.update_branches` the
 * base is then merged into it, before anybody reviews it or as late as before it enters the queue; `/rebase` asks for it
 * at any time. Never while an agent is at work on the branch: it is told with the answer to its heartbeat.
 *
 * The merge is a new head like any other: approvals end with it, and the arbiter and the checks judge it (I2).
 */
import { isEnlisted } from '../lane/enlisted.ts';
import type { Fact, FactBody } from '../lane/facts.ts';
import type { Observation } from '../lane/observation.ts';
import type { BuildEntry } from '../lane/queue-state.ts';
import { isAtWork, isLive, type LaneState, type Task } from '../lane/state.ts';
import { pathsOf } from '../queue/entering.ts';
import { mayBeLanding } from '../queue/may-be-landing.ts';
import { conflictFact, ejectionOf, landedSince, otherWork } from './ejection.ts';
import type { Behind, OtherWork } from './ejection-record.ts';
import { isPuttingAside } from './late-work.ts';
import { PathIndex } from './path-index.ts';
import { overlap } from './patterns.ts';
import { mostRemembered, type TaskRecord } from './record.ts';

type Of<K extends Fact['kind']> = Extract<Fact, { kind: K }>;

/** The merge of the base into a task's branch. */
export interface UpdateEffect {
  kind: 'update-branch';
  issue: number;
  branch: string;
  headSha: string;
  baseSha: string;
  /** When a person asked for it, ISO 8601; null: the policy did. */
  asked: string | null;
}

/** What a step of the base branch changed, and whose it was. */
export interface Change {
  work: OtherWork | null;
  paths: readonly string[];
}

const mostPaths = 20;

/** What it changes and owns; before its first push, what it says that it will change. */
function filesOf(task: Task): string[] {
  const isKnown = (task.pull?.verdict?.touched ?? []).length > 0 || task.claims.length > 0;
  return isKnown ? pathsOf(task) : task.spec.owns;
}

/** Open tasks whose files a step of the base branch has changed. */
export function noteOverlaps({ tasks }: LaneState, sha: string, changes: readonly Change[]): FactBody[] {
  const index = new PathIndex<Change>();
  for (const change of changes) index.add(change.paths, change);
  const landing = new Set(changes.map(({ work }) => work?.issue));
  return Object.values(tasks).flatMap((task): FactBody[] => {
    if (!isLive(task) || !task.pull?.open || landing.has(task.issue)) return [];
    const mine = filesOf(task);
    const met = changes.filter((change) => index.all(mine).has(change));
    if (met.length === 0) return [];
    const paths = [...new Set(met.flatMap((change) => overlap(mine, change.paths)))].sort();
    const by = met.flatMap(({ work }) => work ?? []);
    return [{ kind: 'base-overlapped', issue: task.issue, sha, paths: paths.slice(0, mostPaths), by }];
  });
}

/** The changes of a landing, entry by entry. */
export function changesOf(
  { tasks }: LaneState,
  entries: readonly BuildEntry[],
  blobs: Record<string, unknown> | null,
): Change[] {
  return entries.map((entry) => ({
    work: otherWork(entry),
    paths:
      tasks[entry.issue]?.pull?.verdict?.touched ??
      tasks[entry.issue]?.entry?.paths ??
      Object.keys(blobs ?? {}),
  }));
}

function hasWork({ pull, attempt, branch }: Task): boolean {
  return pull?.open === true && branch !== null && pull.headSha !== attempt?.openedSha;
}

/** Whether somebody may touch the branch: nobody is at work on it, and it is not on its way to the base. */
function isFree(state: LaneState, task: Task): boolean {
  const isIdle = task.entry === null && !isAtWork(task) && !isPuttingAside(task);
  return isIdle && isLive(task) && !mayBeLanding(state, task.issue) && task.pull?.gate.retargeted === null;
}

/** Whether the policy wants the branch up to date as the task stands. People's branches move on their word only. */
function isDue({ policy }: LaneState, task: Task): boolean {
  const { update_branches: when } = policy.queue;
  if (task.record.behind.length === 0 || task.held || task.hold !== null || task.suspension) return false;
  if (task.attempt?.via !== 'pull' && task.attempt?.via !== 'dispatch') return false;
  const last = ejectionOf(task);
  // It is known to conflict, and what to do about that is somebody else's turn.
  if (last?.code === 'conflict' && last.headSha === task.pull?.headSha) return false;
  const isUnseen = task.state === 'in-review' && task.approvals.length === 0;
  const isUnqueued = task.state === 'in-review' || task.state === 'approved';
  return when === 'before-review' ? isUnseen : when === 'before-queue' && isUnqueued;
}

/** The update that a task wants now; none while it must not be touched. */
export function wantedUpdate(state: LaneState, task: Task): UpdateEffect[] {
  const { issue, pull, branch, record } = task;
  const asked = record.updateAsked?.at ?? null;
  if (!pull || branch === null || state.baseSha === null || !hasWork(task) || !isFree(state, task)) return [];
  if (asked === null && !isDue(state, task)) return [];
  const { headSha } = pull;
  return [{ kind: 'update-branch', issue, branch, headSha, baseSha: state.baseSha, asked }];
}

/** Why the branch cannot be brought up to date on somebody's word, or null. */
export function updateRefusal(state: LaneState, task: Task): string | null {
  const { pull, attempt, entry } = task;
  if (!pull?.open) return 'there is no open pull request to bring up to date';
  if (mayBeLanding(state, task.issue)) return 'it is landing at this moment';
  if (isEnlisted(task) && task.branch === null)
    return 'its branch is in another repository: its author has to bring it up to date';
  if (entry !== null) return 'it is in the queue, which tests it on the newest base anyway';
  if (isAtWork(task) && attempt) {
    return `attempt ${attempt.number} is at work on the branch and is told what lands: type it again when it is done`;
  }
  if (!hasWork(task)) return 'the branch has no changes yet';
  return pull.gate.retargeted === null ? null : `the pull request goes to ${pull.gate.retargeted} now`;
}

/** What came of an update. */
export function interpretUpdate(
  state: LaneState,
  { issue, headSha, baseSha, result }: Extract<Observation, { kind: 'branch-update' }>,
): FactBody[] {
  const task = state.tasks[issue];
  const present = task?.pull?.headSha;
  if (!task || !isLive(task) || present === undefined) return [];
  if (result.kind === 'updated') {
    const { sha } = result;
    if (present !== headSha && present !== sha) return [];
    const moved: FactBody[] = present === sha ? [] : [{ kind: 'head-moved', issue, sha }];
    return [...moved, { kind: 'branch-updated', issue, sha, baseSha }];
  }
  if (present !== headSha || !isFree(state, task)) return [];
  const { behind } = task.record;
  const touched = task.pull?.verdict?.touched ?? [];
  const noted = behind.flatMap(({ by }) => by);
  const near = landedSince(state, task).filter(({ paths }) => overlap(paths, touched).length > 0);
  const others = noted.length > 0 ? noted : near.map(({ paths: _, ...work }) => work);
  const paths = [...new Set(behind.flatMap((each) => each.paths))];
  const named = [...new Set(others.map(({ pull }) => `#${pull}`))].join(', ');
  const whom = named === '' ? 'the base branch' : `${named}, which has landed`;
  return [conflictFact(state, task, { reason: `its branch conflicts with ${whom}`, others, paths })];
}

/** How the facts of freshness change what a task remembers. */
export function foldFreshness(
  record: TaskRecord,
  fact: Of<'base-overlapped'> | Of<'update-asked'> | Of<'branch-updated'> | Of<'update-conflicted'>,
): TaskRecord {
  switch (fact.kind) {
    case 'base-overlapped': {
      const { sha, paths, by, at } = fact;
      const note: Behind = { sha, paths, by, at };
      return { ...record, behind: [...record.behind, note].slice(-mostRemembered) };
    }
    case 'update-asked':
      return { ...record, updateAsked: { by: fact.by, at: fact.at } };
    case 'branch-updated': {
      // What landed after the base that was merged is still missing; a base that is not known is newer than all.
      const known = record.behind.findIndex(({ sha }) => sha === fact.baseSha);
      return { ...record, updateAsked: null, behind: known < 0 ? [] : record.behind.slice(known + 1) };
    }
    case 'update-conflicted':
      return { ...record, updateAsked: null };
    default:
      return fact satisfies never;
  }
}
