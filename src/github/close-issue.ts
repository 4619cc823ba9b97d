import type { Octokit } from '@octokit/rest';
import { fetchIssue } from './fetch-issue.ts';
import { inRepo, type RepoName } from './observed.ts';

/** Closes an issue as completed; nothing to do when it is closed or gone. */
export async function closeIssue(
  client: Octokit,
  repo: RepoName,
  issue: number,
): Promise<'closed' | 'already'> {
  const seen = await fetchIssue(client, repo, issue);
  if (seen === null || !seen.open) return 'already';
  await client.request('PATCH /repos/{owner}/{repo}/issues/{issue_number}', {
    ...inRepo(repo),
    issue_number: issue,
    state: 'closed',
    state_reason: 'completed',
  });
  return 'closed';
}
