/**
 * Trunk's merge queue in parallel mode: a PR is tested on top of the PRs ahead of it with which it has impacted
 * targets in common (here: files), and of those on which these depend; it lands when they have. PRs with nothing in
 * common are tested and landed side by side, so that their sum is not tested. Pending failure and optimistic merging
 * are as in single mode, within the lane.
 */
import type { Policy, PrView } from '../policy.ts';
import { findAhead, followLine, inLineOrder } from './lanes.ts';
import {
  type Build,
  cancelBuild,
  definePeer,
  ejectPr,
  type Line,
  landBuild,
  openLine,
  startBuild,
} from './line.ts';

interface Entry {
  /** PRs ahead at arrival that share a target with it. */
  readonly ahead: readonly PrView[];
  build: Build | null;
  /** What the build tests below the PR. */
  included: readonly PrView[];
}

interface ParallelState {
  readonly line: Line;
  readonly entries: Map<PrView, Entry>;
}

export interface ParallelOptions {
  readonly pendingFailureDepth: number;
  readonly optimistic: boolean;
}

/** All that a PR is tested on: what stands ahead of it in its lane, and in the lanes of those. */
function findLane({ line, entries }: ParallelState, view: PrView): PrView[] {
  const found = new Set<PrView>();
  const visit = (from: PrView): void => {
    for (const next of entries.get(from)?.ahead ?? []) {
      if (found.has(next) || !entries.has(next)) continue;
      found.add(next);
      visit(next);
    }
  };
  visit(view);
  return inLineOrder(line, found);
}

function enterAndLeave({ line, entries }: ParallelState): void {
  followLine(line, entries, {
    enter: (view) => ({ ahead: findAhead(line, view), build: null, included: [] }),
    leave: (gone) => {
      for (const [view, entry] of entries) {
        if (!gone.has(view) && !entry.included.some((each) => gone.has(each))) continue;
        cancelBuild(line, entry.build);
        entry.build = null;
        entry.included = [];
      }
    },
  });
}

/** First come, first tested. The testing concurrency is that of CI: builds that wait for a runner would only grow stale. */
function testEntries(state: ParallelState): void {
  const { line, entries } = state;
  for (const [view, entry] of entries) {
    if (entry.build?.outcome === 'interrupted') entry.build = null;
    if (entry.build || line.running.size >= line.setting.runners) continue;
    entry.included = findLane(state, view);
    const set = [...entry.included, view].map(({ pr }) => pr);
    entry.build = startBuild(line, { set, tree: line.tree, purpose: 'train' });
  }
}

function land({ line, entries }: ParallelState, build: Build): void {
  const landed = new Set(landBuild(line, build));
  for (const [view, entry] of [...entries]) {
    if (!landed.has(view.pr)) continue;
    cancelBuild(line, entry.build);
    entries.delete(view);
  }
}

export function trunkParallel({ pendingFailureDepth, optimistic }: ParallelOptions): Policy<ParallelState> {
  const depth = pendingFailureDepth > 0 ? `, pending failure depth ${pendingFailureDepth}` : '';
  return definePeer({
    name: `Trunk parallel${optimistic ? ', optimistic' : ''}${depth}`,
    class: 'lanes',
    start: (setting): ParallelState => ({ line: openLine(setting), entries: new Map() }),
    decide: (state, at) => {
      const { line, entries } = state;
      enterAndLeave(state);
      testEntries(state);
      const isOpen = ({ ahead }: Entry) => ahead.some((view) => entries.has(view));
      for (const [view, entry] of entries) {
        const { build } = entry;
        if (build?.outcome === 'passed' && (optimistic || !isOpen(entry))) {
          land(state, build);
          return true;
        }
        if (build?.outcome !== 'failed' || isOpen(entry)) continue;
        const successors = [...entries.values()].filter(({ included }) => included.includes(view));
        if (successors.slice(0, pendingFailureDepth).some((each) => each.build?.outcome === null)) continue;
        ejectPr(line, view.pr, at);
        return true;
      }
      return false;
    },
  });
}
