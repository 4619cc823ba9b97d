/**
 * What was seen outside the ledger: on GitHub, through the agent API, or as the result of an effect. An observation
 * is level-triggered: it says how things are, so that seeing it twice, late or after another changes nothing.
 */
import type { Command } from '../commands/command.ts';
import type { ReadDiff } from '../gate/arbiter.ts';
import type { Opinion, RequiredCheck } from '../gate/evidence.ts';
import type { PolicyReading } from '../policy.ts';
import type { LandedPull } from '../queue/reverting.ts';
import type { ProposedPart } from '../task/parts.ts';
import type { OfferedPull } from './enlisted.ts';
import type { CheckAction, Fact } from './facts.ts';
import type { CheckResult } from './pull-state.ts';
import type { VanishedPatch } from './queue-state.ts';
import type { PrerequisiteState, Spec, Usage } from './state.ts';

export type Permission = 'admin' | 'maintain' | 'write' | 'triage' | 'read' | 'none';

/** An issue as it is now. `spec` is what its text asks for, or why that was refused. */
export interface SeenIssue {
  title: string;
  open: boolean;
  stateReason: string | null;
  ready: boolean;
  held: boolean;
  /** All labels, as they are written. */
  labels: string[];
  /** Who set the label, with the permission that person has now; null when the server keeps no such events. */
  labelledBy: { login: string; permission: Permission } | 'not-seen-yet' | null;
  /** GitHub's time of that; null when the server keeps no such events. */
  labelledAt: string | null;
  /** Who has changed title or text and when, oldest first; null when the server does not tell. */
  edits: { by: { login: string; permission: Permission }; at: string }[] | null;
  author: { login: string; permission: Permission };
  spec: { kind: 'ok'; spec: Spec; hash: string } | { kind: 'refused'; why: string[] };
  blockedBy: number[];
  /** Native links to issues of other repositories, as `owner/repo#7`. */
  blockedElsewhere: string[];
  /** How many hidden pieces of text the issue has. */
  hidden: number;
}

export interface SeenPull {
  number: number;
  headSha: string;
  draft: boolean;
  open: boolean;
  merged: boolean;
  mergeCommitSha: string | null;
  /** The branch that it goes to; absent: not looked at. */
  base?: string;
  /** How often its branch has been force-pushed; absent: not looked at. */
  forcePushes?: number;
}

/** The last word of one person in GitHub's reviews; comments are none. */
export interface SeenReview {
  id: number;
  by: string;
  says: 'approved' | 'changes-requested' | 'dismissed';
  /** The commit that it is about. */
  headSha: string;
  /** Whether the branch was force-pushed since. */
  isStale: boolean;
  permission: Permission;
  /** Which of the diff's owners this person speaks for besides `@login`. */
  owns: string[];
}

/** What an agent says about its attempt. `usage` is what the attempt has used in all, as far as the agent knows. */
export type AgentWord =
  | { kind: 'claimed'; claimId: string; worker: string }
  | { kind: 'heartbeat'; head: string | null; usage?: Usage | undefined }
  | { kind: 'done'; head: string; usage?: Usage | undefined }
  | {
      kind: 'failed';
      class: 'rate-limit' | 'infra' | 'semantic' | 'budget';
      message: string;
      /** How long a rate limit lasts, in milliseconds, where the agent knows. */
      retryAfterMs?: number | undefined;
      usage?: Usage | undefined;
    }
  | { kind: 'escalate'; trigger: string; context: string; options?: string[]; usage?: Usage | undefined }
  | { kind: 'released'; reason: string }
  /** A plan for this version of the task. */
  | {
      kind: 'split';
      version: number;
      summary: string;
      parts: ProposedPart[];
      usage?: Usage | undefined;
    }
  /** The work needs these files too; normalised patterns. */
  | { kind: 'request-paths'; paths: string[]; why: string };

/** A slash command as it was typed; several in one comment are several observations, told apart by `index`. */
export type SeenCommand = { index: number } & (
  | Command
  | { name: 'unknown'; typed: string; suggestion: string | null }
  /** Commands beyond the most that one comment may have. */
  | { name: 'too-many'; count: number }
);

export type Observation =
  | { kind: 'lane'; owner: string; repo: string; base: string }
  /** `paths`: what changed since the base that the lane knew; absent: not looked at. */
  | { kind: 'base'; sha: string; paths?: string[] }
  | { kind: 'policy'; reading: PolicyReading }
  | { kind: 'issue'; issue: number; seen: SeenIssue | null; correlationId: string }
  | { kind: 'prerequisite'; issue: number; state: PrerequisiteState }
  | { kind: 'elsewhere'; reference: string; state: PrerequisiteState }
  | { kind: 'pull'; issue: number; seen: SeenPull | null }
  | ({ kind: 'diff'; issue: number } & ReadDiff)
  /** `others`: the names of checks that nobody asks for. */
  | { kind: 'checks'; sha: string; checks: CheckResult[]; others?: string[] }
  | { kind: 'required-checks'; checks: RequiredCheck[] }
  | {
      kind: 'reviews';
      issue: number;
      headSha: string;
      reviews: SeenReview[];
      /** Those whose approvals are in force, as GitHub knows them now. */
      approvers: { by: string; permission: Permission; owns: string[] }[];
    }
  | { kind: 'opinion'; issue: number; opinion: Opinion }
  | { kind: 'action'; headSha: string; action: CheckAction; by: string; permission: Permission }
  | {
      kind: 'command';
      comment: number;
      /** The issue or PR under which the comment stands. */
      under: number;
      command: SeenCommand;
      by: string;
      /** `unknown`: GitHub did not answer that question. */
      permission: Permission | 'unknown';
      /** When the comment was written, by GitHub's clock, ISO 8601. */
      writtenAt: string;
      /** Which of the diff's owners this person speaks for besides `@login`. */
      owns?: string[];
      /** The open PR to this lane's base under which it was typed, where no task owns it. */
      offered?: OfferedPull;
      /** The open PRs to this lane's base that the command names. */
      named?: { number: number; headSha: string }[];
      /** What `/revert` names, where it has landed. */
      landed?: LandedPull;
    }
  | { kind: 'agent'; issue: number; attempt: number; fence: number; word: AgentWord }
  /** A bundle of an attempt that had ended came in; its newest commit is `sha`. */
  | { kind: 'part-created'; issue: number; version: number; part: number; created: number }
  | { kind: 'part-opened'; issue: number; part: number }
  | { kind: 'late-bundle'; issue: number; attempt: number; fence: number; sha: string }
  /** `branch` is null when a bundle cannot become a branch, for the reason `why`. */
  | {
      kind: 'late-work-kept';
      issue: number;
      number: number;
      branch: string | null;
      isBack: boolean;
      why?: string;
    }
  | { kind: 'branch-opened'; issue: number; attempt: number; fence: number; sha: string }
  /** An open PR of nobody's task that is for this one. */
  | {
      kind: 'pull-found';
      issue: number;
      pull: number;
      headSha: string;
      branch: string;
      draft: boolean;
      by: string;
      /** `fork`: from another repository; `stranger`: by somebody who may not write here. */
      standing: 'trusted' | 'fork' | 'stranger';
    }
  | { kind: 'run-dispatched'; issue: number; attempt: number; fence: number; run: number }
  /** A workflow run as it is now; `conclusion` is null until it is over. Absent: it is not known to have begun. */
  | { kind: 'run'; issue: number; run: number; conclusion: string | null; hasBegun?: boolean }
  | { kind: 'pull-opened'; issue: number; pull: number; headSha: string; draft: boolean }
  | { kind: 'collision-announced'; a: number; b: number }
  | {
      kind: 'candidate';
      build: number;
      result:
        | { kind: 'made'; sha: string; tree: string; steps: string[] }
        /** Git cannot merge this issue's head: with these other issues', or with the base alone when there are none. */
        | { kind: 'conflict'; issue: number; with: number[] }
        /** Not made: these issues' pull requests are not what was approved any more. */
        | { kind: 'outdated'; issues: number[] };
    }
  | {
      kind: 'landing';
      build: number;
      result:
        | { kind: 'landed'; sha: string; tree: string; blobs?: Record<string, string | null> | null }
        | { kind: 'base-is'; sha: string; paths?: string[] }
        /** Not tried: read once more, the candidate's checks are not all green any more. */
        | { kind: 'unproven'; why: string }
        /** Not tried: these issues' pull requests are not what was approved any more. */
        | { kind: 'outdated'; issues: number[] }
        /** Only where the sum is put together at landing. */
        | { kind: 'conflict' }
        /** Not tried, because landings are frozen or held back by a window; the base branch has been read and is not there yet. */
        | { kind: 'withheld' };
    }
  /** What came of merging the base into a task's branch at this head. */
  | {
      kind: 'branch-update';
      issue: number;
      headSha: string;
      baseSha: string;
      result: { kind: 'updated'; sha: string } | { kind: 'conflict' };
    }
  /** Patches of earlier landings that are not there after this one. */
  | { kind: 'audit'; build: number; vanished: VanishedPatch[] }
  | {
      kind: 'revert';
      asked: Extract<Fact, { kind: 'revert-asked' }>;
      result: { kind: 'opened'; offered: OfferedPull } | { kind: 'failed'; why: string };
    }
  | { kind: 'effect-refused'; effect: string; issue: number | null; build: number | null; message: string };
