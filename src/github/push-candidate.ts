import type { Octokit } from '@octokit/rest';
import { failureError, refusalOf } from './failure.ts';
import { fetchCommit, fetchKnownCommit, fetchRef } from './fetch-ref.ts';
import { inRepo, type RepoName } from './observed.ts';
import { pushBranch, pushNewBranch } from './push-branch.ts';

export interface CandidatePlan {
  /** Branch on which the merges are made; no CI runs there. */
  prepareRef: string;
  /** Branch that gets the result in one push; CI runs there. */
  buildRef: string;
  baseSha: string;
  heads: { sha: string; message: string }[];
}

export type CandidateMade =
  | { kind: 'made'; sha: string; tree: string }
  | { kind: 'conflict'; headSha: string };

/**
 * Makes a candidate: the base plus the heads, merged in this order. The merges are always made anew on the prepare
 * branch; a build branch left by an earlier run is kept, and not pushed again, only when it has the same ancestry
 * and the same tree. Ancestry alone would let whoever can push there have another tree tested and landed.
 */
export async function pushCandidate(
  client: Octokit,
  repo: RepoName,
  plan: CandidatePlan,
): Promise<CandidateMade> {
  await setBranch(client, repo, plan.prepareRef, plan.baseSha);
  let tip = plan.baseSha;
  for (const head of plan.heads) {
    const merged = await pushMerge(client, repo, { branch: plan.prepareRef, tip, head });
    if (merged === 'conflict') return { kind: 'conflict', headSha: head.sha };
    tip = merged;
  }
  const made = await fetchKnownCommit(client, repo, tip);
  const earlier = await fetchRef(client, repo, `heads/${plan.buildRef}`);
  if (earlier !== null && earlier !== made.sha) {
    const same = await fetchCommit(client, repo, earlier);
    if (same?.tree === made.tree && (await haveSameAncestry(client, repo, earlier, made.sha, plan))) {
      return { kind: 'made', sha: earlier, tree: same.tree };
    }
  }
  if (earlier !== made.sha) await setBranch(client, repo, plan.buildRef, made.sha, earlier);
  return { kind: 'made', sha: made.sha, tree: made.tree };
}

/** Puts a branch exactly there, whether it exists or not. */
async function setBranch(
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
async function pushMerge(
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

/** Whether two candidates have the same parents all the way down to the base. */
async function haveSameAncestry(
  client: Octokit,
  repo: RepoName,
  one: string,
  other: string,
  plan: CandidatePlan,
): Promise<boolean> {
  let [left, right]: [string | undefined, string | undefined] = [one, other];
  for (let step = 0; step <= plan.heads.length; step += 1) {
    if (left === right) return left !== undefined;
    if (left === undefined || right === undefined) return false;
    const [a, b]: { parents: string[] }[] = await Promise.all([
      fetchKnownCommit(client, repo, left),
      fetchKnownCommit(client, repo, right),
    ]);
    if (a?.parents.length !== 2 || b?.parents.length !== 2 || a.parents[1] !== b.parents[1]) return false;
    [left, right] = [a.parents[0], b.parents[0]];
  }
  return false;
}
