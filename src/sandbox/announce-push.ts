import { announce } from './announce.ts';
import { listCommits, runGit } from './git.ts';
import type { Actor } from './issue-changes.ts';
import type { Repo, Sha } from './model.ts';
import { ZERO_SHA } from './model.ts';
import type { Commit } from './objects.ts';
import { loadCommit } from './objects.ts';
import { emailOf } from './render-commit.ts';
import { renderRepo } from './render-repo.ts';
import type { World } from './world.ts';
import { htmlUrl } from './world.ts';

/** GitHub lists at most 2,048 commits in a push; nobody reads that many here. */
const MAX_COMMITS = 100;

export interface RefChange {
  ref: string;
  before: Sha;
  after: Sha;
}

interface ChangedPaths {
  added: string[];
  modified: string[];
  removed: string[];
}

async function listChangedPaths(repo: Repo, shas: readonly Sha[]): Promise<Map<Sha, ChangedPaths>> {
  const found = new Map<Sha, ChangedPaths>();
  if (shas.length === 0) return found;
  const text = await runGit(repo.gitDir, [
    'log',
    '--no-walk=unsorted',
    '--format=%x01%H',
    '--name-status',
    '--no-renames',
    '--first-parent',
    '-m',
    '--root',
    ...shas,
  ]);
  for (const part of text.split('\x01').slice(1)) {
    const [sha = '', ...lines] = part.split('\n').filter((line) => line !== '');
    const paths: ChangedPaths = { added: [], modified: [], removed: [] };
    for (const line of lines) {
      const [letter, path = ''] = line.split('\t');
      if (letter === 'A') paths.added.push(path);
      else if (letter === 'D') paths.removed.push(path);
      else paths.modified.push(path);
    }
    found.set(sha, paths);
  }
  return found;
}

function renderPushCommit(world: World, repo: Repo, commit: Commit, paths: ChangedPaths | undefined) {
  return {
    id: commit.sha,
    tree_id: commit.tree,
    distinct: true,
    message: commit.message.replace(/\n$/, ''),
    timestamp: commit.committer.date,
    url: htmlUrl(world, repo, `/commit/${commit.sha}`),
    author: { name: commit.author.name, email: commit.author.email },
    committer: { name: commit.committer.name, email: commit.committer.email },
    added: paths?.added ?? [],
    modified: paths?.modified ?? [],
    removed: paths?.removed ?? [],
  };
}

/** The commits a ref change brought: new to this branch, or, for a new branch, new to the repository. */
export async function listNewCommits(
  repo: Repo,
  change: RefChange,
  known: readonly Sha[],
): Promise<Commit[]> {
  if (change.after === ZERO_SHA) return [];
  const exclude = change.before === ZERO_SHA ? [...new Set(known)] : [change.before];
  const shas = await listCommits(repo.gitDir, { include: change.after, exclude, limit: MAX_COMMITS });
  return Promise.all(shas.reverse().map((sha) => loadCommit(repo, sha)));
}

export async function announcePush(
  world: World,
  repo: Repo,
  change: RefChange,
  commits: readonly Commit[],
  forced: boolean,
  actor: Actor,
): Promise<void> {
  const deleted = change.after === ZERO_SHA;
  const created = change.before === ZERO_SHA;
  const tip = deleted || change.ref.startsWith('refs/tags/') ? null : await loadCommit(repo, change.after);
  const paths = await listChangedPaths(
    repo,
    [...new Set([...commits, ...(tip === null ? [] : [tip])])].map((commit) => commit.sha),
  );
  const range = created
    ? change.after.slice(0, 12)
    : `${change.before.slice(0, 12)}...${change.after.slice(0, 12)}`;
  announce(
    world,
    repo,
    'push',
    {
      ref: change.ref,
      before: change.before,
      after: change.after,
      created,
      deleted,
      forced,
      base_ref: null,
      compare: htmlUrl(world, repo, `/compare/${range}`),
      commits: commits.map((commit) => renderPushCommit(world, repo, commit, paths.get(commit.sha))),
      head_commit: tip === null ? null : renderPushCommit(world, repo, tip, paths.get(tip.sha)),
      pusher: { name: actor.account.login, email: emailOf(actor.account) },
    },
    actor.account,
  );
}

/** `create` and `delete` name the ref without its prefix. */
export function announceRefLife(world: World, repo: Repo, change: RefChange, actor: Actor): void {
  const [, kind = '', ...rest] = change.ref.split('/');
  const shared = {
    ref: rest.join('/'),
    ref_type: kind === 'tags' ? ('tag' as const) : ('branch' as const),
    pusher_type: 'user' as const,
  };
  if (change.before === ZERO_SHA) {
    const { default_branch: master_branch } = renderRepo(world, repo);
    announce(world, repo, 'create', { ...shared, description: null, master_branch }, actor.account);
  } else if (change.after === ZERO_SHA) announce(world, repo, 'delete', shared, actor.account);
}
