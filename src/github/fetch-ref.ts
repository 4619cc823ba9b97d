import type { Octokit } from '@octokit/rest';
import { failureError, isGone } from './failure.ts';
import { type CommitSeen, inRepo, type RepoName } from './observed.ts';

/**
 * Where a ref such as `heads/main` points, or null. Older servers answer with a list of all refs that begin so;
 * only the exact one counts. 409 is an empty repository (GitHub's docs, "Get a reference").
 */
export async function fetchRef(client: Octokit, repo: RepoName, ref: string): Promise<string | null> {
  try {
    const { data } = await client.request('GET /repos/{owner}/{repo}/git/ref/{ref}', {
      ...inRepo(repo),
      ref,
    });
    const found: { ref: string; object: { sha: string } }[] = Array.isArray(data) ? data : [data];
    return found.find((each) => each.ref === `refs/${ref}`)?.object.sha ?? null;
  } catch (error) {
    if (isGone(error) || isEmptyRepository(error)) return null;
    throw error;
  }
}

function isEmptyRepository(error: unknown): boolean {
  return error instanceof Error && Reflect.get(error, 'status') === 409 && /empty/i.test(error.message);
}

/** One commit object, or null when the repository has none of that id. */
export async function fetchCommit(client: Octokit, repo: RepoName, sha: string): Promise<CommitSeen | null> {
  try {
    const { data } = await client.request('GET /repos/{owner}/{repo}/git/commits/{commit_sha}', {
      ...inRepo(repo),
      commit_sha: sha,
    });
    return {
      sha: data.sha,
      tree: data.tree.sha,
      parents: data.parents.map((parent) => parent.sha),
      message: data.message,
    };
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

/**
 * One commit object that must be there. `gone` when it is not: a webhook may come before what it tells of (F11), so
 * the caller may look again later.
 */
export async function fetchKnownCommit(client: Octokit, repo: RepoName, sha: string): Promise<CommitSeen> {
  const commit = await fetchCommit(client, repo, sha);
  if (commit === null || commit.sha !== sha)
    throw failureError(`the repository has no commit ${sha}`, { kind: 'gone' });
  return commit;
}
