/**
 * Trunk's merge queue in single mode. Every group (a PR, or a batch of PRs) is tested on top of the groups ahead of
 * it. A group that fails is pending: it waits for the groups ahead, which may be to blame, and then for as many groups
 * behind it as the pending failure depth says. With optimistic merging a group that passes lands all groups ahead of
 * it, and so clears a pending one. Otherwise a PR is removed then, and a batch is cut into halves, which are tested
 * in its place under a concurrency of their own. A set of PRs that has failed in a bisection need not be tested again.
 */
import type { Minutes, Policy } from '../policy.ts';
import {
  boardCars,
  type Car,
  countBoarded,
  countLandable,
  hasFailed,
  landCars,
  testCars,
  unloadGone,
} from './cars.ts';
import { definePeer, ejectPr, extendTree, type Line, openLine, type Tree } from './line.ts';

interface TrunkState {
  readonly line: Line;
  readonly groups: Car[];
  readonly halves: WeakSet<Car>;
  /** What failed in the bisection under way. */
  readonly failed: Set<Tree>;
  wakesAt: Minutes;
}

export interface TrunkOptions {
  readonly concurrency: number;
  readonly pendingFailureDepth: number;
  readonly optimistic: boolean;
  /** A group is made of `size` PRs, or of fewer once the first of them has waited `maxWait` minutes. */
  readonly batches?: {
    readonly size: number;
    readonly maxWait: Minutes;
    readonly bisectionConcurrency: number;
    readonly skipRedundantTests: boolean;
  };
}

function nameTrunk({ optimistic, pendingFailureDepth: depth, batches }: TrunkOptions): string {
  const parts = ['Trunk single'];
  if (batches) parts.push(`batches of ${batches.size}`);
  if (optimistic) parts.push('optimistic');
  if (depth > 0) parts.push(`pending failure depth ${depth}`);
  return parts.join(', ');
}

function formGroups(state: TrunkState, { concurrency, batches }: TrunkOptions, at: Minutes): void {
  const { line, groups, halves } = state;
  const limit = concurrency + groups.filter((group) => halves.has(group)).length;
  if (!batches) {
    boardCars(line, groups, limit);
    return;
  }
  while (groups.length < limit) {
    const boarded = countBoarded(groups);
    const first = line.waiting[boarded];
    if (!first) return;
    const due = first.arrivedAt + batches.maxWait;
    if (line.waiting.length - boarded < batches.size && at < due) {
      if (state.wakesAt !== due) line.commands.push({ do: 'wake', at: due });
      state.wakesAt = due;
      return;
    }
    boardCars(line, groups, groups.length + 1, batches.size);
  }
}

/** Whether the groups behind a failed one, as many as are waited for, have ended their tests. */
function haveSuccessorsEnded(groups: readonly Car[], depth: number): boolean {
  return groups.slice(1, 1 + depth).every(({ build }) => build?.outcome !== null);
}

/** Halves of a group, in its place. */
function splitGroup({ groups, halves }: TrunkState, group: Car): void {
  const half = Math.ceil(group.prs.length / 2);
  const parts = [group.prs.slice(0, half), group.prs.slice(half)].map((prs): Car => ({ prs, build: null }));
  for (const part of parts) halves.add(part);
  groups.splice(groups.indexOf(group), 1, ...parts);
}

/** Halves whose tree has failed already fail without a test; larger ones are split again right away. */
function reuseFailures(state: TrunkState): void {
  const { line, groups, halves, failed } = state;
  let tree = line.tree;
  for (let index = 0; index < groups.length; index++) {
    const group = groups[index];
    if (!group || !halves.has(group)) break;
    const whole = group.prs.reduce((below, { pr }) => extendTree(line, below, pr), tree);
    if (hasFailed(group) && group.build?.tree === whole) failed.add(whole);
    if (!group.build && failed.has(whole)) {
      if (group.prs.length > 1) {
        splitGroup(state, group);
        index -= 1;
        continue;
      }
      group.build = { name: 'reused', tree: whole, set: [], outcome: 'failed' };
    }
    tree = whole;
  }
}

function removeOrSplit(state: TrunkState, head: Car, at: Minutes): void {
  const { line, halves, failed } = state;
  const [only] = head.prs;
  if (only && head.prs.length === 1) {
    ejectPr(line, only.pr, at);
    return;
  }
  if (!halves.has(head)) failed.clear();
  if (head.build) failed.add(head.build.tree);
  splitGroup(state, head);
}

export function trunk(options: TrunkOptions): Policy<TrunkState> {
  return definePeer({
    name: nameTrunk(options),
    class: 'strict',
    start: (setting): TrunkState => ({
      line: openLine(setting),
      groups: [],
      halves: new WeakSet(),
      failed: new Set(),
      wakesAt: -1,
    }),
    decide: (state, at) => {
      const { line, groups, halves } = state;
      unloadGone(line, groups);
      formGroups(state, options, at);
      if (options.batches?.skipRedundantTests) reuseFailures(state);
      const bisected = groups.filter((group) => halves.has(group)).length;
      const limit = options.batches?.bisectionConcurrency ?? 0;
      testCars(line, groups, { mayStart: (index) => index < limit || index >= bisected });
      const landable = countLandable(groups, options.optimistic);
      if (landable > 0) {
        landCars(line, groups, landable);
        return true;
      }
      const [head] = groups;
      if (!head || !hasFailed(head) || !haveSuccessorsEnded(groups, options.pendingFailureDepth))
        return false;
      removeOrSplit(state, head, at);
      return true;
    },
  });
}
