/**
 * What a lane remembers: one repository and one base branch, the unit of ordering and of locking.
 *
 * The state is never edited: `fold(state, fact)` in fold.ts makes the next one, so that replaying the journal
 * gives exactly the stored state (invariant I7). Anything that only time or a heartbeat changes (leases, workers
 * seen) is not part of it: it arrives in the `Snapshot` that `decide` looks at.
 */
import type { RequiredCheck } from '../gate/evidence.ts';
import type { Policy } from '../policy.ts';
import { partsOf, type Split } from '../task/parts.ts';
import type { TaskRecord } from '../task/record.ts';
import type { Health, Spending } from './health.ts';
import type { Approval, Pull } from './pull-state.ts';
import type { Build, Entry, Landing, QueueMemory } from './queue-state.ts';

export type TaskState =
  | 'waiting'
  | 'assigned'
  | 'working'
  | 'in-review'
  | 'approved'
  | 'completed'
  | 'escalated'
  | 'failed'
  | 'cancelled';

/** A task's specification: what an agent is asked to do, in canonical form. */
export interface Spec {
  title: string;
  requirements: string;
  design: string;
  acceptance: string[];
  /** Normalised path patterns, sorted. Without a declaration a task owns the whole repository (`**`);
   * empty only for a PR that no task owns. */
  owns: string[];
  /** Whether the paths were declared in the issue; false means the whole-repository default. */
  ownsDeclared: boolean;
  /** Issue numbers named in the text, sorted. */
  dependsOn: number[];
  /** Issues of other repositories, as `owner/repo#7`, sorted. */
  dependsElsewhere: string[];
  budget: { minutes: number | null; tokens: number | null; usd: number | null };
}

/** What an attempt has used in all; what is not known is absent. */
export interface Usage {
  minutes?: number | undefined;
  tokens?: number | undefined;
  usd?: number | undefined;
}

/** How an agent is started: by a worker, by nobody, by a workflow, or by being assigned to the issue. */
export type Via = 'pull' | 'adopt' | 'dispatch' | 'assign';

export type Job = 'work' | 'plan';

export interface Attempt {
  number: number;
  /** Grows with every attempt of the lane; a write with an older fence is refused (I8). */
  fence: number;
  version: number;
  agent: string;
  via: Via;
  /** What it is for: to do the task, or to propose how to split it. */
  job: Job;
  branch: string;
  /** The base commit that the branch starts from. */
  baseSha: string;
  /** The commit Signalbox made to open the branch; null until it exists. */
  openedSha: string | null;
  /** The id a worker chose when it claimed the attempt, so that a repeated claim finds it again. */
  claimId: string | null;
  worker: string | null;
  /** The workflow run that was started for it, when one was. */
  runId: number | null;
  /** Path patterns that the agent has asked for and a person has not granted. */
  asked: string[];
  assignedAt: string;
  startedAt: string | null;
  /** The last commit that its heartbeats told of. */
  head: string | null;
  /** When its commits were last seen to move, by a heartbeat or on the branch. */
  movedAt: string | null;
  /** Whether its workflow run was seen to go on. */
  isRunning: boolean;
  /** When it was given more time without a heartbeat; see stall.ts. */
  extendedAt: string | null;
  /** What it has told of using so far. Its minutes are counted by the ledger. */
  tokens: number;
  usd: number;
  /** Whether people were told that most of its budget is used. */
  warned: boolean;
}

export interface Escalation {
  trigger: string;
  context: string;
  by: string;
  at: string;
  /** Where the task stood. */
  from: TaskState;
  /** The agent that worked on it; null when none did. */
  agent: string | null;
  /** What can be answered; `/resume A` picks the first. */
  options: string[];
  /** How often people were told again, and when they were last told. */
  repeats: number;
  toldAt: string;
}

/** What people have asked for by command; null where a label, or nothing, decides. */
export interface Routing {
  priority: 'high' | 'normal' | 'low' | null;
  agent: string | null;
}

/** What commands have changed beyond the issue's text; it stays when the text is edited. */
export interface Adjustments {
  own: string[];
  disown: string[];
  /** Issues as the text names them: `#7` or `owner/repo#7`. */
  depends: string[];
  independent: string[];
}

/** An edit that nobody entitled has accepted: nothing starts or lands meanwhile. */
export interface Suspension {
  /** Who wrote it; null when GitHub does not say. */
  by: string | null;
  /** Why the text cannot be taken at all; null when it only needs somebody's word. */
  why: string | null;
  pending: { spec: Spec; hash: string; hidden: number } | null;
  /** GitHub's time of the newest edit; null when it tells none. */
  textAt: string | null;
  at: string;
}

/** What made a version different from the one before. */
export interface VersionNote {
  by: string;
  how: 'edit' | 'label' | 'approval' | 'command';
  diff: string;
  at: string;
}

/** Somebody keeps a task from starting and landing. */
export interface Hold {
  by: string;
  why: string | null;
  at: string;
}

/** Somebody keeps everything in the lane from landing. */
export interface Freeze {
  by: string;
  why: string;
  at: string;
}

export interface Task {
  issue: number;
  title: string;
  state: TaskState;
  version: number;
  spec: Spec;
  specHash: string;
  /** Native "blocked by" links; together with `spec.dependsOn` these are the prerequisites. */
  blockedBy: number[];
  /** The issue's labels that decide something (see task/routing.ts), in lower case and sorted. */
  labels: string[];
  routing: Routing;
  /** What the areas of its labels covered when it was asked for: its files, where its text declares none. */
  areas: string[];
  /** The same in other repositories, as `owner/repo#7`. */
  blockedElsewhere: string[];
  /** Who put the label there. */
  requestedBy: string;
  requestedAt: string;
  /** GitHub's time of the label that counts; null when the server tells none. */
  labelledAt: string | null;
  /** GitHub's time of the label or of the edit that was accepted last: later edits are judged. */
  textAt: string | null;
  /** Hash of the issue's own text as it was accepted last; `specHash` is that of the text with `adjust`. */
  writtenHash: string;
  adjust: Adjustments;
  suspension: Suspension | null;
  /** How the present version came about; null for the first. */
  change: VersionNote | null;
  /** The branch of all its attempts, whatever becomes of the title; null before the first. */
  branch: string | null;
  /** Prerequisites closed as not planned that its people have been asked about. */
  asked: string[];
  /** Whether the label `agent-hold` is set. */
  held: boolean;
  /** A hold by command, besides the label. */
  hold: Hold | null;
  /** When it was cancelled by command, by GitHub's clock: a label set before that does not bring it back. */
  dismissedAt: string | null;
  /** How many hidden pieces of text were taken out of the issue before it was read. */
  hidden: number;
  correlationId: string;
  attempts: number;
  attempt: Attempt | null;
  /** Path patterns that this task holds now (the live claims in the ledger). */
  claims: string[];
  pull: Pull | null;
  /** One for each person, in the order of time; each is bound to what it was given for. */
  approvals: Approval[];
  entry: Entry | null;
  /** The head that the queue ejected last; only a new head or a person brings it back. */
  ejectedHead: string | null;
  escalation: Escalation | null;
  /** What its attempts have led to so far. */
  record: TaskRecord;
  /** How a planner would have it split, or how it was. */
  split: Split | null;
  /** Why the last attempt, approval or entry ended; shown until something better is known. */
  lastReason: string | null;
  /** Since when the task is in its present state. */
  since: string;
  startedAt: string | null;
  landedAt: string | null;
  landedAs: string | null;
}

/** Two tasks whose path patterns overlap while neither has landed. `a < b`. */
export interface Collision {
  a: number;
  b: number;
  paths: string[];
  foreseenAt: string;
  /** When both issues' comments said so; no agent of either starts before. */
  announcedAt: string | null;
}

export type PrerequisiteState = 'open' | 'completed' | 'not-planned' | 'missing';

export interface LaneState {
  owner: string;
  repo: string;
  base: string;
  baseSha: string | null;
  policy: Policy;
  policyHash: string;
  /** Why `.github/signalbox.yml` was not accepted; the last good policy stays in force. */
  policyProblem: string | null;
  /** Checks that GitHub's branch protection and rulesets ask for; the policy's own come on top. */
  requiredChecks: readonly RequiredCheck[];
  frozen: Freeze | null;
  /** Login → when that person was given an answer within the last hour; see commands/limit.ts. */
  asked: Readonly<Record<string, readonly string[]>>;
  nextFence: number;
  nextBuild: number;
  nextEntry: number;
  /** By the agent's name, and the lane's own under `wholeLane`. */
  health: Readonly<Record<string, Health>>;
  spending: Spending;
  tasks: Readonly<Record<number, Task>>;
  /** Issues whose request was refused, with the reason that their people were told. */
  refusals: Readonly<Record<number, string>>;
  /** Prerequisites that are not tasks here. */
  prerequisites: Readonly<Record<number, PrerequisiteState>>;
  /** Waiting task → how many later ones have started before it, though it was ready. */
  passedOver: Readonly<Record<number, number>>;
  /** Prerequisites in other repositories, by `owner/repo#7`. */
  elsewhere: Readonly<Record<string, PrerequisiteState>>;
  /** In the order of `a`, then `b`. */
  collisions: readonly Collision[];
  builds: Readonly<Record<number, Build>>;
  landings: readonly Landing[];
  queue: QueueMemory;
}

/** A worker that asked for work, and when it was last heard of. */
export interface Presence {
  agent: string;
  worker: string;
  seenAt: string;
}

/** All that a decision may look at. */
export interface Snapshot {
  state: LaneState;
  presence: readonly Presence[];
  /** Whether issues are known to have changed and have not been read again yet. */
  hasUnreadIssues: boolean;
  /** Commits whose checks are about to be read again: nothing is said to be late there before that. */
  unreadChecks: readonly string[];
  /** Issue number → when the lease of its present attempt ends. */
  leases: Readonly<Record<number, string>>;
}

export const terminalStates: ReadonlySet<TaskState> = new Set(['completed', 'cancelled', 'failed']);

/** True while the task may still need something; closed tasks are only read as prerequisites. */
export function isLive(task: Task): boolean {
  return !terminalStates.has(task.state);
}

/** True for live tasks and for failed ones, which a person's word starts again: what is asked of them may change. */
export function mayGoOn(task: Task): boolean {
  return isLive(task) || task.state === 'failed';
}

/** True while an attempt of the task is under way. */
export function isAtWork(task: Task): boolean {
  return task.state === 'assigned' || task.state === 'working';
}

/** Found once for each state of the tasks: every waiting task asks about those that are at work. */
const atWork = new WeakMap<LaneState['tasks'], readonly Task[]>();

/** The tasks with an attempt under way. */
export function tasksAtWork(tasks: LaneState['tasks']): readonly Task[] {
  const known = atWork.get(tasks) ?? Object.values(tasks).filter(isAtWork);
  atWork.set(tasks, known);
  return known;
}

/** True while the task is in the human queue. */
export function needsPerson(task: Task): boolean {
  return task.state === 'escalated' || task.state === 'failed';
}

/** Prerequisites of a task in this repository: of its text, native links and its own parts, without repeats. */
export function prerequisitesOf(task: Pick<Task, 'spec' | 'blockedBy' | 'split'>): number[] {
  return [...new Set([...task.spec.dependsOn, ...task.blockedBy, ...partsOf(task)])].sort((x, y) => x - y);
}

/** Prerequisites in other repositories, as `owner/repo#7`, sorted and without repeats. */
export function elsewhereOf(task: Pick<Task, 'spec' | 'blockedElsewhere'>): string[] {
  return [...new Set([...task.spec.dependsElsewhere, ...task.blockedElsewhere])].sort();
}
