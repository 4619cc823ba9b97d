/**
 * Mergify's merge queue in serial mode. The queue is cut into batches of `batchSize`; up to `maxParallelChecks` of
 * them are tested at once, each on top of those ahead. When the first batch fails, the batches behind it dissolve,
 * and it is cut into as many parts as there are parallel checks, which are tested as prefixes. The parts ahead of
 * the first that fails merge, those behind it go back to the queue, and the failing part is cut again. The last PR of
 * a failed batch is never tested again: if everything before it passes, it is the culprit.
 *
 * With `skipIntermediateResults` a batch that passes stands for the batches ahead of it, even for one that failed but
 * was not first in line yet.
 */
import type { Policy, PrView } from '../policy.ts';
import { boardCars, type Car, countLandable, hasFailed, landCars, testCars, unloadGone } from './cars.ts';
import { cancelBuild, definePeer, ejectPr, type Line, openLine } from './line.ts';

interface MergifyState {
  readonly line: Line;
  /** Batches in CI; the parts under test while a failed batch is searched. */
  readonly cars: Car[];
  /** The last PR of the failed batch under search: guilty when all of `cars` pass. Null when none is searched. */
  suspect: PrView | null;
}

export interface MergifyOptions {
  readonly batchSize: number;
  readonly maxParallelChecks: number;
  readonly skipIntermediateResults: boolean;
}

/** Cuts a batch that failed as a whole into parts; its last PR is in none of them. */
function cutBatch(prs: readonly PrView[], parts: number): Car[] {
  const size = Math.ceil(prs.length / Math.max(parts, 2));
  const cars: Car[] = [];
  for (let at = 0; at < prs.length - 1; at += size) {
    cars.push({ prs: prs.slice(at, Math.min(at + size, prs.length - 1)), build: null });
  }
  return cars;
}

function dissolve(line: Line, cars: Car[]): void {
  for (const car of cars.splice(0)) cancelBuild(line, car.build);
}

export function mergify(options: MergifyOptions): Policy<MergifyState> {
  const { batchSize, maxParallelChecks, skipIntermediateResults } = options;
  return definePeer({
    name: `Mergify ${batchSize}×${maxParallelChecks}${skipIntermediateResults ? ', skip intermediate' : ''}`,
    class: 'strict',
    start: (setting): MergifyState => ({ line: openLine(setting), cars: [], suspect: null }),
    decide: (state, at) => {
      const { line, cars, suspect } = state;
      if (line.gone.length > 0 && suspect) {
        // What was known of the failed batch no longer holds for what is left of it.
        state.suspect = null;
        dissolve(line, cars);
      }
      unloadGone(line, cars);
      if (!state.suspect) boardCars(line, cars, maxParallelChecks, batchSize);
      testCars(line, cars, {
        purpose: state.suspect ? 'bisect' : 'train',
        mayStart: (index) => index < maxParallelChecks,
      });
      const landable = countLandable(cars, skipIntermediateResults);
      if (landable > 0) {
        landCars(line, cars, landable);
        return true;
      }
      const [head] = cars;
      if (state.suspect && !head) {
        const { pr } = state.suspect;
        state.suspect = null;
        ejectPr(line, pr, at);
        return true;
      }
      if (!head || !hasFailed(head)) return false;
      const { prs } = head;
      dissolve(line, cars);
      const last = prs.at(-1) ?? null;
      if (last && prs.length === 1) {
        state.suspect = null;
        ejectPr(line, last.pr, at);
      } else {
        state.suspect = last;
        cars.push(...cutBatch(prs, maxParallelChecks));
      }
      return true;
    },
  });
}
