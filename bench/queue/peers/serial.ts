/**
 * Homu, the bot of the Rust project, and the "not rocket science" rule it keeps: one PR at a time is merged with the
 * base and tested; if it passes, the base moves to exactly that commit; if not, the PR goes back.
 */

import type { Policy } from '../policy.ts';
import { boardCars, type Car, hasFailed, hasPassed, landCars, testCars, unloadGone } from './cars.ts';
import { definePeer, ejectPr, type Line, openLine } from './line.ts';

interface SerialState {
  readonly line: Line;
  readonly cars: Car[];
}

export function serial(): Policy<SerialState> {
  return definePeer({
    name: 'Serial (homu)',
    class: 'strict',
    start: (setting): SerialState => ({ line: openLine(setting), cars: [] }),
    decide: ({ line, cars }, at) => {
      unloadGone(line, cars);
      boardCars(line, cars, 1);
      testCars(line, cars);
      const [head] = cars;
      if (hasPassed(head)) landCars(line, cars, 1);
      else if (head && hasFailed(head)) for (const { pr } of head.prs) ejectPr(line, pr, at);
      else return false;
      return true;
    },
  });
}
