import type { Octokit } from '@octokit/rest';
import type { ChangedLines } from '../core/gate/diff.ts';
import { type ComparedCommit, type RawFile, toCompared } from './fetch-comparison.ts';
import { inRepo, type RepoName } from './observed.ts';

/** A file as one commit left it; what it removed is left out. */
export interface CommitFile {
  path: string;
  blob: string;
  /** Null where GitHub does not give them: a binary, or too much of it. */
  lines: ChangedLines | null;
}

/** GitHub's docs, "Get a commit": at most this many files in one answer. */
const mostFiles = 300;

/**
 * What one commit changed. A merge of commits that the base has already is compared with those (`against`), so that
 * only the branch's own part is told.
 * @returns null when the commit changes more files than GitHub lists in one answer
 */
export async function fetchCommitFiles(
  client: Octokit,
  repo: RepoName,
  sha: string,
  against: string | null,
): Promise<CommitFile[] | null> {
  const { data } =
    against === null
      ? await client.request('GET /repos/{owner}/{repo}/commits/{ref}', { ...inRepo(repo), ref: sha })
      : await client.request('GET /repos/{owner}/{repo}/compare/{basehead}', {
          ...inRepo(repo),
          basehead: `${against}...${sha}`,
          per_page: 1,
        });
  const files = (data.files ?? []) as RawFile[];
  if (files.length >= mostFiles) return null;
  return files.flatMap((file) =>
    file.status === 'removed' || !file.sha
      ? []
      : [{ path: file.filename, blob: file.sha, lines: toCompared(file)?.lines ?? null }],
  );
}

/** How large the files of a commit are, in bytes; null where the tree is too large to be listed. */
export async function fetchSizes(
  client: Octokit,
  repo: RepoName,
  { tree }: Pick<ComparedCommit, 'tree'>,
): Promise<ReadonlyMap<string, number> | null> {
  const { data } = await client.request('GET /repos/{owner}/{repo}/git/trees/{tree_sha}', {
    ...inRepo(repo),
    tree_sha: tree,
    recursive: '1',
  });
  if (data.truncated || !Array.isArray(data.tree)) return null;
  return new Map(
    data.tree.flatMap(({ path, size }): [string, number][] =>
      path && typeof size === 'number' ? [[path, size]] : [],
    ),
  );
}
