/**
 * Zuul's dependent pipeline. Every change in the window is tested on top of the nearest change ahead that is not
 * failing. When a change fails, everything behind it is re-parented and starts again without it at once; whether the
 * failure was its own is known when all changes ahead of it have merged, and it is reported then. The window grows by
 * one with every merge and is halved by every failure, but never below its floor; that bears on what starts later, for
 * a change counts as failing from its first failed job on, before it is reported.
 */
import type { Policy, PrNumber } from '../policy.ts';
import { boardCars, type Car, hasFailed, hasPassed, landCars, unloadGone } from './cars.ts';
import { cancelBuild, definePeer, ejectPr, extendTree, type Line, openLine, startBuild } from './line.ts';

interface ZuulState {
  readonly line: Line;
  readonly items: Car[];
  window: number;
}

export interface ZuulOptions {
  readonly window: number;
  readonly floor: number;
}

/** Tests each change on the nearest one ahead that is not failing. What needs a failing change fails with it. */
function testOnNearest({ line, items, window }: ZuulState): void {
  let tree = line.tree;
  const set: PrNumber[] = [];
  const failing = new Set<PrNumber>();
  for (const [index, item] of items.entries()) {
    const [change] = item.prs;
    if (!change) continue;
    const needsFailing = change.prerequisites.some((pr) => failing.has(pr));
    const wanted = extendTree(line, tree, change.pr);
    if (item.build && (needsFailing || item.build.tree !== wanted || item.build.outcome === 'interrupted')) {
      cancelBuild(line, item.build);
      item.build = null;
    }
    if (!item.build && !needsFailing && index < window) {
      item.build = startBuild(line, { set: [...set, change.pr], tree: wanted, purpose: 'train' });
    }
    if (needsFailing || hasFailed(item)) {
      failing.add(change.pr);
    } else {
      tree = wanted;
      set.push(change.pr);
    }
  }
}

export function zuul({ window, floor }: ZuulOptions = { window: 20, floor: 3 }): Policy<ZuulState> {
  return definePeer({
    name: `Zuul, window ${window}`,
    class: 'strict',
    start: (setting): ZuulState => ({ line: openLine(setting), items: [], window }),
    decide: (state, at) => {
      const { line, items } = state;
      unloadGone(line, items);
      boardCars(line, items, state.window);
      testOnNearest(state);
      const [head] = items;
      if (hasPassed(head)) {
        landCars(line, items, 1);
        state.window += 1;
        return true;
      }
      if (!head || !hasFailed(head)) return false;
      for (const { pr } of head.prs) ejectPr(line, pr, at);
      state.window = Math.max(floor, Math.floor(state.window / 2));
      return true;
    },
  });
}
