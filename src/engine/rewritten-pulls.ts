/**
 * Pull requests whose commits land rewritten (squash, rebase). GitHub shows a PR as merged when its head is on the
 * base branch, so the branch of a PR is moved to its rewritten commit before the base moves. Only branches that
 * Signalbox has made are moved; others are closed with a link to the commit.
 */
import type { BuildEntry } from '../core/lane/queue-state.ts';
import { fetchPull } from '../github/fetch-pull.ts';
import { closePull } from '../github/post-pull.ts';
import { postReply } from '../github/post-sticky.ts';
import { pushBranch } from '../github/push-branch.ts';
import { renderLandedRewritten } from '../protocol/notices.ts';
import { noticeMarker } from '../protocol/sticky-marker.ts';
import type { LaneContext } from './context.ts';

/** An entry, and the commit on the base branch that stands for it. */
export interface Rewritten {
  entry: BuildEntry;
  sha: string;
}

/** Where Signalbox makes the branches of its tasks, and of what takes landings back. */
const ownBranches = /^(?:agent|signalbox\/revert)\//u;

async function moveHead(ctx: LaneContext, pull: number, from: string, to: string): Promise<void> {
  const seen = await fetchPull(ctx.client, ctx.repo, pull);
  const isHere = seen?.headRepoFullName?.toLowerCase() === `${ctx.repo.owner}/${ctx.repo.name}`.toLowerCase();
  // Whoever has pushed there meanwhile has the branch: nothing of theirs is overwritten.
  if (!seen?.open || !isHere || seen.headSha !== from || !ownBranches.test(seen.headRef)) return;
  await pushBranch(ctx.client, ctx.repo, { branch: seen.headRef, sha: to, force: true });
}

export async function movePullsToCommits(ctx: LaneContext, pulls: readonly Rewritten[]): Promise<void> {
  for (const { entry, sha } of pulls) await moveHead(ctx, entry.pull, entry.headSha, sha);
}

/** It did not land after all: the branches are put back to what was approved. */
export async function restorePulls(ctx: LaneContext, pulls: readonly Rewritten[]): Promise<void> {
  for (const { entry, sha } of pulls) await moveHead(ctx, entry.pull, sha, entry.headSha);
}

/** PRs that GitHub cannot show as merged, because their branches are not ours to move. */
export async function closeForeignPulls(ctx: LaneContext, pulls: readonly Rewritten[]): Promise<void> {
  for (const { entry, sha } of pulls) {
    const seen = await fetchPull(ctx.client, ctx.repo, entry.pull);
    if (!seen?.open || seen.headSha === sha) continue;
    const marker = noticeMarker(`landed-as:${entry.pull}:${sha}`);
    const body = `${marker}\n${renderLandedRewritten({ sha, base: ctx.lane.base })}`;
    await postReply(ctx.client, ctx.repo, await ctx.github.fetchAppIdentity(), {
      issue: entry.pull,
      marker,
      body,
    });
    await closePull(ctx.client, ctx.repo, entry.pull);
  }
}
