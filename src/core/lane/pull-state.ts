/** What a lane remembers of a task's PR: its head, what was judged of it, and who approved it. */
import type { GateEvidence } from '../gate/evidence.ts';

export type CheckConclusion =
  | 'pending'
  | 'success'
  | 'failure'
  | 'neutral'
  | 'skipped'
  | 'cancelled'
  | 'timed-out';

/** What one required check says about one commit. */
export interface CheckResult {
  name: string;
  conclusion: CheckConclusion;
  url: string | null;
  /** Why it is pending, where more is known than that it runs. */
  why?: string;
}

export interface Finding {
  rule: string;
  severity: 'fail' | 'warn';
  path: string | null;
  /** In the file as it is at the head, from 1; null when it is about no line, or about one that is gone. */
  line: number | null;
  message: string;
  /** What to do about it, as a sentence. */
  remedy: string;
  /** How many findings of its kind this one stands for; absent: for itself. */
  count?: number;
}

/** The arbiter's judgement of one head at one version of the task. */
export interface Verdict {
  headSha: string;
  /** The base commit that the diff was taken against. */
  baseSha: string;
  version: number;
  /** The policy that was in force when it was judged. */
  policyHash: string;
  findings: Finding[];
  /** Every path that the diff touches, by old and new name; absent where it was not noted. */
  touched?: string[];
  /** Who wrote the commits, as far as GitHub knows them; at most twenty logins. */
  authors: string[];
  /** Whose files the diff touches, by the CODEOWNERS of the base branch. */
  owners: OwnerGroup[];
}

/** Paths of one diff that have the same owners; one of these must approve. */
export interface OwnerGroup {
  /** As CODEOWNERS has them: `@login`, `@org/team` or an e-mail address. */
  owners: string[];
  count: number;
  /** One of the paths. */
  example: string;
}

export interface Approval {
  headSha: string;
  version: number;
  policyHash: string;
  by: string;
  at: string;
  source: 'command' | 'review' | 'policy';
  /** The id of the review on GitHub; null for the other sources. */
  review: number | null;
  /** How often the branch had been force-pushed: away and back gives the same commit, and another number. */
  epoch: number;
  /** Which of the owners that the diff asks for this person speaks for. */
  owns: string[];
}

export interface Pull {
  number: number;
  headSha: string;
  draft: boolean;
  open: boolean;
  merged: boolean;
  /** Checks of `headSha`; emptied when the head moves. */
  checks: CheckResult[];
  verdict: Verdict | null;
  /** What else the gate looks at. */
  gate: GateEvidence;
}
