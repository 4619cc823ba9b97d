import type { Octokit } from '@octokit/rest';
import { isGone, refusalOf } from './failure.ts';
import { inRepo, type RepoName } from './observed.ts';

/** Deletes a ref such as `heads/x`; GitHub answers 422 "Reference does not exist" when it is gone already. */
export async function deleteRef(
  client: Octokit,
  repo: RepoName,
  ref: string,
): Promise<'deleted' | 'already'> {
  try {
    await client.request('DELETE /repos/{owner}/{repo}/git/refs/{ref}', { ...inRepo(repo), ref });
    return 'deleted';
  } catch (error) {
    const refusal = refusalOf(error);
    // A protected branch is refused with 422 as well, and is not gone.
    const absent = refusal?.status === 422 && /does ?n[o']t exist|not found/i.test(refusal.message);
    if (isGone(error) || absent) return 'already';
    throw error;
  }
}
