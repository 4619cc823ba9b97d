import type { FileDiff } from './diff.ts';
import type { Rest } from './github-types.ts';
import type { Account, Repo, Sha } from './model.ts';
import { nodeId } from './model.ts';
import type { Commit, Person } from './objects.ts';
import { loadCommit } from './objects.ts';
import { renderUser } from './render-user.ts';
import type { World } from './world.ts';
import { htmlUrl, repoUrl } from './world.ts';

const UNSIGNED = {
  verified: false,
  reason: 'unsigned' as const,
  signature: null,
  payload: null,
  verified_at: null,
};

export function emailOf(account: Account): string {
  return `${account.id}+${account.login}@users.noreply.github.com`;
}

/** GitHub links a commit to an account by the e-mail address; here only noreply addresses are known. */
function accountOf(world: World, person: Person): Account | null {
  const match = /^(?:\d+\+)?([^@]+)@users\.noreply\.github\.com$/.exec(person.email);
  return match?.[1] === undefined ? null : (world.book.accounts.get(match[1].toLowerCase()) ?? null);
}

export function renderGitCommit(world: World, repo: Repo, commit: Commit) {
  return {
    sha: commit.sha,
    node_id: nodeId('Commit', commit.sha),
    url: repoUrl(world, repo, `/git/commits/${commit.sha}`),
    html_url: htmlUrl(world, repo, `/commit/${commit.sha}`),
    author: commit.author,
    committer: commit.committer,
    message: commit.message.replace(/\n$/, ''),
    tree: { sha: commit.tree, url: repoUrl(world, repo, `/git/trees/${commit.tree}`) },
    parents: commit.parents.map((sha) => ({
      sha,
      url: repoUrl(world, repo, `/git/commits/${sha}`),
      html_url: htmlUrl(world, repo, `/commit/${sha}`),
    })),
    verification: UNSIGNED,
  } satisfies Rest['git-commit'];
}

export function renderCommit(world: World, repo: Repo, commit: Commit) {
  const author = accountOf(world, commit.author);
  const committer = accountOf(world, commit.committer);
  return {
    sha: commit.sha,
    node_id: nodeId('Commit', commit.sha),
    url: repoUrl(world, repo, `/commits/${commit.sha}`),
    html_url: htmlUrl(world, repo, `/commit/${commit.sha}`),
    comments_url: repoUrl(world, repo, `/commits/${commit.sha}/comments`),
    commit: {
      url: repoUrl(world, repo, `/git/commits/${commit.sha}`),
      author: commit.author,
      committer: commit.committer,
      message: commit.message.replace(/\n$/, ''),
      comment_count: 0,
      tree: { sha: commit.tree, url: repoUrl(world, repo, `/git/trees/${commit.tree}`) },
      verification: UNSIGNED,
    },
    author: author === null ? null : renderUser(world, author),
    committer: committer === null ? null : renderUser(world, committer),
    parents: commit.parents.map((sha) => ({
      sha,
      url: repoUrl(world, repo, `/commits/${sha}`),
      html_url: htmlUrl(world, repo, `/commit/${sha}`),
    })),
  } satisfies Rest['commit'];
}

export function renderFile(world: World, repo: Repo, at: Sha, file: FileDiff) {
  const path = file.filename.split('/').map(encodeURIComponent).join('/');
  return {
    sha: file.sha,
    filename: file.filename,
    status: file.status,
    additions: file.additions,
    deletions: file.deletions,
    changes: file.additions + file.deletions,
    blob_url: htmlUrl(world, repo, `/blob/${at}/${path}`),
    raw_url: htmlUrl(world, repo, `/raw/${at}/${path}`),
    contents_url: repoUrl(world, repo, `/contents/${path}?ref=${at}`),
    ...(file.patch === null ? {} : { patch: file.patch }),
    ...(file.previousFilename === null ? {} : { previous_filename: file.previousFilename }),
  } satisfies Rest['diff-entry'];
}

export async function renderSimpleCommit(repo: Repo, sha: Sha) {
  const commit = await loadCommit(repo, sha);
  return {
    id: commit.sha,
    tree_id: commit.tree,
    message: commit.message.replace(/\n$/, ''),
    timestamp: commit.committer.date,
    author: { name: commit.author.name, email: commit.author.email },
    committer: { name: commit.committer.name, email: commit.committer.email },
  } satisfies Rest['simple-commit'];
}

export function renderRef(world: World, repo: Repo, ref: string, sha: Sha, type = 'commit') {
  return {
    ref,
    node_id: nodeId('Ref', `${repo.id}:${ref}`),
    url: repoUrl(world, repo, `/git/${ref}`),
    object: {
      sha,
      type,
      url: repoUrl(world, repo, `/git/${type === 'tag' ? 'tags' : 'commits'}/${sha}`),
    },
  } satisfies Rest['git-ref'];
}
