/** What is remembered of work that did not fit. */
import type { CheckResult } from '../lane/pull-state.ts';

/**
 * What follows an ejection. `agent`: a new attempt, by itself; `person`: somebody is asked; `author`: whoever works on
 * the branch looks at it, because no agent of Signalbox's does, or because nothing was found wrong with the work.
 */
export type AfterEjection = 'agent' | 'person' | 'author';

/** A build that the work was part of: with whom, and how it ended. */
export interface TestedIn {
  build: number;
  outcome: 'passed' | 'failed';
  baseSha: string;
  sha: string | null;
  tree: string | null;
  /** The other pull requests in it. */
  with: number[];
}

/** Another task's work, at one commit. */
export interface OtherWork {
  issue: number;
  pull: number;
  headSha: string;
}

/** What an ejection rests on. */
export interface EjectionEvidence {
  builds: number[];
  /** The checks that ended without success, with their links. */
  checks: CheckResult[];
  /** PRs that were in those candidates with it and have not landed. */
  peers: number[];
  /** The probability, after all tests, that it is bad; null where no odds were asked. */
  odds: number | null;
  /** Attempts that follow by themselves. */
  attemptsLeft: number;
  /** Whether it passed or failed, and in whose company; absent in journals older than that. */
  tested?: TestedIn[];
  /** Work that landed meanwhile, or was tested with it, and that it may not agree with. */
  others?: OtherWork[];
  /** Files that git cannot merge, where they are known. */
  paths?: string[];
}

/** Something landed in files of a task whose branch does not have it. */
export interface Behind {
  /** The base branch afterwards. */
  sha: string;
  /** The files that both touch, as patterns. */
  paths: string[];
  /** Whose work it was; nobody's for a push from outside. */
  by: OtherWork[];
  at: string;
}

/** One time at which the work did not fit, at one head. */
export interface Ejection {
  code: 'checks-failed' | 'conflict';
  reason: string;
  evidence: EjectionEvidence;
  at: string;
  version: number;
  /** Whose work it was; null when nobody of ours worked on it. */
  attempt: number | null;
  headSha: string;
  /** Whether what follows from it has followed. */
  isSettled: boolean;
  /** Whether a person has answered since. */
  isForgiven: boolean;
}
