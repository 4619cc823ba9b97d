/** What a lane remembers of its queue: entries, builds, landings, and what they have taught it. */
import type { BuildPurpose } from '../queue/snapshot.ts';
import type { CheckResult } from './pull-state.ts';

/** An approved PR in the queue. */
export interface Entry {
  headSha: string;
  enteredAt: string;
  /** Grows with every entry of the lane: the order of arrival. It names this stay in the queue. */
  order: number;
  /** The position of the base branch when it entered. */
  base: number;
  /** The part of the lane's history that its odds are taken from. */
  group: string;
  /** What it changes and what it owns, as patterns. */
  paths: string[];
  /** Stays in the queue (`order`) that git cannot merge it with. */
  conflicts: number[];
}

export interface BuildEntry {
  issue: number;
  pull: number;
  headSha: string;
  /** The stay in the queue; absent where a build was started before stays were told apart. */
  order?: number;
}

/** `interrupted`: CI ended without a verdict on the candidate; it counts for nothing. */
export type BuildState =
  | 'preparing'
  | 'testing'
  | 'passed'
  | 'landing'
  | 'landed'
  | 'failed'
  | 'interrupted'
  | 'abandoned';

/** What is on its way to the base branch: these entries, from this commit of it. */
export interface Flight {
  before: string;
  entries: BuildEntry[];
  /** Whether the tree that lands is the tree that was tested; false only by the policy `trust-ownership`. */
  exact: boolean;
}

/** One CI run of one candidate: the base plus entries, made to be tested. */
export interface Build {
  number: number;
  state: BuildState;
  /** `try`: asked for by a person, never lands. */
  purpose: BuildPurpose | 'try';
  /** The position of the base branch that it was started from. */
  base: number;
  baseSha: string;
  /** The build whose candidate this one goes on from; null when it starts from the base. */
  parent: number | null;
  entries: BuildEntry[];
  sha: string | null;
  tree: string | null;
  /** The commit after each entry, in order; the last is `sha`. Empty until the candidate is made. */
  steps: string[];
  checks: CheckResult[];
  startedAt: string;
  endedAt: string | null;
  reason: string | null;
  /** Whether it still says something: it runs, or one of its entries is in the queue. */
  open: boolean;
  /** How often it was sent on its way to the base branch. */
  tries: number;
  flight: Flight | null;
}

/** A patch that had landed and is not there any more: what the newest landing was found to have undone. */
export interface VanishedPatch {
  build: number;
  path: string;
}

/** The base branch moved to a passed candidate, with its proof: `tree` was read back after the move. */
export interface Landing {
  build: number;
  sha: string;
  tree: string;
  testedSha: string;
  testedTree: string;
  entries: BuildEntry[];
  at: string;
  exact: boolean;
  /** The position of the base branch after it. */
  position: number;
  /** The paths it changed, each with the id of its content afterwards, null when it is removed; null: not known. */
  blobs: Record<string, string | null> | null;
  /** What the audit of the landings before it found; null until it was made. */
  audit: VanishedPatch[] | null;
}

/** How often something happened among its chances. */
export interface Count {
  chances: number;
  events: number;
}

/** What the lane has learned from its builds: the planner's odds and durations come from here. Bounded. */
export interface QueueHistory {
  groups: Readonly<Record<string, Count>>;
  flakes: Count;
  overlapping: Count;
  disjoint: Count;
  /** Of recent runs of CI, in ms, oldest first. */
  durations: readonly number[];
  /** When the most recent entries came, in ms since 1970, oldest first. */
  arrivals: readonly number[];
  /** How long recent entries that landed were in the queue, in ms, oldest first. */
  stays: readonly number[];
}

/** A step of the base branch: an entry that landed, or a push from outside (`order` null). */
export interface BaseStep {
  order: number | null;
  paths: string[];
}

/** What the queue remembers beyond its entries and builds. */
export interface QueueMemory {
  /** The position of the base branch before the first of `steps`. */
  from: number;
  /** As far back as any open build goes. */
  steps: readonly BaseStep[];
  history: QueueHistory;
}
