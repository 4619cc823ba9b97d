/** Names that are computed, so that whoever makes them twice makes them alike. */

/** A lane's key: one installation never needs a transaction with another, so its id is in every key. */
export interface LaneKey {
  installationId: number;
  laneId: number;
}

/** Where a lane is on GitHub; the repository's id stays, its names may change. */
export interface LaneAddress {
  installationId: number;
  repoId: number;
  owner: string;
  repo: string;
  base: string;
}

/** Lower-case words of a title joined by dashes, at most 40 characters; `task` when nothing is left. */
export function slugOf(title: string): string {
  const slug = title
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40)
    .replace(/-+$/, '');
  return slug === '' ? 'task' : slug;
}

/** The branch of a task: `agent/<issue>-<slug>`. Kept short: the first three words of the title say enough. */
export function branchName(issue: number, title: string): string {
  return `agent/${issue}-${slugOf(title).split('-').slice(0, 3).join('-')}`;
}

/** Where the nth late work of a task is kept: beside its branch, under a name that says so. */
export function lateBranchName(branch: string, number: number): string {
  return `${branch}-late-${number}`;
}

/** Where a candidate is put together; CI does not run there. */
export function prepareRef(base: string, build: number): string {
  return `signalbox/prepare/${slugOf(base)}/${build}`;
}

/** Where a candidate is tested: CI runs on pushes to `signalbox/build/**`. */
export function buildRef(base: string, build: number): string {
  return `signalbox/build/${slugOf(base)}/${build}`;
}

/** The branch of the PR that takes a landed PR back. */
export function revertBranch(pull: number): string {
  return `signalbox/revert/${pull}`;
}

/** Where a revert is put together. */
export function prepareRevertRef(base: string, pull: number): string {
  return `signalbox/prepare/${slugOf(base)}/revert-${pull}`;
}

/** A task's id in the agent contract: `<lane>.<issue>`. */
export function taskId(laneId: number, issue: number): string {
  return `${laneId}.${issue}`;
}

/** Reads a task's id; null when it is not one. */
export function readTaskId(id: string): { laneId: number; issue: number } | null {
  const match = /^(\d{1,15})\.(\d{1,15})$/.exec(id);
  return match ? { laneId: Number(match[1]), issue: Number(match[2]) } : null;
}

/** Labels that people set. */
export const humanLabels = { ready: 'agent-ready', hold: 'agent-hold' } as const;

/** Labels that Signalbox sets and never reads. */
export const ourLabels = ['agent-working', 'agent-needs-human', 'agent-failed', 'agent-queued'] as const;

export type OurLabel = (typeof ourLabels)[number];

/** The names of the checks that Signalbox publishes. */
export const checkNames = {
  arbiter: 'signalbox/arbiter',
  queue: 'signalbox/queue',
  policy: 'signalbox/policy',
} as const;
