/** Issues that Signalbox opens itself: for the parts of a task. */
import type { Octokit } from '@octokit/rest';
import type { AppIdentity } from './app-client.ts';
import { isMissing, refusalOf } from './failure.ts';
import { fetchPages } from './fetch-pages.ts';
import { inRepo, type RepoName } from './observed.ts';

interface RawIssue {
  id: number | bigint;
  number: number;
  body?: string | null | undefined;
  user: { login: string; type?: string } | null;
  performed_via_github_app?: { id?: number } | null;
}

export interface IssuePosting {
  title: string;
  body: string;
  /** The first line of the body, by which the issue is found again. */
  mark: string;
  /** When it was first to be opened, ISO 8601: an older issue is not it. */
  since: string;
}

/** Opens an issue, or finds the one that was opened before: of our own App, with the same mark. */
export async function postIssue(
  client: Octokit,
  repo: RepoName,
  identity: AppIdentity,
  posting: IssuePosting,
): Promise<{ number: number }> {
  const found = await fetchOwnIssue(client, repo, identity, posting);
  if (found !== null) return { number: found.number };
  const { data } = await client.request('POST /repos/{owner}/{repo}/issues', {
    ...inRepo(repo),
    title: posting.title,
    body: posting.body,
  });
  return { number: data.number };
}

/** Clocks differ by less than this. */
const hourMs = 3_600_000;

async function fetchOwnIssue(
  client: Octokit,
  repo: RepoName,
  identity: AppIdentity,
  { mark, since }: IssuePosting,
): Promise<RawIssue | null> {
  const issues = await fetchPages(async (page) => {
    const answer = await client.request('GET /repos/{owner}/{repo}/issues', {
      ...inRepo(repo),
      state: 'all',
      creator: identity.botLogin,
      sort: 'created',
      direction: 'asc',
      since: new Date(Date.parse(since) - hourMs).toISOString(),
      ...page,
    });
    return { items: answer.data as RawIssue[], link: answer.headers.link };
  });
  return issues.find((issue) => isOurs(issue, identity) && firstLine(issue.body) === mark) ?? null;
}

/** Anyone can write a mark. */
function isOurs({ user, performed_via_github_app: app }: RawIssue, identity: AppIdentity): boolean {
  if (user?.login.toLowerCase() === identity.botLogin.toLowerCase()) return true;
  return user?.type === 'Bot' && app?.id === identity.appId;
}

function firstLine(body: string | null | undefined): string {
  return (body ?? '').split(/\r?\n/u, 1)[0]?.trim() ?? '';
}

/**
 * Makes an issue a sub-issue of another (GitHub's docs, "Add sub-issue": it takes the database id). Servers without
 * sub-issues, and links that are there or refused, change nothing: the lane knows its parts by itself.
 */
export async function linkSubIssue(
  client: Octokit,
  repo: RepoName,
  parent: number,
  part: number,
): Promise<void> {
  const { data } = await client.request('GET /repos/{owner}/{repo}/issues/{issue_number}', {
    ...inRepo(repo),
    issue_number: part,
  });
  try {
    await client.request('POST /repos/{owner}/{repo}/issues/{issue_number}/sub_issues', {
      ...inRepo(repo),
      issue_number: parent,
      sub_issue_id: Number(data.id),
    });
  } catch (error) {
    if (!isMissing(error) && refusalOf(error)?.status !== 422) throw error;
  }
}
