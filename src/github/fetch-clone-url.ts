import type { Octokit } from '@octokit/rest';
import { inRepo, type RepoName } from './observed.ts';

/** Where the repository is cloned from over HTTPS, as the server itself names it. */
export async function fetchCloneUrl(client: Octokit, repo: RepoName): Promise<string> {
  const { data } = await client.request('GET /repos/{owner}/{repo}', inRepo(repo));
  return data.clone_url;
}
