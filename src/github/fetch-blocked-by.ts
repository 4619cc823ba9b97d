import type { Octokit } from '@octokit/rest';
import { isMissing } from './failure.ts';
import { fetchPages } from './fetch-pages.ts';
import { type BlockedBy, type IssueSeen, inRepo, type RepoName } from './observed.ts';

interface RawIssue {
  number: number;
  repository_url?: string;
  repository?: { full_name?: string };
}

type Route =
  | 'GET /repos/{owner}/{repo}/issues/{issue_number}/dependencies/blocked_by'
  | 'GET /repos/{owner}/{repo}/issues/{issue_number}/sub_issues';

async function fetchLinks(
  client: Octokit,
  repo: RepoName,
  issue: number,
  route: Route,
): Promise<BlockedBy[]> {
  try {
    const found = await fetchPages(async (page) => {
      const answer = await client.request(route, { ...inRepo(repo), issue_number: issue, ...page });
      return { items: answer.data as RawIssue[], link: answer.headers.link };
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

/**
 * What an issue waits for natively: "blocked by" links and its sub-issues (GitHub's docs, "List dependencies an issue
 * is blocked by" and "List sub-issues"); none on servers without them.
 */
export async function fetchBlockedBy(
  client: Octokit,
  repo: RepoName,
  issue: IssueSeen,
): Promise<BlockedBy[]> {
  const links = await fetchLinks(
    client,
    repo,
    issue.number,
    'GET /repos/{owner}/{repo}/issues/{issue_number}/dependencies/blocked_by',
  );
  if (issue.subIssues === 0) return links;
  const route = 'GET /repos/{owner}/{repo}/issues/{issue_number}/sub_issues';
  return [...links, ...(await fetchLinks(client, repo, issue.number, route))];
}
