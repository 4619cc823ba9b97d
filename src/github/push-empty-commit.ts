import type { Octokit } from '@octokit/rest';
import { fetchKnownCommit } from './fetch-ref.ts';
import { inRepo, type RepoName } from './observed.ts';
import { pushBranch } from './push-branch.ts';

/** Puts a commit that changes nothing on top of a branch; not forced, so that a push meanwhile wins. */
export async function pushEmptyCommit(
  client: Octokit,
  repo: RepoName,
  { branch, onto, message }: { branch: string; onto: string; message: string },
): Promise<string> {
  const { tree } = await fetchKnownCommit(client, repo, onto);
  const { data } = await client.request('POST /repos/{owner}/{repo}/git/commits', {
    ...inRepo(repo),
    message,
    tree,
    parents: [onto],
  });
  await pushBranch(client, repo, { branch, sha: data.sha, force: false });
  return data.sha;
}
