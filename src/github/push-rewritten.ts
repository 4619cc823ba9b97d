/**
 * Landing without merge commits: each head is written anew onto the tip, as one commit (squash) or commit by commit
 * (rebase). The trees are made by GitHub's own merges on the prepare branch; the commits have the author and the
 * times of what they stand for, so that the same rewriting gives the same commit.
 */
import type { Octokit } from '@octokit/rest';
import { failureError, isGone } from './failure.ts';
import { fetchPages } from './fetch-pages.ts';
import { fetchKnownCommit } from './fetch-ref.ts';
import { inRepo, type RepoName } from './observed.ts';
import { pushMerge, setBranch } from './push-merge.ts';

export interface Committer {
  name: string;
  email: string;
}

interface Person extends Committer {
  date: string;
}

interface Original {
  sha: string;
  message: string;
  parents: string[];
  author: Person;
  committer: Person;
}

export interface Rewriting {
  /** The branch on which trees are made; it ends at the new tip. */
  branch: string;
  baseSha: string;
  tip: string;
  head: { sha: string; message: string; trailers: string };
  committer: Committer;
}

interface RawPerson {
  name?: string | undefined;
  email?: string | undefined;
  date?: string | undefined;
}

function toPerson(raw: RawPerson | null | undefined): Person {
  if (!raw?.date) throw failureError('GitHub sent a commit without its author', { kind: 'unclear' });
  return { name: raw.name ?? 'unknown', email: raw.email ?? 'unknown', date: raw.date };
}

async function fetchOriginal(client: Octokit, repo: RepoName, sha: string): Promise<Original> {
  const { data } = await client.request('GET /repos/{owner}/{repo}/git/commits/{commit_sha}', {
    ...inRepo(repo),
    commit_sha: sha,
  });
  return {
    sha: data.sha,
    message: data.message,
    parents: data.parents.map((parent) => parent.sha),
    author: toPerson(data.author),
    committer: toPerson(data.committer),
  };
}

/** Writes one commit and reads back what was made: tree and parent must be those that were asked for. */
async function writeCommit(
  client: Octokit,
  repo: RepoName,
  commit: { message: string; tree: string; parent: string; original: Original; committer: Committer },
): Promise<string> {
  const { message, tree, parent, original, committer } = commit;
  const { data } = await client.request('POST /repos/{owner}/{repo}/git/commits', {
    ...inRepo(repo),
    message,
    tree,
    parents: [parent],
    author: original.author,
    committer: { ...committer, date: original.committer.date },
  });
  if (data.tree.sha !== tree || data.parents.length !== 1 || data.parents[0]?.sha !== parent)
    throw failureError('GitHub made another commit than it was asked for', { kind: 'unclear' });
  return data.sha;
}

/** One commit for the whole head. */
async function squash(client: Octokit, repo: RepoName, of: Rewriting): Promise<string | 'conflict'> {
  const { branch, tip, head, committer } = of;
  await setBranch(client, repo, branch, tip);
  const merged = await pushMerge(client, repo, { branch, tip, head });
  if (merged === 'conflict' || merged === tip) return merged;
  const { tree } = await fetchKnownCommit(client, repo, merged);
  const before = await fetchKnownCommit(client, repo, tip);
  if (before.tree === tree) return tip;
  const original = await fetchOriginal(client, repo, head.sha);
  const message = `${head.message}\n\n${head.trailers}`;
  return writeCommit(client, repo, { message, tree, parent: tip, original, committer });
}

/** The commits that the head has beyond the base, oldest first; null when one of them is a merge. */
async function listOriginals(
  client: Octokit,
  repo: RepoName,
  { baseSha, head }: Rewriting,
): Promise<string[] | null> {
  const commits = await fetchPages(async (page) => {
    const answer = await client.request('GET /repos/{owner}/{repo}/compare/{basehead}', {
      ...inRepo(repo),
      basehead: `${baseSha}...${head.sha}`,
      ...page,
    });
    return { items: answer.data.commits, link: answer.headers.link, total: answer.data.total_commits };
  });
  return commits.every(({ parents }) => parents.length === 1) ? commits.map(({ sha }) => sha) : null;
}

/** Applies one commit's change to the tip: merged with a stand-in that has the tip's tree and the commit's parent. */
async function pick(
  client: Octokit,
  repo: RepoName,
  of: Rewriting,
  at: { tip: string; sha: string },
): Promise<string | 'conflict'> {
  const original = await fetchOriginal(client, repo, at.sha);
  const [parent = ''] = original.parents;
  const { tree: current } = await fetchKnownCommit(client, repo, at.tip);
  const standIn = await writeCommit(client, repo, {
    message: 'stand-in',
    tree: current,
    parent,
    original,
    committer: of.committer,
  });
  await setBranch(client, repo, of.branch, standIn);
  const head = { sha: at.sha, message: 'stand-in' };
  const merged = await pushMerge(client, repo, { branch: of.branch, tip: standIn, head });
  if (merged === 'conflict') return merged;
  const { tree } = await fetchKnownCommit(client, repo, merged);
  if (tree === current) return at.tip;
  const message = `${original.message.trimEnd()}\n\n${of.head.trailers}`;
  return writeCommit(client, repo, { message, tree, parent: at.tip, original, committer: of.committer });
}

/**
 * Writes a head anew onto the tip. A head with merge commits of its own cannot be rebased and is squashed.
 * @returns the new tip, which is the old one when the head changes nothing; or `conflict`
 */
export async function pushRewritten(
  client: Octokit,
  repo: RepoName,
  method: 'squash' | 'rebase',
  of: Rewriting,
): Promise<string | 'conflict'> {
  const originals = method === 'rebase' ? await listOriginals(client, repo, of).catch(unlessGone) : null;
  if (originals === null) return squash(client, repo, of);
  let { tip } = of;
  for (const sha of originals) {
    const next = await pick(client, repo, of, { tip, sha });
    if (next === 'conflict') return next;
    tip = next;
  }
  return tip;
}

/** Without a common history there is nothing to go through commit by commit. */
function unlessGone(error: unknown): null {
  if (isGone(error)) return null;
  throw error;
}
