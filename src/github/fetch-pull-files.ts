import type { Octokit } from '@octokit/rest';
import { inRepo, type RepoName } from './observed.ts';

/** One changed file; no patch where it is a binary or too large for GitHub to show. */
export interface PulledFile {
  path: string;
  patch: string | null;
}

const mostAsked = 100;

/**
 * What a pull request changes, also after it was merged (GitHub's docs, "List pull requests files"): its first hundred
 * files.
 */
export async function fetchPullFiles(client: Octokit, repo: RepoName, pull: number): Promise<PulledFile[]> {
  const { data } = await client.request('GET /repos/{owner}/{repo}/pulls/{pull_number}/files', {
    ...inRepo(repo),
    pull_number: pull,
    per_page: mostAsked,
  });
  return data.map(({ filename, patch }) => ({ path: filename, patch: patch ?? null }));
}
