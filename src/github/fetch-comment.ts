import type { Octokit } from '@octokit/rest';
import { isGone } from './failure.ts';
import { fetchPages } from './fetch-pages.ts';
import { type CommentSeen, inRepo, type RepoName } from './observed.ts';

/** The fields of GitHub's comment that are used. */
export interface RawComment {
  id: number;
  issue_url?: string;
  html_url?: string;
  user: { login: string; type?: string } | null;
  body?: string | null | undefined;
  created_at: string;
  updated_at: string;
  performed_via_github_app?: { id?: number } | null;
}

/** One comment on an issue or PR, or null when it was deleted. */
export async function fetchComment(
  client: Octokit,
  repo: RepoName,
  comment: number,
): Promise<CommentSeen | null> {
  try {
    const { data } = await client.request('GET /repos/{owner}/{repo}/issues/comments/{comment_id}', {
      ...inRepo(repo),
      comment_id: comment,
    });
    return toComment(data as RawComment);
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

/**
 * Comments of the whole repository that were made or edited since then, oldest first. GitHub's docs, "List issue
 * comments for a repository": `since` looks at the time of the last update, so an old comment that was edited is in
 * the answer; `createdAt` tells it apart.
 */
export async function fetchCommentsSince(
  client: Octokit,
  repo: RepoName,
  since: string,
): Promise<CommentSeen[]> {
  const found = await fetchPages(async (page) => {
    const answer = await client.request('GET /repos/{owner}/{repo}/issues/comments', {
      ...inRepo(repo),
      since,
      sort: 'created',
      direction: 'asc',
      ...page,
    });
    return { items: answer.data as RawComment[], link: answer.headers.link };
  });
  return found.map(toComment);
}

function toComment(raw: RawComment): CommentSeen {
  const issue =
    /\/issues\/(\d+)$/.exec(raw.issue_url ?? '')?.[1] ??
    /\/(?:issues|pull)\/(\d+)#/.exec(raw.html_url ?? '')?.[1];
  if (issue === undefined) throw new Error('GitHub did not say which issue the comment is on');
  const author = raw.user?.login ?? 'ghost';
  return {
    id: raw.id,
    issue: Number(issue),
    author,
    authorIsBot: raw.user?.type === 'Bot' || author.endsWith('[bot]'),
    body: raw.body ?? '',
    createdAt: raw.created_at,
    updatedAt: raw.updated_at,
  };
}
