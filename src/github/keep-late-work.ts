import type { Octokit } from '@octokit/rest';
import { failureError } from './failure.ts';
import { fetchRef } from './fetch-ref.ts';
import type { RepoName } from './observed.ts';
import { pushBase } from './push-base.ts';
import { pushNewBranch } from './push-branch.ts';

export interface LateWorkMove {
  /** The task's branch, and the commit on it that came too late. */
  branch: string;
  sha: string;
  /** Where that commit is kept. */
  late: string;
  /** Where the task's branch goes back to. */
  to: string;
}

/**
 * Keeps a commit on a branch of its own, and then sets the task's branch back, if it is still at that commit. May run
 * twice. Answers whether the task's branch is back; what was pushed on top meanwhile is never thrown away.
 */
export async function keepLateWork(client: Octokit, repo: RepoName, move: LateWorkMove): Promise<boolean> {
  if (!(await pushNewBranch(client, repo, move.late, move.sha))) {
    const kept = await fetchRef(client, repo, `heads/${move.late}`);
    if (kept === null)
      throw failureError(`the branch ${move.late} exists but cannot be read yet`, { kind: 'unclear' });
    const message = `the branch ${move.late} exists and holds something else`;
    if (kept !== move.sha) throw failureError(message, { kind: 'refused', status: null, message });
  }
  if ((await fetchRef(client, repo, `heads/${move.branch}`)) === null) return false;
  const back = { base: move.branch, before: move.sha, after: move.to, force: true };
  return typeof (await pushBase(client, repo, back)) === 'string';
}
