/**
 * Signs that an agent is at work. That its process is alive is none, and neither is a spinner: a line counts once,
 * numbers and colours left out. What counts: a new line of output or event of the model, a changed file or commit in
 * the worktree, and CPU time of the agent's process group (a long build says nothing for minutes).
 */
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { GitEnv } from './repo-store.ts';
import { runGit } from './run-git.ts';

/** So many different lines are remembered. */
const rememberedLines = 500;
/** Of one core, between two looks; a spinner takes less, a build more. */
const busyShare = 0.2;
/** More changed files than this are told apart by their number only. */
const mostFiles = 2_000;

/** What is looked at: where the agent works, and its process group once there is one. */
export interface Watched {
  tree: string;
  env: GitEnv;
  group: number | null;
}

/** Collects what an attempt's agent shows of its work. */
export class Evidence {
  readonly #lines = new Set<string>();
  #last = { at: performance.now(), what: 'the attempt began' };
  #tree: string | null = null;
  #cpu: { group: number; seconds: number; at: number } | null = null;

  /** What was seen last, and how long ago in milliseconds. */
  get last(): { what: string; agoMs: number } {
    return { what: this.#last.what, agoMs: performance.now() - this.#last.at };
  }

  /** The worker itself, or a sign read from the agent's events. */
  note(what: string): void {
    this.#last = { at: performance.now(), what };
  }

  /** A line of output: evidence when no line like it was seen lately. */
  line(text: string): void {
    const shape = withoutNumbers(text);
    const isNew = shape !== '' && !this.#lines.delete(shape);
    if (shape !== '') this.#lines.add(shape);
    for (const oldest of this.#lines) {
      if (this.#lines.size <= rememberedLines) break;
      this.#lines.delete(oldest);
    }
    if (isNew) this.note('output');
  }

  /** Looks at the worktree and at the CPU time. */
  async look({ tree, env, group }: Watched): Promise<void> {
    const signature = await treeSignature(tree, env);
    if (signature !== null && signature !== this.#tree) {
      if (this.#tree !== null) this.note('a change in the worktree');
      this.#tree = signature;
    }
    if (group !== null) await this.#lookAtCpu(group);
  }

  async #lookAtCpu(group: number): Promise<void> {
    const seconds = await cpuSeconds(group);
    if (seconds === null) return;
    const now = { group, seconds, at: performance.now() };
    const before = this.#cpu;
    this.#cpu = now;
    if (before?.group !== group) return;
    const share = (now.seconds - before.seconds) / Math.max(1e-3, (now.at - before.at) / 1_000);
    if (share >= busyShare) this.note('CPU time');
  }
}

/** A line's shape: colours, spinners and numbers say nothing new. */
function withoutNumbers(text: string): string {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
      .replaceAll(/\u001b\[[0-9;?]*[A-Za-z]/g, '')
      .replaceAll(/[\d⠀-⣿|/\\.…-]+/g, '')
      .trim()
      .slice(0, 200)
  );
}

/** Changes when HEAD or a file that git would see has changed; null when git cannot tell just now. */
async function treeSignature(tree: string, env: GitEnv): Promise<string | null> {
  const head = await runGit(['rev-parse', '--verify', '--quiet', 'HEAD'], { cwd: tree, env });
  const status = await runGit(['status', '--porcelain', '-z', '--untracked-files=all'], { cwd: tree, env });
  if (status.code !== 0) return null;
  const hash = createHash('sha256').update(head.stdout).update(status.stdout);
  const entries = status.stdout.split('\0').filter((entry) => entry.length > 3);
  for (const entry of entries.slice(0, mostFiles)) {
    const found = await stat(join(tree, entry.slice(3))).catch(() => null);
    hash.update(`${found?.size} ${found?.mtimeMs}\n`);
  }
  return hash.digest('hex');
}

/** Linux counts in hundredths of a second, whatever the kernel's own clock. */
const ticksPerSecond = 100;

/** CPU time of all processes of a group, those that have ended left out; null where the system does not tell. */
async function cpuSeconds(group: number): Promise<number | null> {
  const names = await readdir('/proc').catch(() => null);
  if (names === null) return null;
  let seconds = 0;
  for (const name of names) {
    if (!/^\d+$/.test(name)) continue;
    const text = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    // After the name: state, parent, group, …; 11 to 14 are its own time and that of the children it has waited for.
    if (Number(fields[2]) !== group) continue;
    seconds += fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / ticksPerSecond;
  }
  return seconds;
}
