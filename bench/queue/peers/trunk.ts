/**
 * Trunk's merge queue in single mode. Every group (a PR, or a batch of PRs) is tested on top of the groups ahead of
 * it. A group that fails is pending: it waits for the groups ahead, which may be to blame, and then for as many groups
 * behind it as the pending failure depth says. With optimistic merging a group that passes lands all groups ahead of
 * it, and so clears a pending one. Otherwise a PR is removed then, and a batch is cut into halves, which are tested
 * in its place under a concurrency of their own.
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
import { cancelBuild, definePeer, ejectPr, type Line, openLine } from './line.ts';

interface TrunkState {
  readonly line: Line;
  readonly groups: Car[];
  readonly halves: WeakSet<Car>;
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

function removeOrSplit({ line, groups, halves }: TrunkState, head: Car, at: Minutes): void {
  const [only] = head.prs;
  if (only && head.prs.length === 1) {
    ejectPr(line, only.pr, at);
    return;
  }
  cancelBuild(line, head.build);
  const half = Math.ceil(head.prs.length / 2);
  const parts = [head.prs.slice(0, half), head.prs.slice(half)].map((prs): Car => ({ prs, build: null }));
  for (const part of parts) halves.add(part);
  groups.splice(0, 1, ...parts);
}

export function trunk(options: TrunkOptions): Policy<TrunkState> {
  return definePeer({
    name: nameTrunk(options),
    class: 'strict',
    start: (setting): TrunkState => ({
      line: openLine(setting),
      groups: [],
      halves: new WeakSet(),
      wakesAt: -1,
    }),
    decide: (state, at) => {
      const { line, groups, halves } = state;
      unloadGone(line, groups);
      formGroups(state, options, at);
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
