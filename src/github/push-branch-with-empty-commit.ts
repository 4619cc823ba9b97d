import type { Octokit } from '@octokit/rest';
import { failureError } from './failure.ts';
import { fetchCommit, fetchKnownCommit, fetchRef } from './fetch-ref.ts';
import { type CommitSeen, inRepo, type RepoName } from './observed.ts';
import { pushBranch, pushNewBranch } from './push-branch.ts';

export interface BranchOpening {
  branch: string;
  baseSha: string;
  message: string;
}

/** How far back our own commit is looked for below the tip; by then an agent has long reported its branch. */
const farthestBack = 30;

/**
 * Opens a task's branch with an empty commit of ours, for GitHub opens no PR without one. Answers our commit, made
 * now or found at or below the tip; `found` with the tip means that the branch holds something else.
 */
export async function pushBranchWithEmptyCommit(
  client: Octokit,
  repo: RepoName,
  opening: BranchOpening,
): Promise<{ sha: string; found: boolean }> {
  const tip = await fetchRef(client, repo, `heads/${opening.branch}`);
  if (tip !== null && tip !== opening.baseSha) return recognise(client, repo, opening, tip);

  const base = await fetchKnownCommit(client, repo, opening.baseSha);
  const made = await client.request('POST /repos/{owner}/{repo}/git/commits', {
    ...inRepo(repo),
    message: opening.message,
    tree: base.tree,
    parents: [opening.baseSha],
  });
  const { sha } = made.data;
  if (tip === opening.baseSha) {
    // Somebody made the branch and put nothing on it. Not forced, so that a push of theirs meanwhile wins.
    await pushBranch(client, repo, { branch: opening.branch, sha, force: false });
    return { sha, found: false };
  }
  if (await pushNewBranch(client, repo, opening.branch, sha)) return { sha, found: false };
  // It was made between our look and our push, perhaps by our own earlier request.
  const now = await fetchRef(client, repo, `heads/${opening.branch}`);
  if (now === null)
    throw failureError(`the branch ${opening.branch} exists but cannot be read yet`, { kind: 'unclear' });
  return recognise(client, repo, opening, now);
}

async function recognise(
  client: Octokit,
  repo: RepoName,
  opening: BranchOpening,
  tip: string,
): Promise<{ sha: string; found: boolean }> {
  const base = await fetchKnownCommit(client, repo, opening.baseSha);
  let sha: string | undefined = tip;
  for (let back = 0; back < farthestBack && sha !== undefined && sha !== base.sha; back += 1) {
    const commit: CommitSeen | null = await fetchCommit(client, repo, sha);
    if (commit === null) break;
    if (await isOpening(client, repo, { commit, base, message: opening.message }))
      return { sha: commit.sha, found: false };
    sha = commit.parents[0];
  }
  return { sha: tip, found: true };
}

/**
 * Whether a commit opened the branch: it changes nothing and says so. An earlier attempt's counts too, though it was
 * made from an older base and its trailers name another request.
 */
async function isOpening(
  client: Octokit,
  repo: RepoName,
  { commit, base, message }: { commit: CommitSeen; base: CommitSeen; message: string },
): Promise<boolean> {
  const [parent, ...others] = commit.parents;
  if (parent === undefined || others.length > 0 || subjectOf(commit.message) !== subjectOf(message))
    return false;
  const before = parent === base.sha ? base : await fetchKnownCommit(client, repo, parent);
  return before.tree === commit.tree;
}

function subjectOf(message: string): string {
  return message.split('\n', 1)[0]?.trim() ?? '';
}
