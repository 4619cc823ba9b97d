// A CI that really runs: each pushed commit is checked out and its tests are run, and the outcome is a check run.
import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { access, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createCheckRun, updateCheckRun } from './check-changes.ts';
import type { CheckRunInput } from './check-changes.ts';
import { GIT_ENV } from './git.ts';
import type { AppRecord, CheckConclusion, CheckRun, Observer, Repo, Sha } from './model.ts';
import { stampNow } from './model.ts';
import type { Sandbox } from './sandbox.ts';
import type { World } from './world.ts';

export interface CiOptions {
  /** default: `node --test` */
  command?: string[];
  /** default: `ci` */
  checkName?: string;
  /** default: all branches without a `prepare` between two slashes in their name */
  branches?: (name: string) => boolean;
  delayMs?: number;
  concurrency?: number;
}

export interface Ci {
  close(): Promise<void>;
  /** resolves when no run is queued or under way */
  idle(): Promise<void>;
}

interface Job {
  repo: Repo;
  sha: Sha;
  key: string;
  /** shown as queued from the moment of the push, whenever its turn comes */
  run: Promise<CheckRun>;
}

interface Verdict {
  conclusion: CheckConclusion;
  title: string;
  text: string;
}

const TIMEOUT_MS = 60_000;
const TAIL_CHARACTERS = 20_000;
const APP_SLUG = 'github-actions';
const execute = promisify(execFile);

async function checkOut(repo: Repo, sha: Sha, into: string): Promise<void> {
  const env = { ...GIT_ENV, GIT_INDEX_FILE: join(into, '.index') };
  const tree = join(into, 'tree');
  await mkdir(tree);
  await execute('git', ['read-tree', sha], { cwd: repo.gitDir, env });
  const args = [`--git-dir=${repo.gitDir}`, `--work-tree=${tree}`, 'checkout-index', '--all'];
  await execute('git', args, { cwd: tree, env });
}

/** Kills a whole process group: a test runner's children would outlive it. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

function runCommand(
  command: readonly string[],
  place: { cwd: string; home: string },
  running: Set<ChildProcess>,
): Promise<Verdict> {
  const [program = process.execPath, ...args] = command;
  const { promise, resolve } = Promise.withResolvers<Verdict>();
  const child = spawn(program, args, {
    cwd: place.cwd,
    // Nothing of the machine but the way to its programs: what is tested is strangers' code.
    env: { PATH: process.env['PATH'], HOME: place.home, CI: 'true' },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let tail = '';
  let timedOut = false;
  const keep = (chunk: Buffer) => {
    tail = (tail + chunk.toString()).slice(-TAIL_CHARACTERS);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const timer = setTimeout(() => {
    timedOut = true;
    killGroup(child);
  }, TIMEOUT_MS);
  const finish = (verdict: Verdict) => {
    clearTimeout(timer);
    running.delete(child);
    resolve(verdict);
  };
  child.on('error', (error) =>
    finish({ conclusion: 'failure', title: 'The command did not start', text: error.message }),
  );
  child.on('close', (code) => {
    // What the tests left behind in the group goes too.
    if (timedOut) finish({ conclusion: 'timed_out', title: 'Timed out', text: tail });
    else if (code === 0) finish({ conclusion: 'success', title: 'Tests passed', text: tail });
    else finish({ conclusion: 'failure', title: `Tests failed (exit ${code})`, text: tail });
  });
  return promise;
}

function findOrAddApp(sandbox: Sandbox): AppRecord {
  const { apps } = sandbox.world.book;
  const known = [...apps.values()].find((app) => app.slug === APP_SLUG);
  if (known !== undefined) return known;
  const { id } = sandbox.addApp({ slug: APP_SLUG, name: 'GitHub Actions', permissions: { checks: 'write' } });
  const added = apps.get(id);
  if (added === undefined) throw new Error('the App of the CI was not added');
  return added;
}

function ignoreStop(error: unknown): void {
  if (!(error instanceof Error && error.name === 'AbortError')) throw error;
}

function readPush(payload: Record<string, unknown>): { branch: string; sha: Sha } | null {
  const { ref, after, deleted } = payload;
  if (typeof ref !== 'string' || typeof after !== 'string' || deleted === true) return null;
  return ref.startsWith('refs/heads/') ? { branch: ref.slice('refs/heads/'.length), sha: after } : null;
}

function readRerequest(payload: Record<string, unknown>, repo: Repo, app: AppRecord): CheckRun | null {
  const subject = payload['check_run'];
  if (typeof subject !== 'object' || subject === null || !('id' in subject)) return null;
  const run = repo.runs.get(Number(subject.id));
  return run?.suite.app === app ? run : null;
}

function hasFinishedRun(repo: Repo, app: AppRecord, sha: Sha, name: string): boolean {
  return [...repo.runs.values()].some(
    (run) =>
      run.suite.app === app &&
      run.suite.headSha === sha &&
      run.name === name &&
      run.status === 'completed',
  );
}

async function judge(
  world: World,
  job: Job,
  command: readonly string[],
  running: Set<ChildProcess>,
): Promise<Verdict> {
  const place = await mkdtemp(join(world.dir, 'ci-'));
  try {
    await checkOut(job.repo, job.sha, place);
    const cwd = join(place, 'tree');
    const runnable = await access(join(cwd, 'package.json')).then(
      () => true,
      () => false,
    );
    if (!runnable)
      return { conclusion: 'neutral', title: 'Nothing to run', text: 'There is no package.json.' };
    return await runCommand(command, { cwd, home: place }, running);
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

/** Watches all pushes of the sandbox and runs the tests of each; see `CiOptions` for what is left out. */
export async function startCi(sandbox: Sandbox, options: CiOptions = {}): Promise<Ci> {
  const { world } = sandbox;
  const app = findOrAddApp(sandbox);
  const name = options.checkName ?? 'ci';
  const command = options.command ?? [process.execPath, '--test'];
  const wanted = options.branches ?? ((branch: string) => !/\/prepare\//.test(branch));
  const slots = Math.max(1, options.concurrency ?? 1);
  const waiting: Job[] = [];
  const keys = new Set<string>();
  const running = new Set<ChildProcess>();
  let active = 0;
  let closed = false;
  let idlers: (() => void)[] = [];
  const stopped = new AbortController();

  async function update(run: CheckRun, input: CheckRunInput): Promise<void> {
    if (!closed) await world.withLock(run.suite.repo, () => updateCheckRun(world, run, input));
  }

  async function perform(job: Job): Promise<void> {
    const run = await job.run;
    if (options.delayMs !== undefined)
      await pause(options.delayMs, undefined, { signal: stopped.signal }).catch(ignoreStop);
    if (closed) return;
    await update(run, { status: 'in_progress', startedAt: stampNow() });
    const verdict = await judge(world, job, command, running);
    await update(run, {
      status: 'completed',
      conclusion: verdict.conclusion,
      output: { title: verdict.title, summary: verdict.title, text: verdict.text },
    });
  }

  function startWaiting(): void {
    while (active < slots && !closed) {
      const job = waiting.shift();
      if (job === undefined) break;
      active += 1;
      perform(job)
        .catch((error: unknown) => {
          // The repository may vanish under a run that is being stopped; any other failure is a bug to be seen.
          if (!closed) queueMicrotask(() => Promise.reject(error));
        })
        .finally(() => {
          active -= 1;
          keys.delete(job.key);
          startWaiting();
        });
    }
    if (active > 0 || (waiting.length > 0 && !closed)) return;
    for (const wake of idlers) wake();
    idlers = [];
  }

  function enqueue(repo: Repo, sha: Sha, reason: string): void {
    const key = `${repo.id}:${sha}:${reason}`;
    if (keys.has(key) || closed) return;
    keys.add(key);
    const run = world.withLock(repo, () => createCheckRun(world, repo, app, { sha, name }));
    waiting.push({ repo, sha, key, run });
    startWaiting();
  }

  const observe: Observer = ({ event, action, repo, payload }) => {
    if (repo === null) return;
    if (event === 'push') {
      const push = readPush(payload);
      if (push === null || !wanted(push.branch) || hasFinishedRun(repo, app, push.sha, name)) return;
      enqueue(repo, push.sha, push.branch);
    } else if (event === 'check_run' && action === 'rerequested') {
      const run = readRerequest(payload, repo, app);
      if (run !== null) enqueue(repo, run.suite.headSha, 'rerequested');
    }
  };
  world.book.observers.add(observe);

  const idle = () =>
    active === 0 && waiting.length === 0
      ? Promise.resolve()
      : new Promise<void>((resolve) => idlers.push(resolve));
  return {
    idle,
    async close() {
      closed = true;
      world.book.observers.delete(observe);
      waiting.length = 0;
      stopped.abort();
      for (const child of running) killGroup(child);
      await idle();
    },
  };
}
