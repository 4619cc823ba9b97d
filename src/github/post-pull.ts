import type { Octokit } from '@octokit/rest';
import { classifyFailure, isMissing, refusalOf } from './failure.ts';
import { fetchPull, fetchPullsForBranch, toPull } from './fetch-pull.ts';
import { inRepo, type PullSeen, type RepoName } from './observed.ts';

export interface PullOpening {
  branch: string;
  base: string;
  title: string;
  body: string;
  draft: boolean;
}

export interface PullOpened {
  number: number;
  headSha: string;
  draft: boolean;
}

/**
 * Opens the pull request of a branch, or finds the open one. Private repositories on some plans have no drafts
 * (422, "Draft pull requests are not supported"); then it is opened ready for review.
 */
export async function postPull(client: Octokit, repo: RepoName, opening: PullOpening): Promise<PullOpened> {
  const open = await fetchOpenPull(client, repo, opening);
  if (open !== null) return open;
  try {
    return await sendPull(client, repo, opening);
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal?.status !== 422) throw error;
    if (/already exists/i.test(refusal.message)) {
      const other = await fetchOpenPull(client, repo, opening);
      if (other !== null) return other;
      throw error;
    }
    // A field error names "draft" too; with a PR that is not to be a draft there is nothing left to try.
    if (!opening.draft || !/draft/i.test(refusal.message)) throw error;
    return sendPull(client, repo, { ...opening, draft: false });
  }
}

async function fetchOpenPull(
  client: Octokit,
  repo: RepoName,
  opening: PullOpening,
): Promise<PullOpened | null> {
  const { branch, base } = opening;
  const [found] = await fetchPullsForBranch(client, repo, { branch, base, state: 'open' });
  return found === undefined ? null : opened(found);
}

async function sendPull(client: Octokit, repo: RepoName, opening: PullOpening): Promise<PullOpened> {
  const { data } = await client.request('POST /repos/{owner}/{repo}/pulls', {
    ...inRepo(repo),
    head: opening.branch,
    base: opening.base,
    title: opening.title,
    body: opening.body,
    draft: opening.draft,
  });
  return opened(toPull(data));
}

function opened(pull: PullSeen): PullOpened {
  return { number: pull.number, headSha: pull.headSha, draft: pull.draft };
}

/** Closes a pull request without merging; nothing to do when it is closed or gone. */
export async function closePull(
  client: Octokit,
  repo: RepoName,
  pull: number,
): Promise<'closed' | 'already'> {
  const seen = await fetchPull(client, repo, pull);
  if (seen === null || !seen.open) return 'already';
  await client.request('PATCH /repos/{owner}/{repo}/pulls/{pull_number}', {
    ...inRepo(repo),
    pull_number: pull,
    state: 'closed',
  });
  return 'closed';
}

const markReady = `mutation ($id: ID!) {
  markPullRequestReadyForReview(input: { pullRequestId: $id }) { pullRequest { isDraft } }
}`;

/**
 * Takes a pull request out of draft, which only GraphQL can. Null when this server, or our rights, cannot; a person
 * then presses the button.
 */
export async function markPullReady(client: Octokit, nodeId: string): Promise<{ draft: boolean } | null> {
  try {
    const answer = await client.graphql<{
      markPullRequestReadyForReview?: { pullRequest?: { isDraft?: boolean } | null } | null;
    } | null>(markReady, { id: nodeId });
    const isDraft = answer?.markPullRequestReadyForReview?.pullRequest?.isDraft;
    return typeof isDraft === 'boolean' ? { draft: isDraft } : null;
  } catch (error) {
    if (isMissing(error) || classifyFailure(error).kind === 'refused') return null;
    throw error;
  }
}
