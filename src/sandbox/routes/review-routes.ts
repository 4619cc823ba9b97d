import { z } from 'zod';
import { announce, renderHookPull } from '../announce.ts';
import type { AddRepoRoute, RepoCall } from '../api.ts';
import { readBody, takePage } from '../api.ts';
import { ApiError, notFound, validationFailed } from '../api-error.ts';
import { hasRole } from '../auth.ts';
import type { Rest } from '../github-types.ts';
import { record } from '../issue-changes.ts';
import type { PullIssue, Review } from '../model.ts';
import { stampNow } from '../model.ts';
import { renderPullSimple, renderReview } from '../render-pull.ts';
import { renderUser } from '../render-user.ts';
import type { World } from '../world.ts';
import { findAssignees } from './issue-routes.ts';
import { demandPull } from './pull-routes.ts';

const READ = 'pull_requests:read';
const WRITE = 'pull_requests:write';
const NewReview = z.object({
  body: z.string().optional(),
  event: z.enum(['APPROVE', 'REQUEST_CHANGES', 'COMMENT']).optional(),
  commit_id: z.string().optional(),
});
const STATE_OF_EVENT = {
  APPROVE: 'APPROVED',
  REQUEST_CHANGES: 'CHANGES_REQUESTED',
  COMMENT: 'COMMENTED',
} as const;

function announceReview(
  world: World,
  { repo, actor }: RepoCall,
  issue: PullIssue,
  review: Review,
  kind: 'submitted' | 'dismissed',
): void {
  const rendered = renderReview(world, issue, review);
  const pull_request = renderHookPull(world, issue);
  if (kind === 'submitted') {
    const body = { pull_request, review: { ...rendered, state: review.state.toLowerCase() } };
    announce(world, repo, 'pull_request_review.submitted', body, actor.account);
    return;
  }
  const body = { pull_request, review: { ...rendered, state: 'dismissed' as const } };
  announce(world, repo, 'pull_request_review.dismissed', body, actor.account);
}

async function submitReview(world: World, call: RepoCall): Promise<Response> {
  const { c, repo, actor, param } = call;
  const issue = demandPull(repo, param('number'));
  const input = await readBody(c, NewReview);
  if (input.event !== undefined && input.event !== 'COMMENT' && issue.user === actor.account)
    throw validationFailed({
      resource: 'PullRequestReview',
      code: 'custom',
      message:
        input.event === 'APPROVE'
          ? 'Can not approve your own pull request'
          : 'Can not request changes on your own pull request',
    });
  const review: Review = {
    id: world.takeId(),
    user: actor.account,
    body: input.body ?? '',
    state: input.event === undefined ? 'PENDING' : STATE_OF_EVENT[input.event],
    commitId: input.commit_id ?? issue.pull.headSha,
    submittedAt: stampNow(),
  };
  issue.pull.reviews.push(review);
  issue.pull.requestedReviewers = issue.pull.requestedReviewers.filter((one) => one !== actor.account);
  if (review.state !== 'PENDING') announceReview(world, call, issue, review, 'submitted');
  return c.json(renderReview(world, issue, review));
}

function demandReview({ repo, param }: RepoCall): { issue: PullIssue; review: Review } {
  const issue = demandPull(repo, param('number'));
  const review = issue.pull.reviews.find((one) => one.id === Number(param('id')));
  if (review === undefined) throw notFound();
  return { issue, review };
}

function addRequestRoutes(world: World, route: AddRepoRoute): void {
  const path = '/pulls/:number/requested_reviewers';
  const Reviewers = z.object({ reviewers: z.array(z.string()).default([]) });
  route('GET', path, READ, ({ c, repo, param }) => {
    const { requestedReviewers } = demandPull(repo, param('number')).pull;
    const users = requestedReviewers.map((one) => renderUser(world, one));
    return c.json({ users, teams: [] } satisfies Rest['pull-request-review-request']);
  });
  route('POST', path, WRITE, async ({ c, repo, actor, param }) => {
    const issue = demandPull(repo, param('number'));
    const { reviewers } = await readBody(c, Reviewers);
    for (const reviewer of findAssignees(world, reviewers)) {
      if (reviewer === issue.user)
        throw new ApiError(422, 'Review cannot be requested from pull request author.');
      if (repo.owner !== reviewer && !hasRole(repo, reviewer, 'read'))
        throw new ApiError(422, 'Reviews may only be requested from collaborators.');
      if (issue.pull.requestedReviewers.includes(reviewer)) continue;
      issue.pull.requestedReviewers.push(reviewer);
      record(world, issue, actor, { event: 'review_requested', reviewer });
      const body = {
        number: issue.number,
        pull_request: renderHookPull(world, issue),
        requested_reviewer: renderUser(world, reviewer),
      };
      announce(world, repo, 'pull_request.review_requested', body, actor.account);
    }
    return c.json(renderPullSimple(world, issue), 201);
  });
  route('DELETE', path, WRITE, async ({ c, repo, param }) => {
    const issue = demandPull(repo, param('number'));
    const gone = findAssignees(world, (await readBody(c, Reviewers)).reviewers);
    issue.pull.requestedReviewers = issue.pull.requestedReviewers.filter((one) => !gone.includes(one));
    return c.json(renderPullSimple(world, issue));
  });
}

export function addReviewRoutes(world: World, route: AddRepoRoute): void {
  route('GET', '/pulls/:number/reviews', READ, ({ c, repo, param }) => {
    const issue = demandPull(repo, param('number'));
    return c.json(takePage(c, issue.pull.reviews).map((review) => renderReview(world, issue, review)));
  });
  route('POST', '/pulls/:number/reviews', WRITE, (call) => submitReview(world, call), 'read');
  route('GET', '/pulls/:number/reviews/:id', READ, (call) => {
    const { issue, review } = demandReview(call);
    return call.c.json(renderReview(world, issue, review));
  });
  route('PUT', '/pulls/:number/reviews/:id/dismissals', WRITE, async (call) => {
    const { issue, review } = demandReview(call);
    await readBody(call.c, z.object({ message: z.string() }));
    if (review.state === 'COMMENTED' || review.state === 'PENDING')
      throw new ApiError(422, 'Can not dismiss a commented pull request review');
    review.state = 'DISMISSED';
    announceReview(world, call, issue, review, 'dismissed');
    return call.c.json(renderReview(world, issue, review));
  });
  addRequestRoutes(world, route);
}
