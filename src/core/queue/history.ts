/** Estimates from a lane's history. Each starts from a guess and leaves it as the lane's own events come in. */
import type { LaneHistory, QueueEntry, Tally } from './snapshot.ts';

/** The mean of a Beta distribution: `weight` imagined chances at the rate `guess`, and then what was seen. */
function estimate(tally: Tally | undefined, guess: number, weight: number): number {
  return ((tally?.events ?? 0) + guess * weight) / ((tally?.chances ?? 0) + weight);
}

export interface Estimates {
  /** That a run of a good tree fails. */
  readonly flake: number;
  /** That two entries which share a path, both good, fail together. */
  readonly overlapping: number;
  /** The same for entries that share none. */
  readonly disjoint: number;
  /** Median duration of CI, in ms. */
  readonly duration: number;
  /** Entries that come during one run of CI. */
  readonly arrivals: number;
  /** That an untested entry is bad. */
  bad(entry: QueueEntry): number;
}

const unknownDuration = 10 * 60_000;

export function medianOf(values: readonly number[], otherwise: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? otherwise;
}

/** Entries that come during one run of CI, by the pace of the latest. */
function arrivalsPerRun(history: LaneHistory, duration: number, at: number): number {
  const [first] = history.arrivals;
  return first === undefined || at <= first ? 0 : (history.arrivals.length * duration) / (at - first);
}

export function estimateFrom(history: LaneHistory, at: number): Estimates {
  let events = 0;
  let chances = 0;
  for (const tally of history.groups.values()) {
    events += tally.events;
    chances += tally.chances;
  }
  const lane = estimate({ events, chances }, 0.1, 60);
  const groups = new Map([...history.groups].map(([key, tally]) => [key, estimate(tally, lane, 20)]));
  const duration = medianOf(history.durations, unknownDuration);
  return {
    flake: estimate(history.flakes, 0.01, 200),
    overlapping: estimate(history.overlapping, 0.04, 50),
    disjoint: estimate(history.disjoint, 0.00003, 50_000),
    duration,
    arrivals: arrivalsPerRun(history, duration, at),
    bad: ({ group, predicted }) => (predicted === null ? (groups.get(group) ?? lane) : 1 - predicted),
  };
}
