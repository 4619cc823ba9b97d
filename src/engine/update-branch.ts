/** Bringing a task's branch up to date: the base is merged into it, by GitHub. */
import type { Look } from '../core/lane/look.ts';
import type { LaneState } from '../core/lane/state.ts';
import type { UpdateEffect } from '../core/task/freshness.ts';
import { fetchCommit, fetchKnownCommit, fetchRef } from '../github/fetch-ref.ts';
import { fetchTreeDiff } from '../github/fetch-tree-diff.ts';
import { pushMerge } from '../github/push-merge.ts';
import { updateMessage } from '../protocol/commit-messages.ts';
import type { LaneContext } from './context.ts';
import { commitTask, type Outcome, taskOf } from './outcome.ts';

/** Whether an earlier run of the same effect has made the merge that the branch is at. */
async function isOurMerge(
  ctx: LaneContext,
  tip: string,
  { headSha, baseSha }: UpdateEffect,
): Promise<boolean> {
  const { parents } = await fetchKnownCommit(ctx.client, ctx.repo, tip);
  return parents.length === 2 && parents[0] === headSha && parents[1] === baseSha;
}

/** Merges the base into the branch, if it is still at the head that the state knows. */
export async function updateBranch(
  ctx: LaneContext,
  effect: UpdateEffect,
  state: LaneState,
): Promise<Outcome> {
  const { issue, branch, headSha, baseSha } = effect;
  const task = taskOf(state, issue);
  const looks: Look[] = task.pull ? [{ kind: 'pull', subject: String(task.pull.number) }] : [];
  const about = { kind: 'branch-update' as const, issue, headSha, baseSha };
  const tip = await fetchRef(ctx.client, ctx.repo, `heads/${branch}`);
  if (tip !== headSha) {
    const isDone = tip !== null && (await isOurMerge(ctx, tip, effect));
    // Somebody has pushed, or the branch is gone: what it is now is for the lane to see.
    return { observations: isDone ? [{ ...about, result: { kind: 'updated', sha: tip } }] : [], looks };
  }
  const message = updateMessage({ ...commitTask(ctx, task), base: ctx.lane.base, branch });
  const merged = await pushMerge(ctx.client, ctx.repo, { branch, tip, head: { sha: baseSha, message } });
  const result =
    merged === 'conflict' ? { kind: 'conflict' as const } : { kind: 'updated' as const, sha: merged };
  return { observations: [{ ...about, result }], looks };
}

/** More than this many changed files are told as the whole repository. */
const mostPaths = 300;

/** What changed between two commits of the base branch, as patterns. */
export async function readMoved(ctx: LaneContext, before: string, after: string): Promise<string[]> {
  const [old, fresh] = await Promise.all(
    [before, after].map((sha) => fetchCommit(ctx.client, ctx.repo, sha)),
  );
  // After a force-push the old commit may be gone: then anything may have changed.
  if (!old || !fresh) return ['**'];
  const trees = { before: old.tree, after: fresh.tree };
  const { changes } = await fetchTreeDiff(ctx.client, ctx.repo, trees);
  return changes.length > mostPaths ? ['**'] : changes.map(({ path }) => path);
}
