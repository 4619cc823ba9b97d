/**
 * The place where one attempt works: a folder with the brief, the contract and a git worktree on the task's branch.
 *
 *     attempts/<repo>-<issue>-<attempt>-<fence>/brief.md    what the agent reads
 *                                              /task.json   the same as data, without the token
 *                                              /ejection.json  why the work came back, when it did
 *                                              /base-moved.json  what landed in its files meanwhile
 *                                              /scratch/    for the agent, gone with the attempt
 *                                              /tree/       the worktree; nothing of ours is in it
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { AgentTask } from '../protocol/agent-contract.ts';
import { briefText, type EarlierWork } from './brief-text.ts';
import { escalationFile } from './escalation.ts';
import { pathsAnswerFile, pathsFile } from './path-requests.ts';
import { planFile } from './plan-file.ts';
import {
  checkedBranch,
  fetchTip,
  type GitAccess,
  type GitEnv,
  oneAtATime,
  openRepoStore,
  type RepoStore,
} from './repo-store.ts';
import { type GitResult, git, runGit } from './run-git.ts';

export interface WorkspacePaths {
  root: string;
  tree: string;
  brief: string;
  contract: string;
  ejection: string;
  moved: string;
  scratch: string;
}

export type CommitResult = { kind: 'commits'; head: string } | { kind: 'nothing' } | { kind: 'unmerged' };

export interface WorkspaceOptions {
  directory: string;
  env: GitEnv;
  /** Patterns of files that are never work. */
  litter: readonly string[];
}

/** One attempt's folder and worktree. */
export class Workspace {
  readonly paths: WorkspacePaths;
  readonly store: RepoStore;
  readonly task: AgentTask;
  readonly env: GitEnv;
  /** The tip of the branch on the remote when the attempt began. */
  readonly tip: string;

  private constructor(task: AgentTask, paths: WorkspacePaths, store: RepoStore, tip: string, env: GitEnv) {
    this.task = task;
    this.paths = paths;
    this.store = store;
    this.tip = tip;
    this.env = env;
  }

  /** Fetches the branch and makes the worktree. */
  static async open(task: AgentTask, options: WorkspaceOptions, signal: AbortSignal): Promise<Workspace> {
    const { directory, env } = options;
    const branch = checkedBranch(task.branch);
    if (branch === task.base) throw new Error(`the task's branch is the base branch ${task.base} itself`);
    const store = await openRepoStore(directory, task, env);
    // A planner reads the base branch; the task has no branch of its own yet.
    const from = task.plan === null ? branch : checkedBranch(task.base);
    const tip = await fetchTip(store, task.git, from, env, signal);
    // Work that came back has to fit the base as it is now.
    if (task.ejection) await fetchTip(store, task.git, task.base, env, signal);
    const workspace = new Workspace(task, pathsOf(directory, task), store, tip, env);
    try {
      await oneAtATime(store, () => workspace.#furnish(options.litter));
    } catch (error) {
      await workspace.drop();
      throw error;
    }
    return workspace;
  }

  /** Goes back to what a worker that died has left; null when nothing of use is there. */
  static async reopen(task: AgentTask, options: WorkspaceOptions, tip: string): Promise<Workspace | null> {
    const store = await openRepoStore(options.directory, task, options.env);
    const workspace = new Workspace(task, pathsOf(options.directory, task), store, tip, options.env);
    const lock = await workspace.git('rev-parse', '--git-path', 'index.lock').catch(() => null);
    if (lock?.code !== 0) return null;
    // Whoever held it has died with the worker.
    await rm(resolve(workspace.paths.tree, lock.stdout.trim()), { force: true });
    return (await workspace.head()) === null ? null : workspace;
  }

  async #furnish(litter: readonly string[]): Promise<void> {
    const { task } = this;
    const { root, tree, scratch } = this.paths;
    const inDesk = { cwd: this.store.desk, env: this.env };
    // Left by a worker that died in this very attempt.
    await rm(root, { recursive: true, force: true });
    await mkdir(scratch, { recursive: true });
    await this.#ignore(litter);
    await git(['worktree', 'prune'], inDesk);
    await git(['worktree', 'add', '--quiet', '--force', '--detach', tree, this.tip], inDesk);
    // An older attempt may have left its worktree on the same branch name; its fence is old, so ours goes first.
    await git(['checkout', '--quiet', '--ignore-other-worktrees', '-B', task.branch], this.inTree);
  }

  /** Has git, ours and the agent's, pass over what is never work. */
  async #ignore(litter: readonly string[]): Promise<void> {
    const file = join(this.store.desk, 'info', 'exclude');
    const before = (await readFile(file, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');
    const lines = [
      ...new Set([
        ...before,
        `/${escalationFile}`,
        `/${planFile}`,
        `/${pathsFile}`,
        `/${pathsAnswerFile}*`,
        ...litter,
      ]),
    ];
    if (lines.length === before.length) return;
    await mkdir(join(this.store.desk, 'info'), { recursive: true });
    await writeFile(file, `${lines.join('\n')}\n`);
  }

  /** Writes the brief and the contract file. */
  async writeBrief(earlier: EarlierWork | null): Promise<void> {
    await mkdir(this.paths.scratch, { recursive: true });
    await writeFile(this.paths.brief, briefText(this.task, earlier));
    const { ejection } = this.task;
    if (ejection) await writeFile(this.paths.ejection, `${JSON.stringify(ejection, null, 2)}\n`);
    await writeFile(this.paths.contract, `${JSON.stringify(withoutToken(this.task), null, 2)}\n`);
  }

  /** Writes what has landed in the task's files since the attempt began. */
  async writeBaseMoved(text: string): Promise<void> {
    await writeFile(this.paths.moved, `${text}\n`);
  }

  /** The commit the worktree is at, or null when the agent left it without one. */
  async head(): Promise<string | null> {
    const result = await this.git('rev-parse', '--verify', '--quiet', 'HEAD^{commit}');
    return result.code === 0 ? result.stdout.trim() : null;
  }

  /** Commits what the agent left uncommitted, with our trailers; answers with what there is to push. */
  async commitAll(): Promise<CommitResult> {
    const { task } = this;
    if ((await git(['ls-files', '--unmerged'], this.inTree)) !== '') return { kind: 'unmerged' };
    await git(['add', '--all'], this.inTree);
    if ((await this.git('diff', '--cached', '--quiet')).code !== 0) {
      const subject = `${oneLine(task.spec.title)} (#${task.issue})`;
      const message = ['-m', subject, '-m', trailersOf(task)];
      await git(['commit', '--quiet', '--cleanup=verbatim', ...message], this.inTree);
    }
    const head = await this.head();
    if (head === null || head === this.tip) return { kind: 'nothing' };
    // Commits that change nothing (an agent's empty commit) are not work.
    const changed = await this.git('diff', '--quiet', this.tip, head);
    return changed.code === 0 ? { kind: 'nothing' } : { kind: 'commits', head };
  }

  /** Puts the attempt's commits on top of what somebody else pushed, the new tip; null when they conflict. */
  async rebaseOntoRemote(
    access: GitAccess,
    signal: AbortSignal,
  ): Promise<{ head: string; tip: string } | null> {
    const tip = await fetchTip(this.store, access, this.task.branch, this.env, signal);
    if (!(await this.rebase(tip))) return null;
    const head = await this.head();
    return head === null ? null : { head, tip };
  }

  /** Whether a commit has the other in its history. */
  async isOnTopOf(head: string, other: string): Promise<boolean> {
    return (await this.git('merge-base', '--is-ancestor', other, head)).code === 0;
  }

  /** False when it conflicts: then the worktree is as it was before. */
  async rebase(onto: string): Promise<boolean> {
    const rebase = await this.git('rebase', '--quiet', onto);
    if (rebase.code !== 0) await this.git('rebase', '--abort');
    return rebase.code === 0;
  }

  /** Removes the folder, the worktree and the local branch. */
  async drop(): Promise<void> {
    await rm(this.paths.root, { recursive: true, force: true, maxRetries: 5 });
    const command = { cwd: this.store.desk, env: this.env };
    await oneAtATime(this.store, () => git(['worktree', 'prune'], command));
    // Refused while a newer attempt has the branch checked out, which is as it should be.
    await runGit(['branch', '--quiet', '-D', '--', this.task.branch], command);
  }

  /** Runs git in the worktree. */
  git(...args: string[]): Promise<GitResult> {
    return runGit(args, this.inTree);
  }

  get inTree(): { cwd: string; env: GitEnv } {
    return { cwd: this.paths.tree, env: this.env };
  }
}

/** The trailers of every commit that the worker makes itself. */
export function trailersOf(task: AgentTask): string {
  return [
    `Task: ${oneLine(task.task)}`,
    `Task-Version: ${task.version}`,
    `Correlation-Id: ${oneLine(task.correlation_id)}`,
  ].join('\n');
}

/** The name of an attempt in the file system. */
export function folderName(task: AgentTask): string {
  const repo = task.repo.replaceAll(/[^A-Za-z0-9_-]+/g, '-');
  return `${repo}-${task.issue}-${task.attempt}-${task.fence}`;
}

function pathsOf(directory: string, task: AgentTask): WorkspacePaths {
  const root = join(directory, 'attempts', folderName(task));
  return {
    root,
    tree: join(root, 'tree'),
    brief: join(root, 'brief.md'),
    contract: join(root, 'task.json'),
    ejection: join(root, 'ejection.json'),
    moved: join(root, 'base-moved.json'),
    scratch: join(root, 'scratch'),
  };
}

function withoutToken(task: AgentTask): object {
  const { token: _secret, ...git } = task.git;
  return { ...task, git };
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
