/**
 * Work that came back starts on top of what it has to fit: the base is merged into the branch before the agent begins.
 * Where git cannot do that alone, the conflicts are in the files, between git's markers, for the agent to settle with
 * nothing but an editor; what it makes of them is delivered as one merge commit.
 */
import { git, runGit } from './run-git.ts';
import { trailersOf, type Workspace } from './workspace.ts';

const mark = 'Signalbox-Merge';

/** Both sides and what they started from, between markers. */
const settings = [{ name: 'merge.conflictStyle', value: 'diff3' }];

/** Merges the base commit that the attempt was given; its objects are there already. */
export async function mergeBase(workspace: Workspace): Promise<'none' | 'clean' | 'conflicts'> {
  const { task, inTree } = workspace;
  const head = await workspace.head();
  if (head === null || (await workspace.isOnTopOf(head, task.base_sha))) return 'none';
  const merge = await runGit(['merge', '--quiet', '--no-ff', '--no-commit', task.base_sha], {
    ...inTree,
    settings,
  });
  const isMerging = (await workspace.git('rev-parse', '--verify', '--quiet', 'MERGE_HEAD')).code === 0;
  if (!isMerging) throw new Error(`git could not begin to merge ${task.base_sha}: ${merge.stderr.trim()}`);
  const isClean = merge.code === 0;
  await git(['add', '--all'], inTree);
  const kind = isClean ? 'clean' : 'conflicts';
  const message = ['-m', subjectOf(workspace), '-m', `${trailersOf(task)}\n${mark}: ${kind}`];
  await git(['commit', '--quiet', '--allow-empty', '--cleanup=verbatim', ...message], inTree);
  return kind;
}

/** The merge that was made for this attempt, or an earlier one whose work it goes on with; null when there is none. */
export async function findMerge(
  workspace: Workspace,
): Promise<{ sha: string; kind: 'clean' | 'conflicts' } | null> {
  const { tip, inTree } = workspace;
  const range = `${tip}..HEAD`;
  const sha = await git(['rev-list', '--merges', `--grep=^${mark}: `, '-1', range], inTree);
  if (sha === '') return null;
  const words = await git(['log', '-1', '--format=%B', sha], inTree);
  return { sha, kind: words.includes(`${mark}: conflicts`) ? 'conflicts' : 'clean' };
}

/** Files that had conflicts and still have git's markers in them. */
export async function unsettledFiles(workspace: Workspace, merge: string): Promise<string[]> {
  const marked = await filesWithMarkers(workspace, merge);
  const still = new Set(await filesWithMarkers(workspace, 'HEAD'));
  return marked.filter((path) => still.has(path));
}

async function filesWithMarkers(workspace: Workspace, commit: string): Promise<string[]> {
  const found = await workspace.git('grep', '-l', '-z', '-I', '-E', '^(<{7}|>{7}) ', commit);
  return found.stdout
    .split('\0')
    .filter((name) => name !== '')
    .map((name) => name.slice(commit.length + 1));
}

/** One merge commit in place of the marked one and what came on top of it; answers with it. */
export async function settleMerge(workspace: Workspace): Promise<string> {
  const { task, tip, inTree } = workspace;
  const tree = await git(['rev-parse', 'HEAD^{tree}'], inTree);
  const message = ['-m', subjectOf(workspace), '-m', trailersOf(task)];
  const merged = await git(['commit-tree', tree, '-p', tip, '-p', task.base_sha, ...message], inTree);
  await git(['reset', '--quiet', '--soft', merged], inTree);
  return merged;
}

function subjectOf({ task }: Workspace): string {
  return `Merge ${task.base} into ${task.branch}`;
}
