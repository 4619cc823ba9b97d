import type { FileDiff } from './diff.ts';
import type { Rest } from './github-types.ts';
import type { PullIssue, Review, Sha } from './model.ts';
import { nodeId } from './model.ts';
import { associationOf, renderLabel } from './render-issue.ts';
import { renderRepo } from './render-repo.ts';
import { renderUser } from './render-user.ts';
import type { World } from './world.ts';
import { htmlUrl, repoUrl } from './world.ts';

function renderSide(world: World, issue: PullIssue, ref: string, sha: Sha) {
  const { repo } = issue;
  return {
    label: `${repo.owner.login}:${ref}`,
    ref,
    sha,
    user: renderUser(world, repo.owner),
    repo: {
      ...renderRepo(world, repo),
      allow_auto_merge: false,
      allow_merge_commit: true,
      allow_rebase_merge: true,
      allow_squash_merge: true,
      allow_update_branch: true,
      delete_branch_on_merge: false,
    },
  };
}

/** What lists of pull requests hold: everything but what needs git to be computed. */
export function renderPullSimple(world: World, issue: PullIssue) {
  const { repo, pull, number } = issue;
  const url = repoUrl(world, repo, `/pulls/${number}`);
  const issueUrl = repoUrl(world, repo, `/issues/${number}`);
  const html = htmlUrl(world, repo, `/pull/${number}`);
  const [assignee] = issue.assignees;
  return {
    id: issue.pull.id,
    node_id: nodeId('PullRequest', issue.id),
    number,
    url,
    html_url: html,
    diff_url: `${html}.diff`,
    patch_url: `${html}.patch`,
    issue_url: issueUrl,
    commits_url: `${url}/commits`,
    review_comments_url: `${url}/comments`,
    review_comment_url: repoUrl(world, repo, '/pulls/comments{/number}'),
    comments_url: `${issueUrl}/comments`,
    statuses_url: repoUrl(world, repo, `/statuses/${pull.headSha}`),
    state: issue.state,
    locked: false,
    active_lock_reason: null,
    title: issue.title,
    body: issue.body,
    user: renderUser(world, issue.user),
    // Label descriptions are null in every other schema and a string in this one's list form.
    labels: issue.labels.map((label) => ({
      ...renderLabel(world, repo, label),
      description: label.description ?? '',
    })),
    milestone: null,
    assignee: assignee === undefined ? null : renderUser(world, assignee),
    assignees: issue.assignees.map((one) => renderUser(world, one)),
    requested_reviewers: pull.requestedReviewers.map((one) => renderUser(world, one)),
    requested_teams: [],
    created_at: issue.createdAt,
    updated_at: issue.updatedAt,
    closed_at: issue.closedAt,
    merged_at: pull.mergedAt,
    merge_commit_sha: pull.mergeCommitSha,
    draft: pull.draft,
    head: renderSide(world, issue, pull.headRef, pull.headSha),
    base: renderSide(world, issue, pull.baseRef, pull.baseSha),
    author_association: associationOf(repo, issue.user),
    auto_merge: null,
    _links: {
      self: { href: url },
      html: { href: html },
      issue: { href: issueUrl },
      comments: { href: `${issueUrl}/comments` },
      review_comments: { href: `${url}/comments` },
      review_comment: { href: repoUrl(world, repo, '/pulls/comments{/number}') },
      commits: { href: `${url}/commits` },
      statuses: { href: repoUrl(world, repo, `/statuses/${pull.headSha}`) },
    },
  } satisfies Rest['pull-request-simple'];
}

export interface PullFigures {
  mergeable: boolean | null;
  mergeableState: 'clean' | 'dirty' | 'blocked' | 'unstable' | 'draft' | 'behind' | 'unknown';
  commits: number;
  files: readonly FileDiff[];
}

export function renderPull(world: World, issue: PullIssue, figures: PullFigures) {
  const { pull } = issue;
  return {
    ...renderPullSimple(world, issue),
    merged: pull.mergedAt !== null,
    mergeable: figures.mergeable,
    rebaseable: figures.mergeable,
    mergeable_state: figures.mergeableState,
    merged_by: pull.mergedBy === null ? null : renderUser(world, pull.mergedBy),
    comments: issue.comments.length,
    review_comments: 0,
    maintainer_can_modify: false,
    commits: figures.commits,
    additions: figures.files.reduce((sum, file) => sum + file.additions, 0),
    deletions: figures.files.reduce((sum, file) => sum + file.deletions, 0),
    changed_files: figures.files.length,
  } satisfies Rest['pull-request'];
}

export function renderPullMinimal(world: World, issue: PullIssue) {
  const { repo, pull } = issue;
  const side = (ref: string, sha: Sha) => ({
    ref,
    sha,
    repo: { id: repo.id, url: repoUrl(world, repo), name: repo.name },
  });
  return {
    id: pull.id,
    number: issue.number,
    url: repoUrl(world, repo, `/pulls/${issue.number}`),
    head: side(pull.headRef, pull.headSha),
    base: side(pull.baseRef, pull.baseSha),
  } satisfies Rest['pull-request-minimal'];
}

export function renderReview(world: World, issue: PullIssue, review: Review) {
  const pullUrl = repoUrl(world, issue.repo, `/pulls/${issue.number}`);
  const html = htmlUrl(world, issue.repo, `/pull/${issue.number}#pullrequestreview-${review.id}`);
  return {
    id: review.id,
    node_id: nodeId('PullRequestReview', review.id),
    user: renderUser(world, review.user),
    body: review.body,
    state: review.state,
    html_url: html,
    pull_request_url: pullUrl,
    _links: { html: { href: html }, pull_request: { href: pullUrl } },
    submitted_at: review.submittedAt,
    commit_id: review.commitId,
    author_association: associationOf(issue.repo, review.user),
  } satisfies Rest['pull-request-review'];
}
