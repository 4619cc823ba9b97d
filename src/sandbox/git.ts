import { spawn } from 'node:child_process';
import { dirname } from 'node:path';

/** Where programs are found: this Node first, then where git usually is. */
export const PROGRAM_PATH = [
  dirname(process.execPath),
  '/opt/homebrew/bin',
  '/usr/local/bin',
  '/usr/bin',
  '/bin',
].join(':');

/** No configuration of the machine's owner may change what the sandbox does. */
export const GIT_ENV: NodeJS.ProcessEnv = {
  PATH: PROGRAM_PATH,
  HOME: '/nonexistent',
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
};

interface GitOutcome {
  code: number;
  stdout: Buffer;
  stderr: string;
}

/** Runs git in a bare repository and reports how it ended, whatever the exit code. */
function tryGit(gitDir: string, args: readonly string[], input?: string | Buffer): Promise<GitOutcome> {
  const { promise, resolve, reject } = Promise.withResolvers<GitOutcome>();
  const child = spawn('git', args, { cwd: gitDir, env: GIT_ENV });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  child.on('error', reject);
  child.on('close', (code) =>
    resolve({ code: code ?? -1, stdout: Buffer.concat(out), stderr: Buffer.concat(err).toString() }),
  );
  child.stdin.on('error', () => child.kill());
  child.stdin.end(input);
  return promise;
}

/** Runs git and returns what it printed; anything but exit code 0 is a bug or a broken repository. */
export async function runGit(
  gitDir: string,
  args: readonly string[],
  input?: string | Buffer,
): Promise<string> {
  const done = await tryGit(gitDir, args, input);
  if (done.code !== 0) throw new Error(`git ${args.join(' ')}: exit ${done.code}: ${done.stderr.trim()}`);
  return done.stdout.toString();
}

export async function initBareRepository(gitDir: string): Promise<void> {
  await runGit('/', ['init', '--quiet', '--bare', '--initial-branch=main', gitDir]);
}

export async function listRefs(gitDir: string): Promise<Map<string, string>> {
  const text = await runGit(gitDir, [
    'for-each-ref',
    '--format=%(objectname) %(refname)',
    'refs/heads',
    'refs/tags',
  ]);
  return new Map(
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => [line.slice(41), line.slice(0, 40)]),
  );
}

/** All or nothing: git itself compares each old value before any ref moves. Returns git's reason on refusal. */
export async function updateRefs(
  gitDir: string,
  changes: readonly { ref: string; before: string; after: string }[],
): Promise<string | null> {
  const lines = changes.map(({ ref, before, after }) => `update ${ref} ${after} ${before}\n`);
  const done = await tryGit(gitDir, ['update-ref', '--stdin'], `start\n${lines.join('')}commit\n`);
  return done.code === 0 ? null : done.stderr.trim();
}

/** Sets refs nobody pushes to (`refs/pull/N/head`), whatever they were. */
export async function forceRef(gitDir: string, ref: string, sha: string): Promise<void> {
  await runGit(gitDir, ['update-ref', ref, sha]);
}

export async function isValidRefName(ref: string): Promise<boolean> {
  return (await tryGit('/', ['check-ref-format', ref])).code === 0;
}

export async function isAncestor(gitDir: string, ancestor: string, descendant: string): Promise<boolean> {
  if (ancestor === descendant) return true;
  return (await tryGit(gitDir, ['merge-base', '--is-ancestor', ancestor, descendant])).code === 0;
}

export async function findMergeBase(gitDir: string, a: string, b: string): Promise<string | null> {
  const done = await tryGit(gitDir, ['merge-base', a, b]);
  return done.code === 0 ? done.stdout.toString().trim() : null;
}

/** Commits reachable from `include` and not from `exclude`, newest first. */
export async function listCommits(
  gitDir: string,
  options: { include: string; exclude?: string[]; path?: string; limit?: number; firstParent?: boolean },
): Promise<string[]> {
  const args = ['rev-list', '--topo-order'];
  if (options.limit !== undefined) args.push(`--max-count=${options.limit}`);
  if (options.firstParent === true) args.push('--first-parent');
  args.push(options.include, ...(options.exclude ?? []).map((sha) => `^${sha}`), '--');
  if (options.path !== undefined && options.path !== '') args.push(options.path);
  return (await runGit(gitDir, args)).split('\n').filter((line) => line !== '');
}

export async function countAheadBehind(
  gitDir: string,
  base: string,
  head: string,
): Promise<{ ahead: number; behind: number }> {
  const text = await runGit(gitDir, ['rev-list', '--left-right', '--count', `${base}...${head}`, '--']);
  const [behind = 0, ahead = 0] = text.trim().split(/\s+/).map(Number);
  return { ahead, behind };
}

/** The three-way merge of two commits: its tree, or null where they conflict or share no history. */
export async function mergeTrees(gitDir: string, ours: string, theirs: string): Promise<string | null> {
  const done = await tryGit(gitDir, ['merge-tree', '--write-tree', '--no-messages', ours, theirs]);
  return done.code === 0 ? (done.stdout.toString().split('\n')[0] ?? null) : null;
}
