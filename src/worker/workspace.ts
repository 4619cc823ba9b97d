/**
 * The place where one attempt works: a folder with the brief, the contract and a git worktree on the task's branch.
 *
 *     attempts/<repo>-<issue>-<attempt>-<fence>/brief.md    what the agent reads
 *                                              /task.json   the same as data, without the token
 *                                              /tree/       the worktree; nothing of ours is in it
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgentTask } from '../protocol/agent-contract.ts';
import { briefText } from './brief-text.ts';
import {
  checkedBranch,
  fetchTip,
  type GitAccess,
  type GitEnv,
  oneAtATime,
  openRepoStore,
  type RepoStore,
} from './repo-store.ts';
import { git, runGit } from './run-git.ts';

export interface WorkspacePaths {
  root: string;
  tree: string;
  brief: string;
  contract: string;
}

export type CommitResult = { kind: 'commits'; head: string } | { kind: 'nothing' } | { kind: 'unmerged' };

/** One attempt's folder and worktree. */
export class Workspace {
  readonly paths: WorkspacePaths;
  readonly store: RepoStore;
  /** The tip of the branch on the remote when the attempt began. */
  readonly tip: string;
  readonly #task: AgentTask;
  readonly #env: GitEnv;

  private constructor(task: AgentTask, paths: WorkspacePaths, store: RepoStore, tip: string, env: GitEnv) {
    this.#task = task;
    this.paths = paths;
    this.store = store;
    this.tip = tip;
    this.#env = env;
  }

  /** Fetches the branch, makes the worktree and writes the brief. */
  static async open(
    directory: string,
    task: AgentTask,
    env: GitEnv,
    signal: AbortSignal,
  ): Promise<Workspace> {
    const branch = checkedBranch(task.branch);
    if (branch === task.base) throw new Error(`the task's branch is the base branch ${task.base} itself`);
    const store = await openRepoStore(directory, task, env);
    const tip = await fetchTip(store, task.git, branch, env, signal);
    const workspace = new Workspace(task, pathsOf(directory, task), store, tip, env);
    try {
      await oneAtATime(store, () => workspace.#furnish());
    } catch (error) {
      await workspace.drop();
      throw error;
    }
    return workspace;
  }

  async #furnish(): Promise<void> {
    const task = this.#task;
    const { root, tree, brief, contract } = this.paths;
    const inDesk = { cwd: this.store.desk, env: this.#env };
    // Left by a worker that died in this very attempt.
    await rm(root, { recursive: true, force: true });
    await mkdir(root, { recursive: true });
    await git(['worktree', 'prune'], inDesk);
    await git(['worktree', 'add', '--quiet', '--force', '--detach', tree, this.tip], inDesk);
    // An older attempt may have left its worktree on the same branch name; its fence is old, so ours goes first.
    await git(['checkout', '--quiet', '--ignore-other-worktrees', '-B', task.branch], this.#inTree());
    await writeFile(brief, briefText(task));
    await writeFile(contract, `${JSON.stringify(withoutToken(task), null, 2)}\n`);
  }

  /** The commit the worktree is at, or null when the agent left it without one. */
  async head(): Promise<string | null> {
    const result = await runGit(['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'], this.#inTree());
    return result.code === 0 ? result.stdout.trim() : null;
  }

  /** Commits what the agent left uncommitted, with our trailers; answers with what there is to push. */
  async commitAll(): Promise<CommitResult> {
    const task = this.#task;
    if ((await git(['ls-files', '--unmerged'], this.#inTree())) !== '') return { kind: 'unmerged' };
    await git(['add', '--all'], this.#inTree());
    const staged = await runGit(['diff', '--cached', '--quiet'], this.#inTree());
    if (staged.code !== 0) {
      const subject = `${oneLine(task.spec.title)} (#${task.issue})`;
      const trailers = [
        `Task: ${oneLine(task.task)}`,
        `Task-Version: ${task.version}`,
        `Correlation-Id: ${oneLine(task.correlation_id)}`,
      ].join('\n');
      await git(['commit', '--quiet', '--cleanup=verbatim', '-m', subject, '-m', trailers], this.#inTree());
    }
    const head = await this.head();
    if (head === null || head === this.tip) return { kind: 'nothing' };
    // Commits that change nothing (an agent's empty commit) are not work.
    const changed = await runGit(['diff', '--quiet', this.tip, head], this.#inTree());
    return changed.code === 0 ? { kind: 'nothing' } : { kind: 'commits', head };
  }

  /** Puts the attempt's commits on top of what somebody else pushed; null when they conflict. */
  async rebaseOntoRemote(access: GitAccess, signal: AbortSignal): Promise<string | null> {
    const tip = await fetchTip(this.store, access, this.#task.branch, this.#env, signal);
    const rebase = await runGit(['rebase', '--quiet', tip], this.#inTree());
    if (rebase.code === 0) return this.head();
    await runGit(['rebase', '--abort'], this.#inTree());
    return null;
  }

  /** Removes the folder, the worktree and the local branch. */
  async drop(): Promise<void> {
    await rm(this.paths.root, { recursive: true, force: true, maxRetries: 5 });
    const command = { cwd: this.store.desk, env: this.#env };
    await git(['worktree', 'prune'], command);
    // Refused while a newer attempt has the branch checked out, which is as it should be.
    await runGit(['branch', '--quiet', '-D', '--', this.#task.branch], command);
  }

  #inTree(): { cwd: string; env: GitEnv } {
    return { cwd: this.paths.tree, env: this.#env };
  }
}

function pathsOf(directory: string, task: AgentTask): WorkspacePaths {
  const repo = task.repo.replaceAll(/[^A-Za-z0-9_-]+/g, '-');
  const root = join(directory, 'attempts', `${repo}-${task.issue}-${task.attempt}-${task.fence}`);
  return {
    root,
    tree: join(root, 'tree'),
    brief: join(root, 'brief.md'),
    contract: join(root, 'task.json'),
  };
}

function withoutToken(task: AgentTask): object {
  const { token: _secret, ...git } = task.git;
  return { ...task, git };
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
