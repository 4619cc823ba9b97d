import type { Octokit } from '@octokit/rest';
import { fetchPages } from './fetch-pages.ts';
import { type RawPull, toPull } from './fetch-pull.ts';
import { inRepo, type PullSeen, type RepoName } from './observed.ts';

/** Every open pull request onto a branch. */
export async function fetchOpenPulls(client: Octokit, repo: RepoName, base: string): Promise<PullSeen[]> {
  const found = await fetchPages(async (page) => {
    const answer = await client.request('GET /repos/{owner}/{repo}/pulls', {
      ...inRepo(repo),
      base,
      state: 'open',
      ...page,
    });
    return { items: answer.data as RawPull[], link: answer.headers.link };
  });
  return found.map(toPull).filter((pull) => pull.open && pull.baseRef === base);
}
