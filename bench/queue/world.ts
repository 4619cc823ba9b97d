/**
 * The simulated world: which PRs come when, which of them are bad, which pairs conflict, how long each CI run takes
 * and which runs flake. All of it is fixed by the scenario and the seed before any policy acts.
 */
import { drawFiles } from './files.ts';
import { draw, drawNormal } from './hash.ts';

export interface Scenario {
  readonly name: string;
  /** PRs that arrive, first attempts only. */
  readonly count: number;
  /** Poisson arrivals per hour. */
  readonly perHour: number;
  /** Keeps this many in the queue instead of Poisson arrivals; the run then ends after `hours`. */
  readonly backlog: number | null;
  readonly hours: number | null;
  readonly runners: number;
  readonly ciMinutes: number;
  /** Spread of the lognormal CI duration; 0 makes every run take the median. */
  readonly ciSigma: number;
  /** Mean probability that a PR is bad. A quarter of the PRs is in a riskier group. */
  readonly bad: number;
  readonly flake: number;
  /** Probability that a run is lost with its runner. */
  readonly interrupted: number;
  /** Probability that two PRs share a file, unless `trace` gives files. */
  readonly overlap: number;
  /** Files per PR in trace order; a run takes a window of it that depends on the seed. */
  readonly trace: readonly (readonly number[])[] | null;
  readonly semantic: number;
  readonly textual: number;
  /** Partners among the arrivals of one hour with which a PR collides though they share no file. */
  readonly midAir: number;
  readonly dependent: number;
  /** The PR's own CI was green before it entered. */
  readonly ownCi: boolean;
  /** Share of PRs of which a predictor foresees the truth; null without a predictor. */
  readonly predictor: number | null;
  /** Median minutes of work between branching and entering the queue. */
  readonly workMinutes: number;
  /** Minutes until a PR that was sent back comes again. */
  readonly reworkMinutes: number;
}

export const baseScenario: Scenario = {
  name: 'base',
  count: 240,
  perHour: 5,
  backlog: null,
  hours: null,
  runners: Number.POSITIVE_INFINITY,
  ciMinutes: 10,
  ciSigma: 0.25,
  bad: 0.1,
  flake: 0.01,
  interrupted: 0,
  overlap: 0.06,
  trace: null,
  semantic: 0.04,
  textual: 0.2,
  midAir: 0.01,
  dependent: 0.1,
  ownCi: false,
  predictor: null,
  workMinutes: 30,
  reworkMinutes: 30,
};

const topics = {
  arrival: 1,
  group: 2,
  bad: 3,
  work: 4,
  semantic: 7,
  textual: 8,
  midAir: 9,
  dependent: 10,
  prerequisite: 11,
  duration: 12,
  flake: 14,
  interrupted: 15,
  predictor: 16,
  window: 17,
};

/** Shares of PRs per group and how often, relative to the mean, a PR of the group is bad. */
const groups = [
  { share: 0.75, factor: 0.6 },
  { share: 0.25, factor: 2.2 },
];

export interface WorldPr {
  readonly pr: number;
  /** First arrival; 0 for all when the scenario keeps a backlog. */
  readonly arrivesAt: number;
  readonly workMinutes: number;
  readonly bad: boolean;
  readonly group: number;
  readonly files: readonly number[];
  readonly prerequisites: readonly number[];
  readonly predicted: number | null;
  /** PRs whose merge with this one git refuses. */
  readonly textual: readonly number[];
  /** PRs whose merge with this one fails CI. */
  readonly semantic: readonly number[];
}

export interface World {
  readonly scenario: Scenario;
  readonly seed: number;
  readonly prs: readonly WorldPr[];
  /** Minutes of the `n`-th run (from 0) with this tip. */
  duration(tip: number, n: number): number;
  /** Whether the `n`-th run with this tip would fail on a good tree. */
  flakes(tip: number, n: number): boolean;
  interrupts(tip: number, n: number): boolean;
}

interface Pairs {
  files: number[][];
  textual: number[][];
  semantic: number[][];
}

function sharesFile(a: ReadonlySet<number>, files: readonly number[]): boolean {
  return files.some((file) => a.has(file));
}

function prerequisiteOf(scenario: Scenario, seed: number, pr: number): number | null {
  if (draw(seed, topics.dependent, pr) >= scenario.dependent) return null;
  const one = pr - 1 - Math.floor(draw(seed, topics.prerequisite, pr) * 4);
  return one < 0 ? null : one;
}

/** Draws every pair once. */
function drawPairs(scenario: Scenario, seed: number, prerequisite: readonly (number | null)[]): Pairs {
  const { count, overlap, semantic, textual, trace } = scenario;
  const first = trace ? Math.floor(draw(seed, topics.window, 0) * Math.max(1, trace.length - count)) : 0;
  const files = trace
    ? Array.from({ length: count }, (_, pr) => [...(trace[first + pr] ?? [])])
    : drawFiles(count, overlap, seed);
  const sets = files.map((list) => new Set(list));
  const pairs: Pairs = { files, textual: files.map(() => []), semantic: files.map(() => []) };
  const join = (kind: 'textual' | 'semantic', a: number, b: number) => {
    pairs[kind][a]?.push(b);
    pairs[kind][b]?.push(a);
  };
  const midAir = scenario.midAir / scenario.perHour;
  for (let a = 1; a < count; a++) {
    const set = sets[a] ?? new Set();
    for (let b = 0; b < a; b++) {
      // Stacked work knows what it stands on.
      if (prerequisite[a] === b) continue;
      if (!sharesFile(set, files[b] ?? [])) {
        if (draw(seed, topics.midAir, a, b) < midAir) join('semantic', a, b);
      } else if (draw(seed, topics.textual, a, b) < textual) join('textual', a, b);
      else if (draw(seed, topics.semantic, a, b) < semantic) join('semantic', a, b);
    }
  }
  return pairs;
}

export function createWorld(scenario: Scenario, seed: number): World {
  const { count, bad, predictor } = scenario;
  const prerequisite = Array.from({ length: count }, (_, pr) => prerequisiteOf(scenario, seed, pr));
  const pairs = drawPairs(scenario, seed, prerequisite);
  let clock = 0;
  const prs = Array.from({ length: count }, (_, pr): WorldPr => {
    if (scenario.backlog === null) {
      clock += (-Math.log(1 - draw(seed, topics.arrival, pr)) * 60) / scenario.perHour;
    }
    const group = draw(seed, topics.group, pr) < (groups[0]?.share ?? 1) ? 0 : 1;
    const isBad = draw(seed, topics.bad, pr) < bad * (groups[group]?.factor ?? 1);
    const needs = prerequisite[pr];
    return {
      pr,
      arrivesAt: clock,
      workMinutes: scenario.workMinutes * Math.exp(0.8 * drawNormal(seed, topics.work, pr)),
      bad: isBad,
      group,
      files: pairs.files[pr] ?? [],
      prerequisites: needs === null || needs === undefined ? [] : [needs],
      predicted: predictor === null ? null : predict(bad, predictor, isBad, draw(seed, topics.predictor, pr)),
      textual: pairs.textual[pr] ?? [],
      semantic: pairs.semantic[pr] ?? [],
    };
  });
  const { ciMinutes, ciSigma } = scenario;
  return {
    scenario,
    seed,
    prs,
    duration: (tip, n) => ciMinutes * Math.exp(ciSigma * drawNormal(seed, topics.duration, tip, n)),
    flakes: (tip, n) => draw(seed, topics.flake, tip, n) < scenario.flake,
    interrupts: (tip, n) => draw(seed, topics.interrupted, tip, n) < scenario.interrupted,
  };
}

/** What a predictor that is right this often may say: the calibrated probability that the PR is good. */
function predict(bad: number, right: number, isBad: boolean, luck: number): number {
  const saysBad = luck < right ? isBad : !isBad;
  const good = (1 - bad) * (saysBad ? 1 - right : right);
  return good / (good + bad * (saysBad ? right : 1 - right));
}
