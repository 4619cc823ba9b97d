import type { Octokit } from '@octokit/rest';
import { failureError, refusalOf } from './failure.ts';
import { fetchKnownCommit, fetchRef } from './fetch-ref.ts';
import { inRepo, type RepoName } from './observed.ts';
import { pushBranch, pushNewBranch } from './push-branch.ts';

/** Puts a branch exactly there, whether it exists or not. */
export async function setBranch(
  client: Octokit,
  repo: RepoName,
  branch: string,
  sha: string,
  known?: string | null,
): Promise<void> {
  const tip = known === undefined ? await fetchRef(client, repo, `heads/${branch}`) : known;
  if (tip === sha) return;
  if (tip === null && (await pushNewBranch(client, repo, branch, sha))) return;
  await pushBranch(client, repo, { branch, sha, force: true });
}

/** One merge (GitHub's docs, "Merge a branch": 201 made, 204 nothing to merge, 409 conflict, 404 no such head). */
export async function pushMerge(
  client: Octokit,
  repo: RepoName,
  merge: { branch: string; tip: string; head: { sha: string; message: string } },
): Promise<string | 'conflict'> {
  try {
    const answer = await client.request('POST /repos/{owner}/{repo}/merges', {
      ...inRepo(repo),
      base: merge.branch,
      head: merge.head.sha,
      commit_message: merge.head.message,
    });
    // The type knows only 201 with a body; 204 has none.
    const status: number = answer.status;
    if (status === 204) {
      await expectTip(client, repo, merge.branch, merge.tip);
      return merge.tip;
    }
    // GitHub always makes a merge commit here; a server that fast-forwards has moved to the head itself.
    if (answer.data.sha === merge.head.sha) return answer.data.sha;
    const parents =
      answer.data.parents?.map((parent) => parent.sha) ??
      (await fetchKnownCommit(client, repo, answer.data.sha)).parents;
    if (parents.length !== 2 || parents[0] !== merge.tip || parents[1] !== merge.head.sha)
      throw moved(merge.branch);
    return answer.data.sha;
  } catch (error) {
    const refusal = refusalOf(error);
    // Not every 409 is a conflict: "not authorized to push" passes by itself (F18), and rules may refuse.
    const otherwise = /not authorized|not allowed|rule violation|protected/i;
    if (refusal?.status === 409 && !otherwise.test(refusal.message)) return 'conflict';
    throw error;
  }
}

async function expectTip(client: Octokit, repo: RepoName, branch: string, tip: string): Promise<void> {
  if ((await fetchRef(client, repo, `heads/${branch}`)) !== tip) throw moved(branch);
}

function moved(branch: string): Error {
  return failureError(`${branch} was moved while a candidate was made on it`, { kind: 'unclear' });
}
