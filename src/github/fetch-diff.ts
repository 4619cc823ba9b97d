import type { Octokit } from '@octokit/rest';
import type { ChangedLines, PathChange } from '../core/gate/diff.ts';
import { fetchBlobText } from './fetch-blob.ts';
import { type Comparison, fetchComparison } from './fetch-comparison.ts';
import { fetchKnownCommit } from './fetch-ref.ts';
import { fetchTreeDiff, type TreeChange } from './fetch-tree-diff.ts';
import type { RepoName } from './observed.ts';
import { diffTexts } from './read-patch.ts';
import type { TextCache } from './text-cache.ts';

/** What a head changes: the paths from git's trees, the lines from the comparison, and from blobs where it has none. */
export interface DiffSeen {
  changes: PathChange[];
  /** What could not be read, in sentences; empty when nothing is missing. */
  unread: string[];
  comparison: Comparison;
  /** Every path at the head; null when they are too many to be listed. */
  paths: ReadonlySet<string> | null;
  /** The trees of the merge base and of the head. */
  trees: { before: string; after: string };
  /** The id of what is at a path of the head; null when nothing is, or when that is not known. */
  blobAt(path: string): string | null;
  /** A changed file's text before or at the head; null when it was not there, is no text, or is too large. */
  readText(path: string, side: 'before' | 'after'): Promise<string | null>;
}

/** Larger than any text that a person reads; beyond it a blob counts as a binary. */
export const mostBytes = 1024 * 1024;
/** Each blob costs a request of the installation's 5,000 an hour. */
const mostBlobs = 400;
const atOnce = 8;
const textModes = new Set(['100644', '100755', '100664']);

interface Source {
  client: Octokit;
  repo: RepoName;
  cache: TextCache;
}

/**
 * Reads the whole difference between the head and the commit where it left the base. An ordinary pull request costs
 * five requests: the comparison, two commits and two trees.
 */
export async function fetchDiff(source: Source, baseSha: string, headSha: string): Promise<DiffSeen> {
  const { client, repo } = source;
  const comparison = await fetchComparison(client, repo, baseSha, headSha);
  const [before, after] = await Promise.all([
    fetchKnownCommit(client, repo, comparison.mergeBase),
    fetchKnownCommit(client, repo, headSha),
  ]);
  const trees = await fetchTreeDiff(client, repo, { before: before.tree, after: after.tree });
  const { changes, unread } = await readLines(source, trees.changes, comparison);
  const byPath = new Map(trees.changes.map((change) => [change.path, change]));
  return {
    changes,
    unread,
    comparison,
    paths: trees.blobs && new Set(trees.blobs.keys()),
    trees: { before: before.tree, after: after.tree },
    blobAt: (path) => byPath.get(path)?.after?.sha ?? trees.blobs?.get(path) ?? null,
    async readText(path, side) {
      const leaf = byPath.get(path)?.[side] ?? null;
      if (leaf === null || !textModes.has(leaf.mode) || (leaf.size ?? 0) > mostBytes) return null;
      return fetchBlobText(client, repo, leaf.sha, source.cache);
    },
  };
}

/** What is known of one path without asking for its blobs; `wanted` when they are needed. */
type Reading = { change: PathChange; wanted: TreeChange | null };

async function readLines(
  source: Source,
  trees: readonly TreeChange[],
  { files }: Comparison,
): Promise<{ changes: PathChange[]; unread: string[] }> {
  const compared = new Map(files.map((file) => [file.path, file]));
  const movedTo = new Map(
    files.flatMap(({ previousPath, path }) => (previousPath === null ? [] : [[previousPath, path] as const])),
  );
  const readings = trees.map((tree): Reading => {
    const change = toChange(tree);
    const target = tree.after === null ? movedTo.get(tree.path) : undefined;
    // Its lines are those of the name that it has now.
    if (target !== undefined) return { change: { ...change, movedTo: target, lines: noLines }, wanted: null };
    const file = compared.get(tree.path);
    const lines = file && (tree.after === null || file.sha === tree.after.sha) ? file.lines : null;
    if (!hasText(tree)) return { change, wanted: null };
    if (isLarge(tree)) return { change: { ...change, isBinary: true }, wanted: null };
    return lines ? { change: { ...change, lines }, wanted: null } : { change, wanted: tree };
  });
  const wanted = readings.filter((reading) => reading.wanted !== null);
  const affordable = wanted.slice(0, mostBlobs);
  const unread =
    wanted.length > affordable.length
      ? [
          `GitHub does not give the lines of ${wanted.length} files, and at most ${mostBlobs} are read one by one`,
        ]
      : [];
  await readBlobs(source, affordable);
  return { changes: readings.map(({ change }) => change), unread };
}

const noLines: ChangedLines = { added: [], removed: [] };

async function readBlobs(source: Source, readings: Reading[]): Promise<void> {
  const queue = [...readings];
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const { wanted } = next;
      if (wanted === null) continue;
      const [before, after] = await Promise.all([
        textOf(source, wanted.before),
        textOf(source, wanted.after),
      ]);
      next.change =
        before === 'binary' || after === 'binary'
          ? { ...next.change, isBinary: true }
          : { ...next.change, lines: diffTexts(before, after) };
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}

async function textOf(
  { client, repo, cache }: Source,
  leaf: TreeChange['before'],
): Promise<string | null | 'binary'> {
  if (leaf === null || !textModes.has(leaf.mode)) return null;
  return (await fetchBlobText(client, repo, leaf.sha, cache)) ?? 'binary';
}

/** A link's target and a submodule's commit are no text; a mode alone changes no lines. */
function hasText({ before, after }: TreeChange): boolean {
  const isText = (leaf: TreeChange['before']) => leaf !== null && textModes.has(leaf.mode);
  return (isText(before) || isText(after)) && before?.sha !== after?.sha;
}

function isLarge({ before, after }: TreeChange): boolean {
  return Math.max(before?.size ?? 0, after?.size ?? 0) > mostBytes;
}

function toChange({ path, before, after }: TreeChange): PathChange {
  if (after === null) return { path, change: 'removed', mode: before?.mode ?? '' };
  if (before === null) return { path, change: 'added', mode: after.mode };
  return { path, change: 'modified', mode: after.mode, modeBefore: before.mode };
}
