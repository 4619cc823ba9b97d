import type { Octokit } from '@octokit/rest';
import { fetchKnownCommit } from './fetch-ref.ts';
import { inRepo, type RepoName } from './observed.ts';

/**
 * The files of a commit: path → id of the content (GitHub's docs, "Get a tree", recursive). Null when the tree is
 * too large for GitHub to list in one answer.
 */
export async function fetchFiles(
  client: Octokit,
  repo: RepoName,
  sha: string,
): Promise<Map<string, string> | null> {
  const { tree } = await fetchKnownCommit(client, repo, sha);
  const { data } = await client.request('GET /repos/{owner}/{repo}/git/trees/{tree_sha}', {
    ...inRepo(repo),
    tree_sha: tree,
    recursive: '1',
  });
  if (data.truncated || !Array.isArray(data.tree)) return null;
  return new Map(
    data.tree.flatMap(({ path, type, sha: id }): [string, string][] =>
      path && id && type !== 'tree' ? [[path, id]] : [],
    ),
  );
}
