/**
 * Uber's SubmitQueue. A change speculates over how the changes ahead that may conflict with it (here: that share a
 * file) will end. Each path assumes of each of them that it lands or that it does not, and is worth the probability
 * that all its assumptions come true; paths are built best first. A change is decided by the build of the path that
 * came true. Changes that cannot conflict land side by side, so that their sum is not tested.
 *
 * The version of 2025 ("CI at Scale: Lean, Green, and Fast") adds a threshold under which no path is built, and lets
 * a change land ahead of conflicting ones when its builds passed for every way these can end (BLRD). Its build-time
 * predictions are left out: in the simulated world all builds take the same time on average.
 */
import type { Minutes, Policy, PrNumber, PrView } from '../policy.ts';
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

interface Path {
  /** Conflicting changes assumed to land, in the order of the line; all others are assumed not to. */
  readonly lands: readonly PrView[];
  readonly build: Build;
}

interface Change {
  readonly view: PrView;
  /** Conflicting changes that stood ahead of it, and what these need. */
  readonly ahead: readonly PrView[];
  paths: Path[];
}

interface SubmitQueueState {
  readonly line: Line;
  readonly changes: Map<PrView, Change>;
  /** Changes that left without landing. */
  readonly left: Set<PrView>;
  passed: number;
  failed: number;
}

export interface SubmitQueueOptions {
  readonly name: string;
  /** Paths less probable than this are not built. */
  readonly threshold: number;
  /** Whether a change may land ahead of conflicting ones when every path passed. */
  readonly bypass: boolean;
}

/** Without a predictor: the share of changes that landed, starting from nine in ten. */
function estimateSuccess({ passed, failed }: SubmitQueueState, view: PrView): number {
  return view.predicted ?? (passed + 9) / (passed + failed + 10);
}

/** Every way the open changes can end, with its probability, down to the threshold; none when there are more than `most`. */
function listFutures(
  state: SubmitQueueState,
  change: Change,
  threshold: number,
  most = Number.POSITIVE_INFINITY,
): { readonly lands: readonly PrView[]; readonly odds: number }[] {
  const { line, left } = state;
  let futures: { lands: PrView[]; odds: number }[] = [{ lands: [], odds: 1 }];
  for (const dependency of change.ahead) {
    const odds = left.has(dependency)
      ? 0
      : line.landed.has(dependency.pr)
        ? 1
        : estimateSuccess(state, dependency);
    const isNeeded = change.view.prerequisites.includes(dependency.pr);
    futures = futures
      .flatMap((future) => {
        const isBuildable = dependency.prerequisites.every(
          (pr) => line.landed.has(pr) || future.lands.some((each) => each.pr === pr),
        );
        const landing = { lands: [...future.lands, dependency], odds: future.odds * odds };
        const failing = { lands: future.lands, odds: future.odds * (isBuildable ? 1 - odds : 1) };
        return [...(isBuildable ? [landing] : []), ...(isNeeded ? [] : [failing])];
      })
      .filter((future) => future.odds > 0 && future.odds >= threshold);
    if (futures.length > most) return [];
  }
  return futures.sort((a, b) => b.odds - a.odds);
}

function isSame(a: readonly PrView[], b: readonly PrView[]): boolean {
  return a.length === b.length && a.every((view, index) => view === b[index]);
}

/** What stands ahead and may conflict, together with all that these changes need. */
function findDependencies(line: Line, view: PrView): PrView[] {
  const wanted = new Set(findAhead(line, view));
  const waiting = new Map(line.waiting.map((each) => [each.pr, each]));
  for (const each of wanted) {
    for (const pr of each.prerequisites) {
      const needed = waiting.get(pr);
      if (needed) wanted.add(needed);
    }
  }
  return inLineOrder(line, wanted);
}

function enterAndLeave({ line, changes, left }: SubmitQueueState): void {
  followLine(line, changes, {
    enter: (view) => ({ view, ahead: findDependencies(line, view), paths: [] }),
    leave: (gone) => {
      for (const view of gone) {
        left.add(view);
        for (const path of changes.get(view)?.paths ?? []) cancelBuild(line, path.build);
      }
    },
  });
}

/** Drops paths that can no longer come true, and builds whose runner was lost. */
function dropRefuted({ line, left }: SubmitQueueState, change: Change): void {
  change.paths = change.paths.filter(({ lands, build }) => {
    const isRefuted = change.ahead.some((view) =>
      lands.includes(view) ? left.has(view) : !left.has(view) && line.landed.has(view.pr),
    );
    if (isRefuted) cancelBuild(line, build);
    return !isRefuted && build.outcome !== 'interrupted';
  });
}

function removeChange({ line, changes }: SubmitQueueState, change: Change): void {
  for (const { build } of change.paths) cancelBuild(line, build);
  changes.delete(change.view);
}

function decideChange(state: SubmitQueueState, change: Change, bypass: boolean, at: Minutes): boolean {
  const { line, left } = state;
  const isOpen = (view: PrView) => !left.has(view) && !line.landed.has(view.pr);
  const open = change.ahead.filter(isOpen);
  // What a change needs takes it along when it fails: nothing is to be decided before that.
  const isStacked = open.some(({ pr }) => change.view.prerequisites.includes(pr));
  if (isStacked || (open.length > 0 && !bypass)) return false;
  // More futures than paths: one of them was never built, and nothing is decided.
  const futures = listFutures(state, change, 0, change.paths.length).map(({ lands }) =>
    change.paths.find((path) => isSame(path.lands, lands)),
  );
  const alone = futures.find((path) => path && !path.lands.some(isOpen));
  if (alone && futures.every((path) => path?.build.outcome === 'passed')) {
    state.passed += 1;
    removeChange(state, change);
    landBuild(line, alone.build);
    return true;
  }
  if (futures.length === 0 || futures.some((path) => path?.build.outcome !== 'failed')) return false;
  state.failed += 1;
  removeChange(state, change);
  ejectPr(line, change.view.pr, at);
  return true;
}

/** Builds the most probable paths of all changes, the earlier change first among equals, as far as runners are free. */
function buildBestFirst(state: SubmitQueueState, threshold: number): void {
  const { line, changes } = state;
  const free = line.setting.runners - line.running.size;
  if (free <= 0) return;
  const wanted: { change: Change; lands: readonly PrView[]; odds: number }[] = [];
  let certain = 0;
  for (const change of changes.values()) {
    if (certain >= free) break;
    for (const { lands, odds } of listFutures(state, change, threshold)) {
      if (change.paths.some((path) => isSame(path.lands, lands))) continue;
      wanted.push({ change, lands, odds });
      if (odds === 1) certain += 1;
    }
  }
  for (const { change, lands } of wanted.sort((a, b) => b.odds - a.odds).slice(0, free)) {
    const set: PrNumber[] = [...lands, change.view].map(({ pr }) => pr).filter((pr) => !line.landed.has(pr));
    change.paths.push({ lands, build: startBuild(line, { set, tree: line.tree, purpose: 'train' }) });
  }
}

export function submitQueue({ name, threshold, bypass }: SubmitQueueOptions): Policy<SubmitQueueState> {
  return definePeer({
    name,
    class: 'lanes',
    start: (setting): SubmitQueueState => ({
      line: openLine(setting),
      changes: new Map(),
      left: new Set(),
      passed: 0,
      failed: 0,
    }),
    decide: (state, at) => {
      enterAndLeave(state);
      for (const change of state.changes.values()) {
        dropRefuted(state, change);
        if (decideChange(state, change, bypass, at)) return true;
      }
      buildBestFirst(state, threshold);
      return false;
    },
  });
}

/** As in "Keeping Master Green at Scale" (EuroSys 2019). Every future but the freakish is built. */
export function submitQueue2019(): Policy<SubmitQueueState> {
  return submitQueue({ name: 'SubmitQueue 2019', threshold: 0.001, bypass: false });
}

/** As in "CI at Scale: Lean, Green, and Fast" (arXiv 2501.03440). */
export function submitQueue2025(): Policy<SubmitQueueState> {
  return submitQueue({ name: 'SubmitQueue 2025', threshold: 0.1, bypass: true });
}
