/**
 * What the worker keeps of one repository, shared by all attempts, in two bare repositories:
 *
 * - `courier.git` talks to the remote with the token. No worktree belongs to it, so an agent that runs `git config`
 *   in its worktree cannot change where the token is sent.
 * - `desk.git` owns the worktrees and borrows its objects from the courier. It never sees a token.
 *
 * Every attempt fetches into a ref of its own, so that several attempts, and several workers, may share the store.
 */
import { createHash, randomUUID } from 'node:crypto';
import { access, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgentTask } from '../protocol/agent-contract.ts';
import { type GitSetting, git, runGit } from './run-git.ts';

export type GitAccess = AgentTask['git'];
export type GitEnv = Readonly<Record<string, string>>;

export type PushResult =
  | { kind: 'pushed' }
  /** Somebody else pushed to the branch meanwhile. */
  | { kind: 'behind' }
  /** The remote understood and said no. */
  | { kind: 'declined'; reason: string }
  | { kind: 'unreachable'; reason: string };

export interface RepoStore {
  courier: string;
  desk: string;
}

/** Finds or makes the store of a task's repository under the worker's directory. */
export async function openRepoStore(directory: string, task: AgentTask, env: GitEnv): Promise<RepoStore> {
  const root = join(directory, 'repos', `${slug(task.repo)}-${shortHash(task.git.url)}`);
  const store = { courier: join(root, 'courier.git'), desk: join(root, 'desk.git') };
  await mkdir(root, { recursive: true });
  await makeBare(store.courier, null, env);
  await makeBare(store.desk, store.courier, env);
  return store;
}

const lastInLine = new Map<string, Promise<unknown>>();

/**
 * Lets one attempt after another change what they share in the desk: `git worktree prune` would take away a worktree
 * that another attempt is just adding.
 */
export async function oneAtATime<T>(store: RepoStore, act: () => Promise<T>): Promise<T> {
  const before = lastInLine.get(store.desk) ?? Promise.resolve();
  const mine = before.then(act, act);
  lastInLine.set(store.desk, mine);
  try {
    return await mine;
  } finally {
    if (lastInLine.get(store.desk) === mine) lastInLine.delete(store.desk);
  }
}

/** Fetches the branch into the attempt's own ref; answers with the tip's SHA. */
export async function fetchTip(
  store: RepoStore,
  access: GitAccess,
  branch: string,
  env: GitEnv,
  signal?: AbortSignal,
): Promise<string> {
  const ref = `refs/signalbox/${randomUUID()}`;
  const command = { cwd: store.courier, env, settings: credentials(access), ...(signal ? { signal } : {}) };
  const refspec = `+refs/heads/${checkedBranch(branch)}:${ref}`;
  await git(
    ['fetch', '--no-tags', '--no-write-fetch-head', '--quiet', '--', checkedUrl(access.url), refspec],
    command,
  );
  const sha = await git(['rev-parse', '--verify', ref], { cwd: store.courier, env });
  // The ref did its work; the objects stay, because nothing here ever collects garbage.
  await git(['update-ref', '-d', ref], { cwd: store.courier, env });
  return sha;
}

export interface Push {
  branch: string;
  sha: string;
  /** What the branch must be at: somebody else's push is never written over. */
  expected: string;
}

/** Pushes one commit to the branch, by compare-and-swap. */
export async function pushCommit(
  store: RepoStore,
  access: GitAccess,
  push: Push,
  env: GitEnv,
  signal?: AbortSignal,
): Promise<PushResult> {
  const ref = `refs/heads/${checkedBranch(push.branch)}`;
  // The new commits lie in the desk; the courier reads them from there for the length of this push.
  const objects = join(store.desk, 'objects');
  const lease = `--force-with-lease=${ref}:${push.expected}`;
  const target = ['--', checkedUrl(access.url), `${push.sha}:${ref}`];
  const result = await runGit(['push', '--porcelain', '--recurse-submodules=no', lease, ...target], {
    cwd: store.courier,
    env,
    settings: credentials(access),
    objects,
    ...(signal ? { signal } : {}),
  });
  if (result.code === 0) return { kind: 'pushed' };
  const verdict = /^!\t\S+\t(.*)$/m.exec(result.stdout)?.[1];
  const words = `${verdict ?? ''} ${result.stderr}`.trim().slice(-1_000);
  if (verdict === undefined) return { kind: 'unreachable', reason: words };
  // "failed to update ref", "cannot lock ref": two pushes met; the next try finds the branch moved or not.
  if (/fetch first|non-fast-forward|stale info|cannot lock ref|failed to update ref/.test(verdict)) {
    return { kind: 'behind' };
  }
  return { kind: 'declined', reason: words };
}

/** A branch name that git cannot take for an option, a refspec or a path outside `refs/heads/`. */
export function checkedBranch(branch: string): string {
  const sound =
    /^[A-Za-z0-9][A-Za-z0-9._/-]{0,200}$/.test(branch) && !/\.\.|\/\/|\/\.|\.lock(\/|$)|[./]$/.test(branch);
  if (!sound) throw new Error(`not a branch name the worker will use: ${JSON.stringify(branch)}`);
  return branch;
}

/** A URL of a kind we speak, without credentials in it (they would end up in arguments). */
function checkedUrl(text: string): string {
  const url = new URL(text);
  const sound =
    ['https:', 'http:', 'file:'].includes(url.protocol) && url.username === '' && url.password === '';
  if (!sound) throw new Error(`not a repository address the worker will use: ${url.protocol}//${url.host}`);
  return text;
}

function credentials(access: GitAccess): GitSetting[] {
  const url = new URL(access.url);
  if (url.protocol === 'file:') return [];
  const basic = Buffer.from(`${access.username}:${access.token}`).toString('base64');
  return [
    { name: 'credential.helper', value: '' },
    // Only for this host: git sends it nowhere else.
    { name: `http.${url.origin}/.extraHeader`, value: `Authorization: Basic ${basic}` },
  ];
}

/** Made aside and moved into place, so that two workers that start together cannot see a half-made repository. */
async function makeBare(path: string, borrowFrom: string | null, env: GitEnv): Promise<void> {
  if (await exists(path)) return;
  const draft = `${path}.${randomUUID()}`;
  await mkdir(draft);
  await git(['init', '--quiet', '--bare', '--template=', '.'], { cwd: draft, env });
  if (borrowFrom !== null) {
    await mkdir(join(draft, 'objects', 'info'), { recursive: true });
    await writeFile(join(draft, 'objects', 'info', 'alternates'), `${join(borrowFrom, 'objects')}\n`);
  }
  try {
    await rename(draft, path);
  } catch (error) {
    if (!(await exists(path))) throw error;
    await rm(draft, { recursive: true, force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

function slug(text: string): string {
  return text
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[.-]+/, '')
    .slice(0, 80);
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
