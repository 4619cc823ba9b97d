/** The numbers of the policy, found by simulation (`npm run bench:queue`). They are guesses of speed, not of safety. */
export interface Tuning {
  /** An entry boards the train while its odds of being bad are at most this. */
  readonly board: number;
  /** An untested entry rides a car while it is expected to hold up at most so many: its odds of being bad, times the entries that come during one run of CI. */
  readonly ride: number;
  /** An untested entry joins a car while the car's odds of passing stay at least this. */
  readonly fresh: number;
  /** The same when more entries wait than runners are free. */
  readonly crowdedFresh: number;
  /** A screen takes overlapping entries along whose own odds of being bad are at most this. */
  readonly context: number;
  /** New members of one build have at least these joint odds of being good, when runners are free. */
  readonly group: number;
  /** The same when more entries wait than runners are free. */
  readonly crowdedGroup: number;
  /** Cars that depart per duration of CI, at most. */
  readonly cars: number;
  /** Share of a limited budget that cars may take. */
  readonly carShare: number;
  /** Entries that board one car; more depart in several cars at the same time. */
  readonly carSize: number;
  /** When more entries wait than runners are free, a car of known entries alone carries at least this many. */
  readonly worth: number;
  /** Builds are scarce when there are fewer than this for each entry that comes during one run of CI. */
  readonly scarce: number;
  /** A car of known entries takes untested ones along while its odds of passing stay at least this. */
  readonly mix: number;
  /** An entry leaves when its odds of being bad reach this. */
  readonly blame: number;
  /** A candidate with lower odds of passing covers nobody, and no car is started with such. */
  readonly cover: number;
  /** The same for its untested members. */
  readonly coverUntested: number;
  /** After a failure the train goes on with as many entries as pass together with at least these odds. */
  readonly doubt: number;
  /** A running build with lower odds of passing, from which nothing else is to be learned, is cancelled. */
  readonly hopeless: number;
}

export const defaultTuning: Tuning = {
  board: 0.15,
  ride: 1,
  fresh: 0.35,
  crowdedFresh: 0.52,
  context: 0.35,
  group: 0.97,
  crowdedGroup: 0.59,
  cars: 14,
  carShare: 0.2,
  carSize: 10,
  worth: 8,
  scarce: 1.5,
  mix: 0.5,
  blame: 0.997,
  cover: 0.13,
  coverUntested: 0.35,
  doubt: 0.5,
  hopeless: 0.1,
};
