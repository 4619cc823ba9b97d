import type { Octokit } from '@octokit/rest';
import type { PathChange } from '../core/gate/diff.ts';
import { fetchKnownCommit } from './fetch-ref.ts';
import { inRepo, type RepoName } from './observed.ts';

interface TreeEntry {
  path: string;
  mode: string;
  type: string;
  sha: string;
}

interface Tree {
  entries: Map<string, TreeEntry>;
  truncated: boolean;
}

/**
 * Every path that differs between the head and the commit where it left the base, from git trees. The lists of
 * changed files that GitHub's comparison and pull request give end at 300 and 3,000 files (docs, "Compare two
 * commits", "List pull requests files"), so a change could hide behind them (F07). A rename is a removal and an
 * addition: both names count. Throws when anything is missing, for a part of the list is worse than none.
 */
export async function fetchChangedPaths(
  client: Octokit,
  repo: RepoName,
  baseSha: string,
  headSha: string,
): Promise<PathChange[]> {
  const mergeBase = await fetchMergeBase(client, repo, baseSha, headSha);
  const [before, after] = await Promise.all([
    fetchKnownCommit(client, repo, mergeBase),
    fetchKnownCommit(client, repo, headSha),
  ]);
  const changes = await diffTrees(client, repo, before.tree, after.tree);
  return changes.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

/** The commit that a head has last had in common with its base. */
export async function fetchMergeBase(
  client: Octokit,
  repo: RepoName,
  baseSha: string,
  headSha: string,
): Promise<string> {
  const { data } = await client.request('GET /repos/{owner}/{repo}/compare/{basehead}', {
    ...inRepo(repo),
    basehead: `${baseSha}...${headSha}`,
    per_page: 1,
  });
  const sha = data.merge_base_commit?.sha;
  if (typeof sha !== 'string' || sha === '') throw new Error('GitHub did not name the merge base');
  return sha;
}

async function diffTrees(
  client: Octokit,
  repo: RepoName,
  before: string,
  after: string,
): Promise<PathChange[]> {
  if (before === after) return [];
  const [old, fresh] = await Promise.all([
    fetchTree(client, repo, before, true),
    fetchTree(client, repo, after, true),
  ]);
  if (!old.truncated && !fresh.truncated) return compareLeaves(leavesOf(old), leavesOf(fresh));
  // More than 100,000 entries or 7 MB (docs, "Get a tree"): walk down, only into folders that differ.
  return walkTrees(client, repo, { before, after, folder: '' });
}

async function walkTrees(
  client: Octokit,
  repo: RepoName,
  at: { before: string | null; after: string | null; folder: string },
): Promise<PathChange[]> {
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
  for (const { path, mode, type, sha } of data.tree as Partial<TreeEntry>[]) {
    if (!path || !mode || !type || !sha) throw new Error('GitHub sent an incomplete tree entry');
    // A server that lists the whole tree when asked for one folder would make every path count twice.
    if (!recursive && path.includes('/')) throw new Error('GitHub listed more than the folder');
    entries.set(path, { path, mode, type, sha });
  }
  return { entries, truncated: data.truncated === true };
}

function leavesOf(tree: Tree): Map<string, TreeEntry> {
  return new Map([...tree.entries].filter(([, entry]) => entry.type !== 'tree'));
}

function compareLeaves(old: Map<string, TreeEntry>, fresh: Map<string, TreeEntry>): PathChange[] {
  const changes: PathChange[] = [];
  for (const [path, entry] of old) {
    if (!fresh.has(path)) changes.push({ path, change: 'removed', mode: entry.mode });
  }
  for (const [path, entry] of fresh) {
    const before = old.get(path);
    if (before === undefined) changes.push({ path, change: 'added', mode: entry.mode });
    else if (before.sha !== entry.sha || before.mode !== entry.mode) {
      changes.push({ path, change: 'modified', mode: entry.mode });
    }
  }
  return changes;
}
