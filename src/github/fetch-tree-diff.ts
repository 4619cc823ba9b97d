import type { Octokit } from '@octokit/rest';
import { inRepo, type RepoName } from './observed.ts';

interface TreeEntry {
  path: string;
  mode: string;
  type: string;
  sha: string;
  size?: number;
}

interface Tree {
  entries: Map<string, TreeEntry>;
  truncated: boolean;
}

/** One path that differs between two trees, as git has it on both sides. */
export interface TreeChange {
  path: string;
  before: Leaf | null;
  after: Leaf | null;
}

/** A blob, a link or a submodule. `size` in bytes, where the server tells it. */
export interface Leaf {
  mode: string;
  sha: string;
  size: number | null;
}

export interface TreeDiff {
  /** By path. */
  changes: TreeChange[];
  /** The id of what is at every path of the tree after the change; null when it is too large to be listed. */
  blobs: ReadonlyMap<string, string> | null;
}

/**
 * Every path that differs between two trees. The lists of changed files that GitHub's comparison and pull request
 * give end at 300 and 3,000 files (docs, "Compare two commits", "List pull requests files"), so a change could hide
 * behind them (F07). A rename is a removal and an addition: both names count. Throws when anything is missing, for a
 * part of the list is worse than none.
 */
export async function fetchTreeDiff(
  client: Octokit,
  repo: RepoName,
  { before, after }: { before: string; after: string },
): Promise<TreeDiff> {
  const { changes, blobs } = await diffTrees(client, repo, before, after);
  return { changes: changes.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)), blobs };
}

async function diffTrees(client: Octokit, repo: RepoName, before: string, after: string): Promise<TreeDiff> {
  if (before === after) return { changes: [], blobs: null };
  const [old, fresh] = await Promise.all([
    fetchTree(client, repo, before, true),
    fetchTree(client, repo, after, true),
  ]);
  if (!old.truncated && !fresh.truncated) {
    const leaves = leavesOf(fresh);
    const blobs = new Map([...leaves].map(([path, { sha }]) => [path, sha]));
    return { changes: compareLeaves(leavesOf(old), leaves), blobs };
  }
  // More than 100,000 entries or 7 MB (docs, "Get a tree"): walk down, only into folders that differ.
  return { changes: await walkTrees(client, repo, { before, after, folder: '' }), blobs: null };
}

async function walkTrees(
  client: Octokit,
  repo: RepoName,
  at: { before: string | null; after: string | null; folder: string },
): Promise<TreeChange[]> {
  const [old, fresh] = await Promise.all([
    fetchFolder(client, repo, at.before),
    fetchFolder(client, repo, at.after),
  ]);
  const inFolder = (name: string) => (at.folder === '' ? name : `${at.folder}/${name}`);
  const named = (tree: Tree) =>
    new Map([...leavesOf(tree)].map(([name, entry]) => [inFolder(name), { ...entry, path: inFolder(name) }]));
  const changes = compareLeaves(named(old), named(fresh));
  for (const name of new Set([...old.entries.keys(), ...fresh.entries.keys()])) {
    const before = subtreeOf(old, name);
    const after = subtreeOf(fresh, name);
    if (before !== after)
      changes.push(...(await walkTrees(client, repo, { before, after, folder: inFolder(name) })));
  }
  return changes;
}

async function fetchFolder(client: Octokit, repo: RepoName, tree: string | null): Promise<Tree> {
  if (tree === null) return { entries: new Map(), truncated: false };
  const found = await fetchTree(client, repo, tree, false);
  if (found.truncated) throw new Error('a folder is too large for GitHub to list');
  return found;
}

function subtreeOf(tree: Tree, name: string): string | null {
  const entry = tree.entries.get(name);
  return entry?.type === 'tree' ? entry.sha : null;
}

async function fetchTree(client: Octokit, repo: RepoName, tree: string, recursive: boolean): Promise<Tree> {
  const { data } = await client.request('GET /repos/{owner}/{repo}/git/trees/{tree_sha}', {
    ...inRepo(repo),
    tree_sha: tree,
    // Any value of `recursive`, even "false", makes it recursive (docs, "Get a tree").
    ...(recursive ? { recursive: '1' } : {}),
  });
  if (!Array.isArray(data.tree)) throw new Error('GitHub sent a tree without entries');
  const entries = new Map<string, TreeEntry>();
  for (const { path, mode, type, sha, size } of data.tree as Partial<TreeEntry>[]) {
    if (!path || !mode || !type || !sha) throw new Error('GitHub sent an incomplete tree entry');
    // A server that lists the whole tree when asked for one folder would make every path count twice.
    if (!recursive && path.includes('/')) throw new Error('GitHub listed more than the folder');
    entries.set(path, { path, mode, type, sha, ...(typeof size === 'number' ? { size } : {}) });
  }
  return { entries, truncated: data.truncated === true };
}

function leavesOf(tree: Tree): Map<string, TreeEntry> {
  return new Map([...tree.entries].filter(([, entry]) => entry.type !== 'tree'));
}

function compareLeaves(old: Map<string, TreeEntry>, fresh: Map<string, TreeEntry>): TreeChange[] {
  const removed = [...old.values()]
    .filter(({ path }) => !fresh.has(path))
    .map((entry): TreeChange => ({ path: entry.path, before: toLeaf(entry), after: null }));
  const others = [...fresh.values()].flatMap((entry): TreeChange[] => {
    const before = old.get(entry.path);
    if (before?.sha === entry.sha && before.mode === entry.mode) return [];
    return [{ path: entry.path, before: before ? toLeaf(before) : null, after: toLeaf(entry) }];
  });
  return [...removed, ...others];
}

function toLeaf({ mode, sha, size }: TreeEntry): Leaf {
  return { mode, sha, size: size ?? null };
}
