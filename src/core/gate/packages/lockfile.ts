/** Whether the lockfile beside a manifest changed together with it. */
import type { JudgedDependency, NewDependency, PathChange } from '../diff.ts';
import { folderOf, manifestsOf, nameOf } from '../rules/kinds.ts';

function foldersUp(path: string): string[] {
  const folders: string[] = [];
  for (let folder = folderOf(path); folder !== ''; folder = folderOf(folder)) folders.push(folder);
  return [...folders, ''];
}

/** The nearest lockfile of this manifest at the head, in its folder or above it: workspaces share one. */
function nearestLockfile(manifest: string, paths: ReadonlySet<string>): string | null {
  const known = [...paths].filter((path) => manifestsOf(path).includes(nameOf(manifest)));
  for (const folder of foldersUp(manifest)) {
    const found = known.find((path) => folderOf(path) === folder);
    if (found !== undefined) return found;
  }
  return null;
}

/**
 * @param paths every path at the head; null when they are not known: then only lockfiles of the diff are looked at
 */
export function lockfileOf(
  { path, name }: NewDependency,
  changes: readonly PathChange[],
  paths: ReadonlySet<string> | null,
): JudgedDependency['lockfile'] {
  const present = changes.filter(({ change }) => change !== 'removed');
  const lockfile = nearestLockfile(path, paths ?? new Set(present.map((change) => change.path)));
  if (lockfile === null) return { kind: 'absent' };
  const change = present.find((each) => each.path === lockfile);
  if (!change) return { kind: 'disagrees', path: lockfile, why: 'it did not change' };
  // One that is too large to be read, or that was only moved, cannot be held against the manifest.
  if (!change.lines) return { kind: 'agrees' };
  return change.lines.added.some(({ text }) => text.includes(name))
    ? { kind: 'agrees' }
    : { kind: 'disagrees', path: lockfile, why: 'nothing was added there that names it' };
}
