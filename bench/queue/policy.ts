/**
 * What every policy of the benchmark is to the driver: a pure function of its own state, one event and the time.
 * Signalbox's planner, the policies of other queues and the oracles all stand behind this one interface and live
 * in the same simulated world (`world.ts`), so that their figures can be compared PR by PR.
 *
 * Times are minutes since the start of the run. A PR is named by its number in order of first arrival, from 0.
 *
 * What the driver does for every policy alike, so that none has to:
 * - A PR in textual conflict with an earlier one in the queue is not shown (`arrived`) before that one has left;
 *   when that one lands, the PR goes back to its author and comes later, rebased.
 * - A PR is shown only once each of its prerequisites has landed or is in the queue. When a prerequisite leaves the
 *   queue without landing, its dependants leave with it (`left`) and come again when it comes again.
 * - Builds that find no free runner wait: the highest `priority` first, then the one that was asked for first.
 * - Landing takes no time. A `land` command is carried out before the next event.
 */

export type PrNumber = number;
export type Minutes = number;

/**
 * A state of the base branch: how many PRs have landed before it. `landed[0..base)` of the driver's landing sequence
 * is what it contains. Policies learn it from the `landed` events.
 */
export type Base = number;

/** What a queue can know of a PR. Whether it is good is not among it. */
export interface PrView {
  readonly pr: PrNumber;
  /** 0 for the first time it enters the queue, then 1, 2, … Builds of an earlier attempt say nothing of this one. */
  readonly attempt: number;
  /** When it entered the queue this time, and where it stands in the line: earlier first. */
  readonly arrivedAt: Minutes;
  /** The landed base that its branch contains. */
  readonly branchedFrom: Base;
  /** Ids of the files it changes. Two PRs overlap when they share one. */
  readonly files: readonly number[];
  /** PRs it needs that have not landed: each is in the queue. A candidate that contains it contains them, before it. */
  readonly prerequisites: readonly PrNumber[];
  /** Which of the lane's groups it belongs to (agent, size): groups differ in how often their PRs fail. */
  readonly group: number;
  /** The PR's own CI on its head, merged with `base`, when the scenario has one; it is always green then. */
  readonly ownCi: { readonly base: Base } | null;
  /** A predictor's probability that the PR is good, in the scenarios that have a predictor. */
  readonly predicted: number | null;
}

/** `interrupted`: the runner was lost. It says nothing of the tree. */
export type Outcome = 'passed' | 'failed' | 'interrupted';

export type Event =
  /** A PR entered the queue, for the first time or again (`attempt` > 0). */
  | { readonly kind: 'arrived'; readonly view: PrView }
  /** A PR is no longer in the queue and did not land: the policy ejected it, or a prerequisite of it left. */
  | { readonly kind: 'left'; readonly pr: PrNumber }
  /** A build of this policy ended by itself. Cancelled builds send no event. */
  | {
      readonly kind: 'finished';
      readonly build: string;
      readonly outcome: Outcome;
      readonly startedAt: Minutes;
    }
  /** PRs landed, in this order; `base` is the base branch after them. Sent once per `land` command. */
  | { readonly kind: 'landed'; readonly prs: readonly PrNumber[]; readonly base: Base }
  /** A time came that the policy had asked for. */
  | { readonly kind: 'woken' };

export type Purpose = 'screen' | 'train' | 'bisect' | 'retest';

export type Command =
  /**
   * Asks CI to test the tree of `base` with `set` merged onto it in this order. `build` is the policy's own name for
   * the run, never used twice. The last PR of `set` is the tip: durations and flakes are drawn for (tip, how often it
   * has been tip), so that equal behaviour meets equal luck. `set` holds no PR twice and none that `base` contains.
   */
  | {
      readonly do: 'build';
      readonly build: string;
      readonly base: Base;
      readonly set: readonly PrNumber[];
      readonly purpose: Purpose;
      /** Who gets a runner first when there are too few; 0 unless said. */
      readonly priority?: number;
    }
  /** Ends a running or waiting build. The minutes it ran are charged. */
  | { readonly do: 'cancel'; readonly build: string }
  /**
   * Moves the base branch to the tree of a passed build: lands all of its set that has not landed. Strict policies
   * may do so only when everything that landed since the build's base is in its set; the driver stops the run
   * otherwise. Policies of the class `lanes` need not, and the driver counts how often that broke the base.
   */
  | { readonly do: 'land'; readonly build: string }
  /** Sends a PR back to its author. `code` is for reports only. */
  | { readonly do: 'eject'; readonly pr: PrNumber; readonly code: string }
  /** Asks for a `woken` event at this time (once; a time that has passed means now). */
  | { readonly do: 'wake'; readonly at: Minutes };

/** What a policy is told before the first event. */
export interface Setting {
  /** Runners; Infinity for as many as one likes. */
  readonly runners: number;
  /** Median duration of a CI run, in minutes. */
  readonly ciMinutes: Minutes;
}

/**
 * - `strict`: lands only trees that passed as exactly those trees; the driver asserts it.
 * - `lanes`: lands PRs side by side without a test of their sum.
 * - `bound`: knows what nobody can know (the oracles).
 */
export type PolicyClass = 'strict' | 'lanes' | 'bound';

export interface Policy<State> {
  /** As it stands in tables, with the configuration: `Zuul, window 20`. */
  readonly name: string;
  readonly class: PolicyClass;
  start(setting: Setting): State;
  /**
   * One event. The driver never uses a state again that it has handed over, so `step` may change it in place; beyond
   * that it is pure: no clock, no randomness, nothing remembered outside of `state`. Commands are carried out in
   * their order. An event may arrive twice; strict policies must survive that.
   */
  step(
    state: State,
    event: Event,
    at: Minutes,
  ): { readonly state: State; readonly commands: readonly Command[] };
}
