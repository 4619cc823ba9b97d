/**
 * bors-ng: one batch in CI at a time, the one that has waited longest. An approved PR joins the newest batch that
 * waits, be it new or the half of a failed one. A batch that fails is split into two halves that wait behind the
 * other batches; a PR that fails alone goes back.
 */
import type { Minutes, Policy, PrView } from '../policy.ts';
import {
  type Build,
  cancelBuild,
  definePeer,
  ejectPr,
  extendTree,
  type Line,
  landBuild,
  openLine,
  startBuild,
} from './line.ts';

interface BorsState {
  readonly line: Line;
  /** Batches that wait, oldest first. */
  readonly batches: PrView[][];
  readonly batched: Set<PrView>;
  running: { prs: readonly PrView[]; build: Build } | null;
}

export interface BorsOptions {
  readonly maxBatchSize: number;
}

/** New PRs join the newest waiting batch that has room; PRs that left leave their batch. */
function fillBatches({ line, batches, batched }: BorsState, maxBatchSize: number): void {
  for (const view of line.gone) batched.delete(view);
  for (const [index, batch] of batches.entries()) batches[index] = batch.filter((view) => batched.has(view));
  for (const view of line.waiting.filter((each) => !batched.has(each))) {
    batched.add(view);
    const newest = batches.at(-1);
    if (newest && newest.length < maxBatchSize) newest.push(view);
    else batches.push([view]);
  }
  batches.splice(0, batches.length, ...batches.filter((batch) => batch.length > 0));
}

/** The members whose prerequisites have landed or stand before them in the batch; the PR's branch holds them all. */
function findMergeable(line: Line, batch: readonly PrView[]): PrView[] {
  const inTree = new Set(line.landed);
  return batch.filter((view) => {
    const isMergeable = view.prerequisites.every((pr) => inTree.has(pr));
    if (isMergeable) inTree.add(view.pr);
    return isMergeable;
  });
}

/** Starts the oldest batch that holds something mergeable. Its other members wait as a batch of their own. */
function startOldest(state: BorsState): boolean {
  const { line, batches } = state;
  for (const [index, batch] of batches.entries()) {
    const prs = findMergeable(
      line,
      batch.toSorted((a, b) => a.pr - b.pr),
    );
    if (prs.length === 0) continue;
    batches.splice(index, 1);
    const rest = batch.filter((view) => !prs.includes(view));
    if (rest.length > 0) batches.push(rest);
    const set = prs.map(({ pr }) => pr);
    const tree = set.reduce((below, pr) => extendTree(line, below, pr), line.tree);
    state.running = { prs, build: startBuild(line, { set, tree, purpose: 'train' }) };
    return true;
  }
  return false;
}

function judgeRunning(state: BorsState, at: Minutes): boolean {
  const { line, batches, running } = state;
  if (!running) return false;
  const { prs, build } = running;
  const hasLost = prs.some((view) => line.gone.includes(view));
  if (build.outcome === null && !hasLost) return false;
  state.running = null;
  if (hasLost || build.outcome === 'interrupted') {
    cancelBuild(line, build);
    batches.unshift([...prs]);
  } else if (build.outcome === 'passed') {
    landBuild(line, build);
  } else if (prs.length > 1) {
    const half = Math.floor(prs.length / 2);
    batches.push(prs.slice(0, half), prs.slice(half));
  } else {
    for (const { pr } of prs) ejectPr(line, pr, at);
  }
  return true;
}

/** `maxBatchSize`: bors-ng sets none unless asked to. */
export function bors(
  { maxBatchSize }: BorsOptions = { maxBatchSize: Number.POSITIVE_INFINITY },
): Policy<BorsState> {
  return definePeer({
    name: Number.isFinite(maxBatchSize) ? `bors-ng, batches of ${maxBatchSize}` : 'bors-ng',
    class: 'strict',
    start: (setting): BorsState => ({
      line: openLine(setting),
      batches: [],
      batched: new Set(),
      running: null,
    }),
    decide: (state, at) => {
      const hasChanged = judgeRunning(state, at);
      fillBatches(state, maxBatchSize);
      state.line.gone.length = 0;
      return (!state.running && startOldest(state)) || hasChanged;
    },
  });
}
