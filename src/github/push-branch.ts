import type { Octokit } from '@octokit/rest';
import { refusalOf } from './failure.ts';
import { inRepo, type RepoName } from './observed.ts';

/** Creates a branch; false when it is there already (422 "Reference already exists"; docs, "Create a reference"). */
export async function pushNewBranch(
  client: Octokit,
  repo: RepoName,
  branch: string,
  sha: string,
): Promise<boolean> {
  try {
    await client.request('POST /repos/{owner}/{repo}/git/refs', {
      ...inRepo(repo),
      ref: `refs/heads/${branch}`,
      sha,
    });
    return true;
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal !== null && [409, 422].includes(refusal.status) && /already exists/i.test(refusal.message))
      return false;
    throw error;
  }
}

/** Moves a branch; without `force` only forward (docs, "Update a reference"). */
export async function pushBranch(
  client: Octokit,
  repo: RepoName,
  move: { branch: string; sha: string; force: boolean },
): Promise<void> {
  await client.request('PATCH /repos/{owner}/{repo}/git/refs/{ref}', {
    ...inRepo(repo),
    ref: `heads/${move.branch}`,
    sha: move.sha,
    force: move.force,
  });
}
