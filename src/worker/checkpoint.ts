/**
 * An attempt's work as a git bundle: everything since the base commit, uncommitted files included, as one commit more.
 * It is made beside the worktree, which the agent goes on using meanwhile.
 */
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { git, runGit } from './run-git.ts';
import { trailersOf, type Workspace } from './workspace.ts';

export interface Snapshot {
  head: string;
  bundle: Buffer<ArrayBuffer>;
}

/** The work at one moment. `state` is the same for as long as nothing has changed. */
interface Moment {
  head: string;
  state: string;
}

const mark = 'Signalbox-Checkpoint';

/** The commit that holds all there is in the worktree; null when that is nothing beyond the branch's tip. */
async function snapshotCommit(workspace: Workspace, folder: string): Promise<Moment | null> {
  const head = await workspace.head();
  if (head === null) return null;
  const index = join(folder, 'index');
  // With the worktree's own index, git need not read every file again.
  const own = (await workspace.git('rev-parse', '--git-path', 'index')).stdout.trim();
  await copyFile(resolve(workspace.paths.tree, own), index).catch(() => undefined);
  const beside = { ...workspace.inTree, index };
  await git(['add', '--all'], beside);
  const tree = await git(['write-tree'], beside);
  if (tree === (await git(['rev-parse', `${workspace.tip}^{tree}`], workspace.inTree))) return null;
  const state = `${head} ${tree}`;
  if (tree === (await git(['rev-parse', `${head}^{tree}`], workspace.inTree))) return { head, state };
  const { task } = workspace;
  const message = [
    '-m',
    `Checkpoint of #${task.issue}`,
    '-m',
    `${trailersOf(task)}\n${mark}: ${task.attempt}`,
  ];
  return { head: await git(['commit-tree', tree, '-p', head, ...message], workspace.inTree), state };
}

/** Makes a bundle of the attempt's work; null when there is none, or when its state is the one that is `known`. */
export async function takeSnapshot(
  workspace: Workspace,
  known: string | null = null,
): Promise<(Snapshot & { state: string }) | null> {
  const folder = await mkdtemp(join(workspace.paths.root, 'snapshot-'));
  try {
    const moment = await snapshotCommit(workspace, folder);
    if (moment === null || moment.state === known) return null;
    const { head, state } = moment;
    const { store, env, task, tip } = workspace;
    const inDesk = { cwd: store.desk, env };
    const ref = `refs/signalbox/checkpoint/${task.fence}`;
    const file = join(folder, 'work.bundle');
    // Everybody who may read this has the base; the branch itself may be started anew.
    const isBased = await workspace.isOnTopOf(head, task.base_sha);
    await git(['update-ref', ref, head], inDesk);
    await git(['bundle', 'create', '--quiet', file, ref, `^${isBased ? task.base_sha : tip}`], inDesk);
    await git(['update-ref', '-d', ref], inDesk);
    return { head, state, bundle: await readFile(file) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Puts saved work into a fresh worktree, on top of the branch as it is now; what was uncommitted is so again.
 * @returns `conflict` when it does not fit any more: then its difference to the base lies in `patch`
 */
export async function restoreSnapshot(
  workspace: Workspace,
  { head, bundle }: Snapshot,
): Promise<
  { kind: 'restored' } | { kind: 'conflict'; patch: string } | { kind: 'unusable'; reason: string }
> {
  const { paths, store, env, tip, task } = workspace;
  const file = join(paths.root, 'restored.bundle');
  await writeFile(file, bundle);
  const unbundled = await runGit(['bundle', 'unbundle', file], { cwd: store.desk, env });
  await rm(file, { force: true });
  const known = await workspace.git('rev-parse', '--verify', '--quiet', `${head}^{commit}`);
  if (unbundled.code !== 0 || known.code !== 0) {
    return { kind: 'unusable', reason: unbundled.stderr.trim().slice(-500) || `it has no commit ${head}` };
  }
  await git(['reset', '--quiet', '--hard', head], workspace.inTree);
  if (!(await workspace.isOnTopOf(head, tip)) && !(await workspace.rebase(tip))) {
    const patch = join(paths.root, 'earlier.patch');
    await writeFile(patch, (await workspace.git('diff', '--binary', `${task.base_sha}...${head}`)).stdout);
    await git(['reset', '--quiet', '--hard', tip], workspace.inTree);
    return { kind: 'conflict', patch };
  }
  const message = await git(['log', '-1', '--format=%(trailers:only)'], workspace.inTree);
  if (message.includes(`${mark}:`)) await git(['reset', '--quiet', 'HEAD^'], workspace.inTree);
  return { kind: 'restored' };
}
