import type { Octokit } from '@octokit/rest';
import { fetchBlobText } from './fetch-blob.ts';
import { fetchMergeBase } from './fetch-merge-base.ts';
import { fetchKnownCommit } from './fetch-ref.ts';
import { fetchTreeDiff, type TreeChange } from './fetch-tree-diff.ts';
import type { RepoName } from './observed.ts';
import type { TextCache } from './text-cache.ts';

/** A file that both sides changed, each otherwise. Null: not there; `binary`: no text, or too large to compare. */
export interface BothChanged {
  path: string;
  base: string | null | 'binary';
  ours: string | null | 'binary';
  theirs: string | null | 'binary';
}

const mostBytes = 256 * 1024;

/**
 * The files that two commits changed in different ways since they parted, at most `most` of them, with all three
 * versions of each. Renamed files count as removed and added.
 */
export async function fetchBothChanged(
  source: { client: Octokit; repo: RepoName; cache: TextCache },
  sides: { ours: string; theirs: string },
  most: number,
): Promise<{ files: BothChanged[]; more: number }> {
  const { client, repo } = source;
  const parted = await fetchMergeBase(client, repo, sides.theirs, sides.ours);
  const [before, ours, theirs] = await Promise.all(
    [parted, sides.ours, sides.theirs].map((sha) => fetchKnownCommit(client, repo, sha)),
  );
  const treeOf = (commit: { tree: string } | undefined) => commit?.tree ?? '';
  const [here, there] = await Promise.all([
    fetchTreeDiff(client, repo, { before: treeOf(before), after: treeOf(ours) }),
    fetchTreeDiff(client, repo, { before: treeOf(before), after: treeOf(theirs) }),
  ]);
  const changedThere = new Map(there.changes.map((change) => [change.path, change]));
  const both = here.changes.flatMap((mine) => {
    const other = changedThere.get(mine.path);
    return other && other.after?.sha !== mine.after?.sha ? [{ mine, other }] : [];
  });
  const files: BothChanged[] = [];
  for (const { mine, other } of both.slice(0, most)) {
    files.push({
      path: mine.path,
      base: await textOf(source, mine.before),
      ours: await textOf(source, mine.after),
      theirs: await textOf(source, other.after),
    });
  }
  return { files, more: both.length - files.length };
}

async function textOf(
  { client, repo, cache }: { client: Octokit; repo: RepoName; cache: TextCache },
  leaf: TreeChange['before'],
): Promise<string | null | 'binary'> {
  if (leaf === null) return null;
  if (!leaf.mode.startsWith('100') || (leaf.size ?? 0) > mostBytes) return 'binary';
  return (await fetchBlobText(client, repo, leaf.sha, cache)) ?? 'binary';
}
