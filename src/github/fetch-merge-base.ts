import type { Octokit } from '@octokit/rest';
import { inRepo, type RepoName } from './observed.ts';

/** The commit that a head has last had in common with its base. */
export async function fetchMergeBase(
  client: Octokit,
  repo: RepoName,
  base: string,
  headSha: string,
): Promise<string> {
  const { data } = await client.request('GET /repos/{owner}/{repo}/compare/{basehead}', {
    ...inRepo(repo),
    basehead: `${base}...${headSha}`,
    per_page: 1,
  });
  const sha = data.merge_base_commit?.sha;
  if (typeof sha !== 'string' || sha === '') throw new Error('GitHub did not name the merge base');
  return sha;
}
