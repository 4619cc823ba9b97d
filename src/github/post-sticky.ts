import type { Octokit } from '@octokit/rest';
import type { AppIdentity } from './app-client.ts';
import { failureError, isGone } from './failure.ts';
import type { RawComment } from './fetch-comment.ts';
import { fetchPages } from './fetch-pages.ts';
import { inRepo, type KnownPost, type RepoName } from './observed.ts';

export interface CommentPosting {
  issue: number;
  /** Hidden text in the body by which the comment is found again. */
  marker: string;
  body: string;
}

/**
 * Keeps the one comment of an issue or PR up to date: the known one, else one of ours with the marker, else a new
 * one. Nothing is written when the text is the same.
 */
export async function postSticky(
  client: Octokit,
  repo: RepoName,
  identity: AppIdentity,
  posting: CommentPosting & { known: KnownPost | null },
): Promise<{ id: number }> {
  const known = posting.known === null ? null : await fetchKnown(client, repo, posting.known);
  const found = known ?? (await fetchOwnComment(client, repo, identity, posting));
  if (found === null) return sendComment(client, repo, posting);
  if (!isSameText(found.body ?? '', posting.body)) {
    await client.request('PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}', {
      ...inRepo(repo),
      comment_id: found.id,
      body: posting.body,
    });
  }
  return { id: Number(found.id) };
}

/** Says something once: a comment of ours with this marker is left as it is. */
export async function postReply(
  client: Octokit,
  repo: RepoName,
  identity: AppIdentity,
  posting: CommentPosting,
): Promise<{ id: number }> {
  const found = await fetchOwnComment(client, repo, identity, posting);
  return found === null ? sendComment(client, repo, posting) : { id: Number(found.id) };
}

/**
 * The comment that we know of, or null when it has been deleted. One that was made a moment ago may not be readable
 * yet: taking it for deleted would post a second one (F11).
 */
async function fetchKnown(client: Octokit, repo: RepoName, known: KnownPost): Promise<RawComment | null> {
  const comment = await fetchRaw(client, repo, known.id);
  if (comment === null && known.isNew) {
    throw failureError(`the comment ${known.id} cannot be read yet`, { kind: 'transient' });
  }
  return comment;
}

async function sendComment(
  client: Octokit,
  repo: RepoName,
  posting: CommentPosting,
): Promise<{ id: number }> {
  const { data } = await client.request('POST /repos/{owner}/{repo}/issues/{issue_number}/comments', {
    ...inRepo(repo),
    issue_number: posting.issue,
    body: posting.body,
  });
  return { id: Number(data.id) };
}

async function fetchRaw(client: Octokit, repo: RepoName, comment: number): Promise<RawComment | null> {
  try {
    const { data } = await client.request('GET /repos/{owner}/{repo}/issues/comments/{comment_id}', {
      ...inRepo(repo),
      comment_id: comment,
    });
    return data as RawComment;
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

async function fetchOwnComment(
  client: Octokit,
  repo: RepoName,
  identity: AppIdentity,
  wanted: { issue: number; marker: string },
): Promise<RawComment | null> {
  const comments = await fetchPages(async (page) => {
    const answer = await client.request('GET /repos/{owner}/{repo}/issues/{issue_number}/comments', {
      ...inRepo(repo),
      issue_number: wanted.issue,
      ...page,
    });
    return { items: answer.data as RawComment[], link: answer.headers.link };
  });
  return comments.find((each) => isOurs(each, identity) && each.body?.includes(wanted.marker)) ?? null;
}

/** Anyone can write a marker; only comments by our bot are looked at (S41). */
function isOurs(comment: RawComment, identity: AppIdentity): boolean {
  if (comment.user?.login.toLowerCase() === identity.botLogin.toLowerCase()) return true;
  return comment.user?.type === 'Bot' && comment.performed_via_github_app?.id === identity.appId;
}

/** Line ends come back as they were sent, or as CRLF after somebody edited in the browser. */
function isSameText(a: string, b: string): boolean {
  const plain = (text: string) => text.replaceAll('\r\n', '\n').trimEnd();
  return plain(a) === plain(b);
}
