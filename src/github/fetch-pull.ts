import type { Octokit } from '@octokit/rest';
import { isGone } from './failure.ts';
import { fetchPages } from './fetch-pages.ts';
import { inRepo, type PullSeen, type RepoName } from './observed.ts';

/** The fields of GitHub's pull request that are used; a list leaves out `merged`. */
export interface RawPull {
  number: number;
  head: { sha: string; ref: string; repo?: { full_name: string } | null };
  base: { sha: string; ref: string };
  draft?: boolean;
  state: string;
  merged?: boolean;
  merged_at?: string | null;
  merge_commit_sha?: string | null;
  user: { login: string } | null;
  title: string;
  body?: string | null;
  node_id: string;
}

/** One pull request, or null when there is none of that number. */
export async function fetchPull(client: Octokit, repo: RepoName, pull: number): Promise<PullSeen | null> {
  try {
    const { data } = await client.request('GET /repos/{owner}/{repo}/pulls/{pull_number}', {
      ...inRepo(repo),
      pull_number: pull,
    });
    return toPull(data as RawPull);
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

/** Pull requests from a branch of this repository, newest first; `base` narrows them down. */
export async function fetchPullsForBranch(
  client: Octokit,
  repo: RepoName,
  wanted: { branch: string; base?: string; state: 'open' | 'all' },
): Promise<PullSeen[]> {
  const found = await fetchPages(async (page) => {
    const answer = await client.request('GET /repos/{owner}/{repo}/pulls', {
      ...inRepo(repo),
      head: `${repo.owner}:${wanted.branch}`,
      state: wanted.state,
      sort: 'created',
      direction: 'desc',
      ...page,
    });
    return { items: answer.data as RawPull[], link: answer.headers.link };
  });
  const home = `${repo.owner}/${repo.name}`.toLowerCase();
  return (
    found
      .map(toPull)
      // A fork may have a branch of the same name, and not every server knows the filter.
      .filter((pull) => pull.headRef === wanted.branch)
      .filter((pull) => (pull.headRepoFullName ?? home).toLowerCase() === home)
      .filter((pull) => wanted.base === undefined || pull.baseRef === wanted.base)
      .filter((pull) => wanted.state === 'all' || pull.open)
      .sort((a, b) => b.number - a.number)
  );
}

/** GitHub's pull request in our words. */
export function toPull(raw: RawPull): PullSeen {
  return {
    number: raw.number,
    headSha: raw.head.sha,
    headRef: raw.head.ref,
    headRepoFullName: raw.head.repo?.full_name ?? null,
    baseRef: raw.base.ref,
    baseSha: raw.base.sha,
    draft: raw.draft === true,
    open: raw.state === 'open',
    merged: raw.merged === true || raw.merged_at != null,
    mergeCommitSha: raw.merge_commit_sha ?? null,
    author: raw.user?.login ?? 'ghost',
    title: raw.title,
    body: raw.body ?? '',
    nodeId: raw.node_id,
  };
}
