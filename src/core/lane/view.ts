/**
 * What people see of a lane, computed from its state and never stored: the coordination plan and the queue.
 * The dashboard, `/api/v1` and the comments on GitHub all speak from these.
 */
import type { Freeze, TaskState, VersionNote } from './state.ts';

/**
 * One thing a task waits for. `command` is what a person can type to change it; null when nothing needs doing. `next`
 * is when it ends, is tried or is given up by itself, ISO 8601; absent when only news can change it.
 */
export interface Wait {
  kind:
    | 'grace'
    | 'backoff'
    | 'breaker'
    | 'budget'
    | 'edit'
    | 'spec'
    | 'dependency'
    | 'overlap'
    | 'agent'
    | 'limit'
    | 'hold'
    | 'freeze'
    | 'announcement'
    | 'branch'
    | 'worker'
    | 'work'
    | 'checks'
    | 'arbiter'
    | 'approval'
    | 'queue'
    | 'build'
    | 'human'
    | 'base'
    | 'policy';
  what: string;
  since: string;
  command: string | null;
  next?: string;
}

/** One row of the coordination plan. */
export interface PlanRow {
  issue: number;
  title: string;
  branch: string | null;
  owns: string[];
  dependsOn: number[];
  /** What of its paths the policy protects: a person must approve those changes. */
  protectedPaths: string[];
  priority: 'high' | 'normal' | 'low';
  /** Prerequisites in other repositories, as `owner/repo#7`. */
  dependsElsewhere: string[];
  agent: string | null;
  worker: string | null;
  state: TaskState;
  /** The state, or where the entry stands once approved: `queued`, `testing`, `landing`. */
  status: string;
  pull: number | null;
  version: number;
  /** What made this version; null for the first. */
  change: VersionNote | null;
  attempts: number;
  waitsOn: Wait[];
  /** Why the last attempt, approval or entry ended, or the task; null when nothing of it is worth saying. */
  reason: string | null;
  since: string;
  startedAt: string | null;
  landedAt: string | null;
  landedAs: string | null;
}

/** One row of the queue, in landing order. */
export interface QueueRow {
  position: number;
  issue: number;
  title: string;
  pull: number;
  headSha: string;
  status: 'queued' | 'testing' | 'landing';
  build: number | null;
  enteredAt: string;
  /** When it will probably land, ISO 8601; null when the lane knows too little, or it takes longer than it knows. */
  lands: { from: string; to: string } | null;
  waitsOn: Wait[];
}

/** One question in the human queue, most urgent first. */
export interface EscalationRow {
  issue: number;
  title: string;
  pull: number | null;
  /** Who worked on it; null when nobody did. */
  agent: string | null;
  trigger: string;
  context: string;
  by: string;
  /** What earlier attempts came to, oldest first. */
  tried: string[];
  /** `/resume A` picks the first. */
  options: string[];
  /** The task's priority and one for every hour of waiting. */
  priority: number;
  /** Asked about for the second time or more. */
  complex: boolean;
  since: string;
  /** How often people were told again. */
  repeats: number;
}

/** One lane as the dashboard and `/api/v1/lanes/{owner}/{repo}/{base}` show it. Times are ISO 8601. */
export interface LaneView {
  owner: string;
  repo: string;
  base: string;
  baseSha: string | null;
  policyProblem: string | null;
  /** Why nothing lands at present; null when it does. */
  frozen: Freeze | null;
  /** The windows of the policy that keep everything from landing now, and until when; null when none does. */
  closed: { until: string; what: string } | null;
  /** Grows with every change: lets a live page know whether it is current. */
  revision: number;
  at: string;
  plan: PlanRow[];
  queue: QueueRow[];
  escalations: EscalationRow[];
  collisions: { a: number; b: number; paths: string[]; announcedAt: string | null }[];
  landings: {
    sha: string;
    tree: string;
    testedSha: string;
    testedTree: string;
    /** False: what landed was never tested as a whole (`trust-ownership`). */
    exact: boolean;
    at: string;
    issues: number[];
    pulls: number[];
  }[];
  agents: { agent: string; worker: string; seenAt: string; issue: number | null }[];
}
