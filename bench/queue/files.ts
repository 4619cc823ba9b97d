/**
 * Which files each PR changes, where no trace says it. Files per PR are lognormal (median 3, one in ten above 12) and
 * some files are changed more often than others, so that overlaps cluster as they do in real repositories: of 20, 50
 * and 100 PRs in a row, at 5 % overlapping pairs, 46, 66 and 80 % share a file with another one (clippy: 46, 66, 77).
 */
import { draw, drawNormal } from './hash.ts';

const median = 3;
const sigma = 1.1;
const most = 200;
/** The n-th most changed file is changed in proportion to n to the power of minus this. */
const popularity = 0.5;

const topics = { size: 18, file: 19 };

/** Normal quantiles in the middle of forty equal shares. */
const steps = Array.from({ length: 40 }, (_, n) => normalQuantile((n + 0.5) / 40));

/** By bisection of the logistic approximation's error; three digits are enough here. */
function normalQuantile(share: number): number {
  const odds = Math.log(share / (1 - share));
  let x = odds / 1.702;
  for (let n = 0; n < 20; n++) x += (odds - (1.5976 * x + 0.07056 * x ** 3)) / (1.5976 + 0.21168 * x ** 2);
  return x;
}

const sizeAt = (normal: number): number =>
  Math.max(1, Math.min(most, Math.round(median * Math.exp(sigma * normal))));

/** The least value for which this falling function is at most `target`, in the logarithm. */
function solve(falling: (value: number) => number, target: number, low: number, high: number): number {
  let [from, to] = [Math.log(low), Math.log(high)];
  for (let n = 0; n < 60; n++) {
    const middle = (from + to) / 2;
    if (falling(Math.exp(middle)) > target) from = middle;
    else to = middle;
  }
  return Math.exp(to);
}

/** Files of a repository in which two PRs share one with this probability. */
function repositorySize(overlap: number): number {
  const sizes = steps.map(sizeAt);
  const apart = (same: number) =>
    sizes.reduce((sum, a) => sum + sizes.reduce((part, b) => part + Math.exp(-a * b * same), 0), 0);
  // A large PR draws the most popular files more than once, which takes off so much (measured).
  const aimed = Math.min(0.9, overlap * (1 + 2.3 * overlap));
  // The chance that two changed files are the same one, and then the number of files that makes it so.
  const same = 1 / solve((inverse) => 1 - apart(1 / inverse) / sizes.length ** 2, aimed, 1, 1e12);
  return Math.ceil(solve((files) => (Math.log(files) + 4) / (4 * files), same, 2, 1e12));
}

/** Ids of files per PR. */
export function drawFiles(count: number, overlap: number, seed: number): number[][] {
  const size = overlap === 0 ? Number.POSITIVE_INFINITY : repositorySize(overlap);
  return Array.from({ length: count }, (_, pr) => {
    if (overlap === 0) return [pr];
    const files = sizeAt(drawNormal(seed, topics.size, pr));
    const drawn = Array.from({ length: files }, (_, n) =>
      Math.floor(size * draw(seed, topics.file, pr, n) ** (1 / (1 - popularity))),
    );
    return [...new Set(drawn)];
  });
}
