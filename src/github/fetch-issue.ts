import type { Octokit } from '@octokit/rest';
import { isGone } from './failure.ts';
import { fetchPages } from './fetch-pages.ts';
import { type IssueSeen, inRepo, type RepoName } from './observed.ts';

/** The fields of GitHub's issue that are used; some servers leave out the optional ones. */
interface RawIssue {
  number: number;
  title: string;
  body?: string | null | undefined;
  user: { login: string } | null;
  state: string;
  state_reason?: string | null;
  labels?: (string | { name?: string })[];
  pull_request?: unknown;
  sub_issues_summary?: { total?: number } | null;
  updated_at: string;
}

/** One issue, or null when it was deleted, or transferred (GitHub then redirects to the new one, F33). */
export async function fetchIssue(client: Octokit, repo: RepoName, issue: number): Promise<IssueSeen | null> {
  try {
    const { data } = await client.request('GET /repos/{owner}/{repo}/issues/{issue_number}', {
      ...inRepo(repo),
      issue_number: issue,
    });
    return data.number === issue ? toIssue(data) : null;
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

/** Issues and pull requests (GitHub counts both here), all of which carry all the labels. */
export async function fetchIssues(
  client: Octokit,
  repo: RepoName,
  wanted: { labels?: string[]; since?: string; state: 'open' | 'closed' | 'all' },
): Promise<IssueSeen[]> {
  const labels = wanted.labels ?? [];
  const found = await fetchPages(async (page) => {
    const answer = await client.request('GET /repos/{owner}/{repo}/issues', {
      ...inRepo(repo),
      state: wanted.state,
      // Oldest first, so that what is opened meanwhile does not shift the pages.
      sort: 'created',
      direction: 'asc',
      ...(labels.length > 0 ? { labels: labels.join(',') } : {}),
      ...(wanted.since === undefined ? {} : { since: wanted.since }),
      ...page,
    });
    return { items: answer.data, link: answer.headers.link };
  });
  return found.map(toIssue).filter((issue) => labels.every((label) => hasLabel(issue, label)));
}

/** Open issues with the label; pull requests are left out. */
export async function fetchIssuesWithLabel(
  client: Octokit,
  repo: RepoName,
  label: string,
): Promise<IssueSeen[]> {
  const found = await fetchIssues(client, repo, { labels: [label], state: 'open' });
  return found.filter((issue) => issue.open && !issue.isPullRequest);
}

/** GitHub compares label names without regard to case. */
function hasLabel(issue: IssueSeen, label: string): boolean {
  return issue.labels.some((each) => each.toLowerCase() === label.toLowerCase());
}

function toIssue(raw: RawIssue): IssueSeen {
  return {
    number: raw.number,
    title: raw.title,
    body: raw.body ?? '',
    author: raw.user?.login ?? 'ghost',
    open: raw.state === 'open',
    stateReason: raw.state_reason ?? null,
    labels: (raw.labels ?? []).map((label) => (typeof label === 'string' ? label : (label.name ?? ''))),
    isPullRequest: raw.pull_request != null,
    subIssues: raw.sub_issues_summary?.total ?? null,
    updatedAt: raw.updated_at,
  };
}
