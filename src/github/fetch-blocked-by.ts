import type { Octokit } from '@octokit/rest';
import { isMissing } from './failure.ts';
import { fetchPages } from './fetch-pages.ts';
import { type BlockedBy, inRepo, type RepoName } from './observed.ts';

/**
 * Native "blocked by" links (GitHub's docs, "List dependencies an issue is blocked by"); none on servers without
 * issue dependencies.
 */
export async function fetchBlockedBy(client: Octokit, repo: RepoName, issue: number): Promise<BlockedBy[]> {
  try {
    const found = await fetchPages(async (page) => {
      const answer = await client.request(
        'GET /repos/{owner}/{repo}/issues/{issue_number}/dependencies/blocked_by',
        {
          ...inRepo(repo),
          issue_number: issue,
          ...page,
        },
      );
      return { items: answer.data, link: answer.headers.link };
    });
    return found.map((each) => ({
      number: each.number,
      repo:
        /\/repos\/([^/]+\/[^/]+)$/.exec(each.repository_url ?? '')?.[1] ??
        each.repository?.full_name ??
        `${repo.owner}/${repo.name}`,
    }));
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
