/** What is known of a pull request besides its head, its checks and its verdict, and the gate looks at. */
import { createHash } from 'node:crypto';
import type { Spec } from '../lane/state.ts';

/** A check that must be green. `app` is the id or slug of the App that must report it; null: whoever does. */
export interface RequiredCheck {
  name: string;
  app: number | string | null;
}

/** A review on GitHub that asks for changes and has not been taken back. */
export interface Objection {
  by: string;
  review: number;
}

/** A maintainer accepts the findings of one rule, at one head and one version of the task. */
export interface Override {
  rule: string;
  why: string;
  by: string;
  at: string;
  headSha: string;
  version: number;
}

/** What somebody else than our own rules thinks of a head: it can withhold, and never lets anything through. */
export interface Opinion {
  headSha: string;
  version: number;
  /** `none`: there was no answer, or none that could be understood. */
  verdict: 'pass' | 'withhold' | 'none';
  /** Who was asked, e.g. `llm` and the model's name. */
  by: string;
  summary: string;
}

/** An agent that was asked for its opinion, and when. */
export interface AskedOpinion {
  agent: string;
  headSha: string;
  version: number;
  at: string;
}

export interface GateEvidence {
  /** When the present head was first seen. */
  headAt: string;
  /** The task's version when the present head was first seen. */
  headVersion: number;
  /** What that version asked to be done; see hashWork(). */
  headWork: string;
  /** How often the branch has been force-pushed, as far as that was looked at. */
  forcePushes: number;
  /** The branch that the pull request goes to now, when that is not the lane's. */
  retargeted: string | null;
  objections: Objection[];
  overrides: Override[];
  /** Reviews that have counted once; the same review does not count again after its approval ended. */
  spentReviews: number[];
  /** Checks that reported on the head and that nobody asks for: they may be what a missing one is called now, or claim to be ours. */
  otherChecks: string[];
  opinion: Opinion | null;
  /** Null when no agent is asked at present. */
  asked: AskedOpinion | null;
  /** Which buttons have been answered on this head: once each, so that nobody can make Signalbox flood the PR. */
  answered: string[];
}

/** Tells whether two versions ask for the same work; which files it may touch and what it waits for is no work. */
export function hashWork({ requirements, design, acceptance }: Spec): string {
  return createHash('sha256')
    .update(JSON.stringify([requirements, design, acceptance]))
    .digest('hex')
    .slice(0, 16);
}

type MadeFor = { version: number; spec: Spec };

/** At the moment at which a pull request is first seen. */
export function freshEvidence(at: string, { version, spec }: MadeFor): GateEvidence {
  return {
    headAt: at,
    headVersion: version,
    headWork: hashWork(spec),
    forcePushes: 0,
    retargeted: null,
    objections: [],
    overrides: [],
    spentReviews: [],
    otherChecks: [],
    opinion: null,
    asked: null,
    answered: [],
  };
}

/** What remains true of a pull request when its head moves. */
export function moveHead(evidence: GateEvidence, at: string, { version, spec }: MadeFor): GateEvidence {
  const head = { headAt: at, headVersion: version, headWork: hashWork(spec) };
  return { ...evidence, ...head, overrides: [], otherChecks: [], opinion: null, asked: null, answered: [] };
}
