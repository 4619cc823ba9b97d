/**
 * The words of the journal. A fact is something that has happened, in the past tense; folding a lane's facts in
 * order gives its state. Facts are made by `interpret` (from what was observed) and by `decide` (what follows),
 * never by an effect directly.
 */
import type { Objection, Opinion, Override, RequiredCheck } from '../gate/evidence.ts';
import type { Policy } from '../policy.ts';
import type { Dependant, LandedPull } from '../queue/reverting.ts';
import type { AfterEjection, EjectionEvidence, OtherWork } from '../task/ejection-record.ts';
import type { ProposedPart } from '../task/parts.ts';
import type { AttemptEnd } from '../task/record.ts';
import type { OfferedPull } from './enlisted.ts';
import type { CheckResult, Verdict } from './pull-state.ts';
import type { Build, BuildEntry, Flight, Landing, VanishedPatch } from './queue-state.ts';
import type {
  Adjustments,
  Escalation,
  Job,
  PrerequisiteState,
  Routing,
  Spec,
  Suspension,
  TaskState,
  Usage,
  VersionNote,
  Via,
} from './state.ts';

export type FactBody =
  | { kind: 'lane-opened'; owner: string; repo: string; base: string }
  | { kind: 'lane-renamed'; owner: string; repo: string }
  /** `position`: of the base branch afterwards; absent in journals older than positions. */
  | { kind: 'base-moved'; sha: string; by: 'first-sight' | 'landing' | 'outside'; position?: number }
  | { kind: 'policy-read'; policy: Policy; hash: string }
  | { kind: 'policy-refused'; problem: string }
  | {
      kind: 'task-requested';
      issue: number;
      spec: Spec;
      specHash: string;
      blockedBy: number[];
      blockedElsewhere: string[];
      requestedBy: string;
      labelledAt: string | null;
      hidden: number;
      /** The paths of its labels' areas; absent: none. */
      areas?: string[];
      correlationId: string;
    }
  /** A PR that no task owns was brought to the queue; `issue` is its own number. */
  | { kind: 'pull-enlisted'; issue: number; offered: Omit<OfferedPull, 'number'>; by: string }
  /** Somebody wants a landed PR taken back; `index` tells several commands of one comment apart. */
  | { kind: 'revert-asked'; comment: number; index: number; under: number; landed: LandedPull; by: string }
  /** `refusal`: why the word of whoever asked does not count as an approval; null when it does. */
  | {
      kind: 'revert-opened';
      under: number;
      reverts: number;
      pull: number;
      dependants: Dependant[];
      refusal: string | null;
    }
  | { kind: 'revert-failed'; under: number; reverts: number; why: string }
  | { kind: 'request-refused'; issue: number; why: string }
  | { kind: 'request-withdrawn'; issue: number }
  | {
      kind: 'version-accepted';
      issue: number;
      version: number;
      spec: Spec;
      specHash: string;
      adjust: Adjustments;
      writtenHash: string;
      textAt: string | null;
      hidden: number;
      by: string;
      how: VersionNote['how'];
      diff: string;
      /** What it owns from now on, where it owned anything. */
      claims: string[];
    }
  | { kind: 'attempt-superseded'; issue: number; attempt: number; version: number }
  | {
      kind: 'edit-suspended';
      issue: number;
      by: string | null;
      why: string | null;
      pending: Suspension['pending'];
      textAt: string | null;
    }
  | { kind: 'edit-settled'; issue: number; writtenHash: string; textAt: string | null }
  | { kind: 'dependencies-linked'; issue: number; blockedBy: number[]; blockedElsewhere: string[] }
  | { kind: 'prerequisite-questioned'; issue: number; prerequisite: string }
  | { kind: 'elsewhere-seen'; reference: string; state: PrerequisiteState }
  | { kind: 'prerequisite-seen'; issue: number; state: PrerequisiteState }
  | { kind: 'task-held'; issue: number; held: boolean }
  | { kind: 'labels-read'; issue: number; labels: string[] }
  | { kind: 'task-routed'; issue: number; routing: Partial<Routing> }
  /** Claims that a task's diff has made needful: a shared joint, its own files that others had, or files outside. */
  | { kind: 'claims-expanded'; issue: number; paths: string[] }
  | { kind: 'claims-released'; issue: number; paths: string[]; reason: string }
  | { kind: 'hold-set'; issue: number; by: string; why: string | null }
  | { kind: 'hold-lifted'; issue: number; by: string }
  | { kind: 'lane-frozen'; by: string; why: string }
  | { kind: 'lane-unfrozen'; by: string }
  | { kind: 'collision-foreseen'; a: number; b: number; paths: string[] }
  | { kind: 'collision-announced'; a: number; b: number }
  | {
      kind: 'task-assigned';
      issue: number;
      attempt: number;
      fence: number;
      version: number;
      agent: string;
      via: Via;
      /** Absent: to do the task. */
      job?: Job;
      branch: string;
      baseSha: string;
      claims: string[];
    }
  | { kind: 'branch-opened'; issue: number; attempt: number; sha: string }
  | {
      kind: 'pull-adopted';
      issue: number;
      attempt: number;
      pull: number;
      headSha: string;
      draft: boolean;
      branch: string;
      /** The PR without work that it takes the place of. */
      replaces: number | null;
      by: string;
    }
  | {
      kind: 'pull-refused';
      issue: number;
      pull: number;
      instead: number | null;
      why: 'trusted' | 'fork' | 'stranger';
      by: string;
    }
  | { kind: 'run-dispatched'; issue: number; attempt: number; run: number }
  | { kind: 'pull-opened'; issue: number; pull: number; headSha: string; draft: boolean }
  | { kind: 'work-started'; issue: number; attempt: number; claimId: string | null; worker: string | null }
  | { kind: 'head-moved'; issue: number; sha: string }
  | { kind: 'draft-changed'; issue: number; draft: boolean }
  | { kind: 'arbiter-judged'; issue: number; verdict: Verdict }
  | { kind: 'checks-reported'; issue: number; sha: string; checks: CheckResult[]; others?: string[] }
  | { kind: 'work-done'; issue: number; attempt: number; by: string }
  | { kind: 'progress-seen'; issue: number; attempt: number; head: string }
  | { kind: 'run-seen'; issue: number; attempt: number }
  | { kind: 'lease-extended'; issue: number; attempt: number; evidence: string }
  | { kind: 'usage-reported'; issue: number; attempt: number; usage: Usage }
  | { kind: 'budget-warned'; issue: number; attempt: number; what: string }
  | { kind: 'paths-requested'; issue: number; attempt: number; paths: string[]; why: string; by: string }
  /** `by`: the planner. Its attempt is over. */
  | {
      kind: 'split-proposed';
      issue: number;
      attempt: number;
      version: number;
      by: string;
      summary: string;
      parts: ProposedPart[];
    }
  /** `by`: a login, or `policy`. */
  | { kind: 'split-accepted'; issue: number; by: string }
  | { kind: 'part-created'; issue: number; part: number; created: number }
  | { kind: 'part-opened'; issue: number; part: number }
  /** With them the task is completed. */
  | { kind: 'parts-completed'; issue: number }
  | { kind: 'attempt-ended'; issue: number; attempt: number; end: AttemptEnd; reason: string }
  | { kind: 'attempts-exhausted'; issue: number; reason: string }
  /** A person wants a new attempt. `guidance` answers what was asked; `afresh` starts it from a clean branch. */
  | { kind: 'resumed'; issue: number; by: string; guidance: string | null; afresh: boolean }
  /** A person wants the entry that the queue ejected to be built again. */
  | { kind: 'rebuild-asked'; issue: number; by: string }
  | { kind: 'escalation-repeated'; issue: number; times: number }
  /** On the task's branch, which goes back to `to`; or in the late bundle of the attempt with the fence `bundle`. */
  | {
      kind: 'late-work-found';
      issue: number;
      attempt: number;
      branch: string;
      sha: string;
      to: string;
      bundle?: number;
    }
  /**
   * `branch` is null when it could not be kept there, for the reason `why`; `isBack`: the task's branch is where it was
   * before.
   */
  | {
      kind: 'late-work-kept';
      issue: number;
      number: number;
      branch: string | null;
      isBack: boolean;
      why?: string;
    }
  | { kind: 'grace-started'; issue: number; headSha: string; version: number; until: string }
  /** `agent` is a name, or `wholeLane`. */
  | { kind: 'agent-paused'; agent: string; why: 'rate-limit' | 'failures'; ms: number; reason: string }
  | { kind: 'breaker-closed'; agent: string; by: string }
  | {
      kind: 'approved';
      issue: number;
      headSha: string;
      version: number;
      policyHash: string;
      by: string;
      /** Absent: a command. */
      source?: 'review' | 'policy';
      review?: number;
      owns?: string[];
    }
  /** `by`: only this person's; absent: all of them. */
  | { kind: 'approval-voided'; issue: number; reason: string; by?: string }
  | GateFact
  | { kind: 'queue-entered'; issue: number; headSha: string; group?: string; paths?: string[] }
  | {
      kind: 'entry-ejected';
      issue: number;
      code: EjectionCode;
      reason: string;
      evidence?: EjectionEvidence;
      /** Absent in journals older than ejections that are given back. */
      after?: AfterEjection;
    }
  /** Something landed in files of the task: its branch is behind. */
  | { kind: 'base-overlapped'; issue: number; sha: string; paths: string[]; by: OtherWork[] }
  | { kind: 'update-asked'; issue: number; by: string }
  /** The branch has the base up to `baseSha`; `sha` is its head. */
  | { kind: 'branch-updated'; issue: number; sha: string; baseSha: string }
  | {
      kind: 'update-conflicted';
      issue: number;
      reason: string;
      evidence: EjectionEvidence;
      after: AfterEjection;
    }
  /** Git cannot merge the two: the later one waits until the earlier one lands or leaves. */
  | { kind: 'conflict-found'; issue: number; with: number }
  | { kind: 'escalated'; issue: number; escalation: Question }
  | { kind: 'task-completed'; issue: number; sha: string }
  | { kind: 'task-cancelled'; issue: number; reason: string }
  /** The label that was on the issue at this time, by GitHub's clock, asks for nothing any more. */
  | { kind: 'request-dismissed'; issue: number; dismissedAt: string }
  | {
      kind: 'build-started';
      build: number;
      baseSha: string;
      entries: BuildEntry[];
      purpose?: Build['purpose'];
      base?: number;
      parent?: number;
    }
  | { kind: 'candidate-made'; build: number; sha: string; tree: string; steps?: string[] }
  | { kind: 'build-reported'; build: number; checks: CheckResult[] }
  | { kind: 'build-passed'; build: number }
  | { kind: 'build-failed'; build: number; reason: string }
  | { kind: 'build-interrupted'; build: number; reason: string }
  | { kind: 'build-abandoned'; build: number; reason: string }
  | { kind: 'landing-decided'; build: number; flight: Flight }
  /** It has not landed; what it proved stays. */
  | { kind: 'landing-missed'; build: number; reason: string }
  | { kind: 'landed'; landing: LandedBody }
  | { kind: 'landing-audited'; build: number; vanished: VanishedPatch[] }
  | { kind: 'pull-closed'; issue: number; merged: boolean }
  | {
      kind: 'command-decided';
      comment: number;
      /** Which of the comment's commands this is, from 0. */
      index: number;
      /** The issue or PR under which the comment stands. */
      under: number;
      issue: number | null;
      command: string;
      by: string;
      outcome: CommandOutcome;
      detail: string;
    };

/** What a person is asked. `options`: the ways on that whoever asks can see. */
export type Question = Pick<Escalation, 'trigger' | 'context' | 'by'> & { options?: string[] };
/** What happens to a pull request on its way through the gate; folded in gate/fold-gate.ts. */
export type GateFact =
  | { kind: 'required-checks-read'; checks: RequiredCheck[] }
  | { kind: 'force-pushed'; issue: number; count: number }
  | { kind: 'pull-retargeted'; issue: number; base: string | null }
  | { kind: 'objections-changed'; issue: number; objections: Objection[] }
  | { kind: 'approver-checked'; issue: number; by: string; owns: string[] }
  | { kind: 'rule-overridden'; issue: number; override: Omit<Override, 'at'> }
  | { kind: 'opinion-asked'; issue: number; agent: string; headSha: string; version: number }
  | { kind: 'opinion-given'; issue: number; opinion: Opinion }
  | {
      kind: 'action-requested';
      issue: number;
      action: CheckAction;
      by: string;
      outcome: 'done' | 'denied';
      headSha: string;
    };

/** The buttons of `signalbox/arbiter`. */
export type CheckAction = 'retry' | 'explain' | 'override';

/**
 * `refused`: allowed to this person, but not possible as things stand; `detail` says why and what to do. `limited`:
 * this person has had too many answers within an hour; told once, with their number as `detail`, then not any more.
 */
export type CommandOutcome = 'done' | 'denied' | 'refused' | 'unknown' | 'limited';

export type EjectionCode =
  | 'conflict'
  | 'checks-failed'
  | 'head-moved'
  | 'approval-void'
  | 'pull-closed'
  | 'check-timeout'
  | 'interrupted'
  | 'refused';

/** A landing as it is reported; journals older than the audit have only the first six. */
export type LandedBody = Omit<Landing, 'at' | 'audit' | 'exact' | 'position' | 'blobs'> &
  Partial<Pick<Landing, 'exact' | 'position' | 'blobs'>>;

export type FactKind = FactBody['kind'];

/** A fact with the database's time at which it was recorded, ISO 8601. */
export type Fact = FactBody & { at: string };

/** Facts that move a task from one state to another: the columns of the lifecycle table. */
export type LifecycleEvent = Extract<
  FactKind,
  | 'task-requested'
  | 'pull-enlisted'
  | 'version-accepted'
  | 'attempt-superseded'
  | 'task-assigned'
  | 'work-started'
  | 'work-done'
  | 'split-proposed'
  | 'attempt-ended'
  | 'attempts-exhausted'
  | 'resumed'
  | 'approved'
  | 'approval-voided'
  | 'entry-ejected'
  | 'escalated'
  | 'task-completed'
  | 'parts-completed'
  | 'task-cancelled'
>;

/** The issue that a fact is about, or null when it is about the lane. */
export function issueOf(fact: FactBody): number | null {
  return 'issue' in fact ? fact.issue : null;
}

/** Every state a task can be in, in the order in which an undisturbed task passes through them. */
export const taskStates = [
  'waiting',
  'assigned',
  'working',
  'in-review',
  'approved',
  'completed',
  'escalated',
  'failed',
  'cancelled',
] as const satisfies readonly TaskState[];
