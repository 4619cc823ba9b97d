/**
 * What the planner of the merge queue sees, and what it may want. Both are plain data: a snapshot is read from the
 * ledger, and whoever reads it twice at the same time gets the same plan. Nothing is remembered between two plans;
 * all that was learned stands in the snapshot's builds and in the lane's history.
 */

/** One stay of a pull request in the queue. A PR that comes back, or gets a new head, is a new entry. */
export type EntryId = number;

/** A state of the base branch: how many landings came before it. Pushes from outside count as landings of nobody. */
export type BasePosition = number;

export interface QueueEntry {
  readonly id: EntryId;
  /** Order of arrival; no two entries have the same. */
  readonly rank: number;
  /** Higher is served first; 0 unless somebody said otherwise. */
  readonly priority: number;
  /** In ms. */
  readonly enteredAt: number;
  /** Where the base was when it entered. */
  readonly enteredBase: BasePosition;
  /** Entries that must land before it or with it. One that has neither landed nor is in the queue is waited for. */
  readonly prerequisites: readonly EntryId[];
  /** Entries and landings that change a path it changes, or whose ownership overlaps with its own. */
  readonly overlaps: readonly EntryId[];
  /** Entries with which git cannot merge it. */
  readonly conflicts: readonly EntryId[];
  /** Tested and landed by itself: it waits for those before it, and those behind wait for it. Absent: not so. */
  readonly alone?: boolean;
  /** Names the part of the lane's history that its odds are taken from: agent, size, paths, retries. */
  readonly group: string;
  /** The probability that it is good, when something better than the history of its group says so. */
  readonly predicted: number | null;
  /** Its own CI has passed on its head merged with this base. */
  readonly ownCi: BasePosition | null;
}

export type BuildPurpose = 'screen' | 'train' | 'bisect' | 'retest';

/** `interrupted`: the run ended without a verdict on its tree; it counts for nothing. */
export type BuildOutcome = 'running' | 'passed' | 'failed' | 'interrupted';

export interface QueueBuild {
  readonly id: string;
  readonly base: BasePosition;
  /** Merged onto the base in this order. */
  readonly set: readonly EntryId[];
  readonly purpose: BuildPurpose;
  readonly outcome: BuildOutcome;
  /** In ms. */
  readonly startedAt: number;
}

/**
 * - `strict`: the base moves only to a tree that passed as exactly that tree.
 * - `serial`: the same, one entry at a time.
 * - `trust-ownership`: an entry that passed also lands beside others that share no path with it, without a test of
 *   the sum.
 */
export type QueueMode = 'strict' | 'serial' | 'trust-ownership';

export interface QueuePolicy {
  readonly mode: QueueMode;
  /** Builds at one time; Infinity for no limit. */
  readonly builds: number;
  /** Failures of an entry on its own, beyond the first, after which it leaves whatever the odds say. */
  readonly retries: number;
  /** New entries in one candidate, at most. */
  readonly batch: number;
  /** An entry that saw this many landings since it came is served before all others. */
  readonly starvation: number;
}

/** Counts of one kind of event among the chances it had. */
export interface Tally {
  readonly chances: number;
  readonly events: number;
}

/** The lane's own history: what odds and durations are estimated from. Never labels of people. */
export interface LaneHistory {
  /** Per group: entries that were decided, and those among them that were bad. */
  readonly groups: ReadonlyMap<string, Tally>;
  /** Runs of trees that turned out good, and those among them that failed. */
  readonly flakes: Tally;
  /** Landed pairs that share a path and were first tested apart, and those among them that failed together. */
  readonly overlapping: Tally;
  /** The same for pairs that share none. */
  readonly disjoint: Tally;
  /** When the most recent entries came, oldest first, in ms. */
  readonly arrivals: readonly number[];
  /** Recent runs of CI that ended by themselves, in ms. */
  readonly durations: readonly number[];
}

export interface QueueSnapshot {
  /** In ms. */
  readonly at: number;
  /** Landings in order, the first of them at position `landedFrom`; null is a push from outside. */
  readonly landedFrom: BasePosition;
  readonly landed: readonly (EntryId | null)[];
  readonly entries: readonly QueueEntry[];
  /** Every build that contains an entry of the queue, whatever came of it; cancelled ones left out. */
  readonly builds: readonly QueueBuild[];
  readonly policy: QueuePolicy;
  readonly history: LaneHistory;
  /** A freeze keeps testing and stops landing. */
  readonly frozen: boolean;
}

/** `tests-failed`: it fails on the landed base, as often as the lane's flakes ask for. */
export type EjectCode = 'tests-failed';

export type QueueAction =
  | {
      readonly do: 'start';
      readonly base: BasePosition;
      readonly set: readonly EntryId[];
      readonly purpose: BuildPurpose;
    }
  | { readonly do: 'cancel'; readonly build: string; readonly why: 'decided' | 'hopeless' }
  /** `exact` is false only in the mode `trust-ownership`: the sum was not tested. */
  | {
      readonly do: 'land';
      readonly build: string;
      readonly entries: readonly EntryId[];
      readonly exact: boolean;
    }
  | {
      readonly do: 'eject';
      readonly entry: EntryId;
      readonly code: EjectCode;
      /** Failed builds in which everything else has landed. */
      readonly evidence: readonly string[];
      /** The probability, after all tests, that it is bad. */
      readonly odds: number;
    };

export type Wait =
  | { readonly for: 'prerequisite'; readonly entries: readonly EntryId[] }
  | { readonly for: 'conflict'; readonly entries: readonly EntryId[] }
  /** It passed alone and failed together with these: once they have landed or left, one more test decides. */
  | { readonly for: 'company'; readonly entries: readonly EntryId[] }
  /** They stand before it and it is tested alone, or one of them before it is. */
  | { readonly for: 'alone'; readonly entries: readonly EntryId[] }
  /** A running build decides on it. */
  | { readonly for: 'build'; readonly build: string }
  /** It is known to be good, and boards the next car. */
  | { readonly for: 'train' }
  /** All builds of the budget are taken. */
  | { readonly for: 'runner' }
  | { readonly for: 'freeze' };

export interface QueuePlan {
  readonly actions: readonly QueueAction[];
  /** What each entry waits for, in the order in which they are served. */
  readonly waits: readonly { readonly entry: EntryId; readonly wait: Wait }[];
  /** When to plan again though nothing happens, in ms. */
  readonly wakeAt: number | null;
}
