import type { Octokit } from '@octokit/rest';
import { inRepo, type RepoName } from './observed.ts';

/** Whether `older` is contained in the history of `newer` (GitHub's docs, "Compare two commits": `status`). */
export async function fetchIsAncestor(
  client: Octokit,
  repo: RepoName,
  older: string,
  newer: string,
): Promise<boolean> {
  const { data } = await client.request('GET /repos/{owner}/{repo}/compare/{basehead}', {
    ...inRepo(repo),
    basehead: `${older}...${newer}`,
    per_page: 1,
  });
  return data.status === 'ahead' || data.status === 'identical';
}
