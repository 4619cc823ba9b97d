/** Observing what people think of a pull request on GitHub, and whether those who approved it still may. */
import { isSameLogin } from '../core/gate/fold-gate.ts';
import type { Observation, SeenReview } from '../core/lane/observation.ts';
import type { Task } from '../core/lane/state.ts';
import { fetchOwned } from '../github/fetch-owned.ts';
import { fetchPermission } from '../github/fetch-permission.ts';
import { fetchForcePushes, fetchReviews, type ReviewSeen } from '../github/fetch-reviews.ts';
import type { PullSeen } from '../github/observed.ts';
import type { LaneContext } from './context.ts';

/** Which of the owners that the diff asks for somebody speaks for, besides `@login`. Costs nothing without owners. */
export async function findOwned(ctx: LaneContext, task: Task, login: string): Promise<string[]> {
  const owners = [...new Set((task.pull?.verdict?.owners ?? []).flatMap((group) => group.owners))];
  return owners.length === 0 ? [] : fetchOwned(ctx.client, login, owners);
}

async function describeReview(
  ctx: LaneContext,
  task: Task,
  review: ReviewSeen,
  forcePushes: readonly string[],
): Promise<SeenReview> {
  const { id, by, says, headSha, submittedAt } = review;
  const counts = says !== 'dismissed';
  return {
    id,
    by,
    says,
    headSha,
    // Both times are GitHub's own, to the second: in the same second the review may have been first.
    isStale: forcePushes.some((at) => at >= submittedAt),
    permission: counts ? await fetchPermission(ctx.client, ctx.repo, by) : 'none',
    owns: says === 'approved' ? await findOwned(ctx, task, by) : [],
  };
}

export interface ReviewsSeen {
  /** How often the branch was force-pushed; null when nobody needed to know, or the server does not say. */
  forcePushes: number | null;
  observation: Observation;
}

/** Reads reviews always, and force-pushes and permissions where there is an approval that they could end. */
export async function observeReviews(ctx: LaneContext, task: Task, pull: PullSeen): Promise<ReviewsSeen> {
  const found = await fetchReviews(ctx.client, ctx.repo, pull.number);
  const inForce = task.approvals.filter(({ source }) => source !== 'policy');
  const isAsked = inForce.length > 0 || found.some(({ says }) => says === 'approved');
  const forcePushes = isAsked ? await fetchForcePushes(ctx.client, ctx.repo, pull.number) : null;
  const reviews: SeenReview[] = [];
  for (const review of found) reviews.push(await describeReview(ctx, task, review, forcePushes ?? []));
  const approvers: Extract<Observation, { kind: 'reviews' }>['approvers'] = [];
  for (const { by } of inForce) {
    const known = reviews.find((review) => isSameLogin(review.by, by) && review.says !== 'dismissed');
    const permission = known?.permission ?? (await fetchPermission(ctx.client, ctx.repo, by));
    approvers.push({ by, permission, owns: await findOwned(ctx, task, by) });
  }
  return {
    forcePushes: forcePushes?.length ?? null,
    observation: { kind: 'reviews', issue: task.issue, headSha: pull.headSha, reviews, approvers },
  };
}
