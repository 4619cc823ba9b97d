import type { Octokit } from '@octokit/rest';
import { isMissing } from './failure.ts';
import { inRepo, type RepoName } from './observed.ts';

/**
 * Puts a reaction on a comment. GitHub's docs, "Create reaction for an issue comment": 200 when it is there already.
 * A deleted comment, or a server without reactions, is no reason to stop.
 */
export async function postReaction(
  client: Octokit,
  repo: RepoName,
  comment: number,
  content: 'eyes' | 'rocket' | 'confused',
): Promise<void> {
  try {
    await client.request('POST /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions', {
      ...inRepo(repo),
      comment_id: comment,
      content,
    });
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}
