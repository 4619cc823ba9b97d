/**
 * GitHub's merge queue. Every PR in the line has a merge group of its own: the base, the PRs ahead of it, and the PR.
 * The build concurrency limits how many groups are in CI at once; the merge limits only limit how many PRs one push
 * merges and are left out. A PR whose group failed is removed when it is first in line, and the groups behind it are
 * built anew without it.
 *
 * - `all-green` ("only merge non-failing pull requests" selected): a PR merges when its own group and those ahead passed.
 * - `head-green` (not selected): a PR whose group failed merges all the same when a later group with it has passed by
 *   the time that the PR would be removed.
 */
import type { Policy } from '../policy.ts';
import { boardCars, type Car, countLandable, hasFailed, landCars, testCars, unloadGone } from './cars.ts';
import { definePeer, ejectPr, type Line, openLine } from './line.ts';

interface GithubState {
  readonly line: Line;
  readonly cars: Car[];
}

export interface GithubOptions {
  readonly mode: 'all-green' | 'head-green';
  /** Groups in CI at once, 1 to 100. */
  readonly concurrency: number;
}

export function github({ mode, concurrency }: GithubOptions): Policy<GithubState> {
  return definePeer({
    name: `GitHub merge queue, ${mode}, ${concurrency} builds`,
    class: 'strict',
    start: (setting): GithubState => ({ line: openLine(setting), cars: [] }),
    decide: ({ line, cars }, at) => {
      unloadGone(line, cars);
      boardCars(line, cars, concurrency);
      testCars(line, cars);
      const landable = countLandable(cars, mode === 'head-green');
      if (landable > 0) {
        landCars(line, cars, landable);
        return true;
      }
      const [head] = cars;
      if (!head || !hasFailed(head)) return false;
      for (const { pr } of head.prs) ejectPr(line, pr, at);
      return true;
    },
  });
}
