import { announce, renderHookPull } from './announce.ts';
import { ApiError, validationFailed } from './api-error.ts';
import { forceRef, listCommits } from './git.ts';
import type { Actor } from './issue-changes.ts';
import { createIssue, record } from './issue-changes.ts';
import type { MergeMethod } from './merge.ts';
import { isMergeable, writeLanding } from './merge.ts';
import type { AppRecord, Pull, PullIssue, Repo, Sha } from './model.ts';
import { isPull } from './model.ts';
import { refuseMerge } from './protection.ts';
import { branchSha, markMerged, moveRefs, openPulls } from './ref-changes.ts';
import type { World } from './world.ts';

export interface NewPull {
  title: string;
  body: string | null;
  head: string;
  base: string;
  draft: boolean;
}

function invalid(message: string) {
  return validationFailed({ resource: 'PullRequest', code: 'custom', message });
}

export async function openPull(world: World, repo: Repo, actor: Actor, start: NewPull): Promise<PullIssue> {
  const headRef = start.head.replace(new RegExp(`^${repo.owner.login}:`, 'i'), '');
  const headSha = branchSha(repo, headRef);
  const baseSha = branchSha(repo, start.base);
  if (headSha === null) throw validationFailed({ resource: 'PullRequest', field: 'head', code: 'invalid' });
  if (baseSha === null) throw validationFailed({ resource: 'PullRequest', field: 'base', code: 'invalid' });
  if (start.draft && !repo.draftsAllowed)
    throw new ApiError(422, 'Draft pull requests are not supported in this repository.');
  if (openPulls(repo).some(({ pull }) => pull.headRef === headRef && pull.baseRef === start.base))
    throw invalid(`A pull request already exists for ${repo.owner.login}:${headRef}.`);
  const commits = await listCommits(repo.gitDir, { include: headSha, exclude: [baseSha], limit: 1 });
  if (commits.length === 0) throw invalid(`No commits between ${start.base} and ${headRef}`);
  const pull: Pull = {
    id: world.takeId(),
    headRef,
    headSha,
    baseRef: start.base,
    baseSha,
    draft: start.draft,
    mergedAt: null,
    mergedBy: null,
    mergeCommitSha: null,
    requestedReviewers: [],
    reviews: [],
    mergeability: null,
  };
  const issue = createIssue(world, repo, actor, { title: start.title, body: start.body, pull });
  if (!isPull(issue)) throw new Error('a pull request was created without one');
  await forceRef(repo.gitDir, `refs/pull/${issue.number}/head`, headSha);
  const body = { number: issue.number, pull_request: renderHookPull(world, issue) };
  announce(world, repo, 'pull_request.opened', body, actor.account);
  return issue;
}

/** Moves a pull request to another base, as editing it does. */
export function changeBase(world: World, issue: PullIssue, actor: Actor, base: string): void {
  const { repo, pull } = issue;
  if (base === pull.baseRef) return;
  const sha = branchSha(repo, base);
  if (sha === null) throw validationFailed({ resource: 'PullRequest', field: 'base', code: 'invalid' });
  const changes = { base: { ref: { from: pull.baseRef }, sha: { from: pull.baseSha } } };
  pull.baseRef = base;
  pull.baseSha = sha;
  const body = { number: issue.number, pull_request: renderHookPull(world, issue), changes };
  announce(world, repo, 'pull_request.edited', body, actor.account);
}

export function setDraft(world: World, issue: PullIssue, actor: Actor, draft: boolean): void {
  if (issue.pull.draft === draft) return;
  if (draft && !issue.repo.draftsAllowed)
    throw new ApiError(422, 'Draft pull requests are not supported in this repository.');
  issue.pull.draft = draft;
  record(world, issue, actor, { event: draft ? 'convert_to_draft' : 'ready_for_review' });
  const body = { number: issue.number, pull_request: renderHookPull(world, issue) };
  if (draft) announce(world, issue.repo, 'pull_request.converted_to_draft', body, actor.account);
  else announce(world, issue.repo, 'pull_request.ready_for_review', body, actor.account);
}

export interface MergeRequest {
  method: MergeMethod;
  sha?: Sha | undefined;
  title?: string | undefined;
  message?: string | undefined;
}

/**
 * https://docs.github.com/en/rest/pulls/pulls#merge-a-pull-request : 409 is for a head that moved; 405 is for all
 * else, transient or final, told apart only by its message.
 */
export async function mergePull(
  world: World,
  issue: PullIssue,
  actor: Actor,
  app: AppRecord | null,
  request: MergeRequest,
): Promise<Sha> {
  const { repo, pull } = issue;
  if (issue.state === 'closed') throw new ApiError(405, 'Pull Request is not mergeable');
  if (request.sha !== undefined && request.sha !== pull.headSha)
    throw new ApiError(409, 'Head branch was modified. Review and try the merge again.');
  if (pull.draft) throw new ApiError(405, 'Pull Request is still a draft');
  const refusal = refuseMerge(repo, pull.baseRef, app, pull.headSha);
  if (refusal !== null) throw new ApiError(405, refusal);
  const before = branchSha(repo, pull.baseRef);
  if (before === null || !(await isMergeable(issue)))
    throw new ApiError(405, 'Pull Request is not mergeable');
  const after = await writeLanding(issue, before, request.method, actor, request);
  if (after === null) throw new ApiError(405, "This branch can't be rebased");
  if (request.method !== 'merge') return landRewritten(world, issue, actor, before, after);
  const moved = await moveRefs(world, repo, [{ ref: `refs/heads/${pull.baseRef}`, before, after }], actor);
  if (moved !== null) throw new ApiError(405, 'Base branch was modified. Review and try the merge again.');
  return after;
}

/** Squashed or rebased commits do not contain the head, so nothing but this marks it as merged. */
async function landRewritten(
  world: World,
  issue: PullIssue,
  actor: Actor,
  before: Sha,
  after: Sha,
): Promise<Sha> {
  const { repo, pull } = issue;
  const baseSha = pull.baseSha;
  const change = { ref: `refs/heads/${pull.baseRef}`, before, after };
  const moved = await moveRefs(world, repo, [change], actor);
  if (moved !== null) throw new ApiError(405, 'Base branch was modified. Review and try the merge again.');
  if (issue.state === 'open') {
    pull.baseSha = baseSha;
    markMerged(world, issue, actor, after);
  }
  return after;
}
