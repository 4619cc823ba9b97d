import type { Octokit } from '@octokit/rest';
import { deleteRef } from './delete-ref.ts';
import { failureError } from './failure.ts';
import { fetchKnownCommit } from './fetch-ref.ts';
import { inRepo, type RepoName } from './observed.ts';
import { pushMerge, setBranch } from './push-merge.ts';

export interface RevertPlan {
  /** The branch that gets the result. */
  branch: string;
  /** Where the merge is made; it is gone afterwards. */
  prepareRef: string;
  /** The tip of the base branch that the revert goes on from. */
  tip: string;
  /** The base branch before and after what is to be taken back; both are in the history of `tip`. */
  before: string;
  after: string;
  message: string;
}

/** `nothing`: the tip would not change. */
export type RevertMade = { kind: 'made'; sha: string } | { kind: 'conflict' } | { kind: 'nothing' };

async function writeCommit(
  client: Octokit,
  repo: RepoName,
  commit: { message: string; tree: string; parent: string },
): Promise<string> {
  const { message, tree, parent } = commit;
  // Without author and committer GitHub signs it in the App's name (docs, "Create a commit").
  const { data } = await client.request('POST /repos/{owner}/{repo}/git/commits', {
    ...inRepo(repo),
    message,
    tree,
    parents: [parent],
  });
  if (data.tree.sha !== tree || data.parents.length !== 1 || data.parents[0]?.sha !== parent)
    throw failureError('GitHub made another commit than it was asked for', { kind: 'unclear' });
  return data.sha;
}

/**
 * Takes back what lies between two commits, as `git revert` does: a stand-in that goes from `after` back to the tree of
 * `before` is merged with the tip by GitHub, and the tree of that becomes one commit on the tip. The branch is only
 * set when all of that went well.
 */
export async function pushRevert(client: Octokit, repo: RepoName, plan: RevertPlan): Promise<RevertMade> {
  const { branch, prepareRef, tip, message } = plan;
  const before = await fetchKnownCommit(client, repo, plan.before);
  const standIn = await writeCommit(client, repo, {
    message: 'stand-in',
    tree: before.tree,
    parent: plan.after,
  });
  await setBranch(client, repo, prepareRef, standIn);
  try {
    const head = { sha: tip, message: 'stand-in' };
    const isTip = tip === plan.after;
    const merged = isTip
      ? standIn
      : await pushMerge(client, repo, { branch: prepareRef, tip: standIn, head });
    if (merged === 'conflict') return { kind: 'conflict' };
    const { tree } = await fetchKnownCommit(client, repo, merged);
    if (tree === (await fetchKnownCommit(client, repo, tip)).tree) return { kind: 'nothing' };
    const sha = await writeCommit(client, repo, { message, tree, parent: tip });
    await setBranch(client, repo, branch, sha);
    return { kind: 'made', sha };
  } finally {
    await deleteRef(client, repo, `heads/${prepareRef}`);
  }
}
