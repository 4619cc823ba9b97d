// A CI that really runs: each pushed commit is checked out and its tests are run, and the outcome is a check run.

import type { ChildProcess } from 'node:child_process';
import { execFile, spawn } from 'node:child_process';
import { access, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { CheckRunInput } from './check-changes.ts';
import { createCheckRun, updateCheckRun } from './check-changes.ts';
import { GIT_ENV, PROGRAM_PATH } from './git.ts';
import type { AppRecord, CheckConclusion, CheckRun, Observer, Repo, Sha } from './model.ts';
import { stampNow } from './model.ts';
import type { Sandbox } from './sandbox.ts';
import type { World } from './world.ts';

export interface CiOptions {
  /** default: `node --test` */
  command?: string[];
  /** Judges a commit in place of a command; nothing is checked out then. */
  verdict?: (repo: Repo, sha: Sha) => Promise<CheckConclusion>;
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
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

function runCommand(
  command: readonly string[],
  place: { cwd: string; home: string },
  stop: AbortSignal,
): Promise<Verdict> {
  const [program = process.execPath, ...args] = command;
  const { promise, resolve } = Promise.withResolvers<Verdict>();
  const child = spawn(program, args, {
    cwd: place.cwd,
    // Nothing of the machine but the way to its programs: what is tested is strangers' code.
    env: { PATH: PROGRAM_PATH, HOME: place.home, CI: 'true' },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stopChild = () => killGroup(child);
  stop.addEventListener('abort', stopChild);
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
    stop.removeEventListener('abort', stopChild);
    resolve(verdict);
  };
  child.on('error', (error) =>
    finish({ conclusion: 'failure', title: 'The command did not start', text: error.message }),
  );
  // What the tests left behind in the group would hold the pipes open, and 'close' back.
  child.on('exit', stopChild);
  child.on('close', (code) => {
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

function isByWorkflow({ sender }: Record<string, unknown>): boolean {
  return (
    typeof sender === 'object' && sender !== null && 'login' in sender && sender.login === `${APP_SLUG}[bot]`
  );
}

function readRerequest(payload: Record<string, unknown>, repo: Repo, app: AppRecord): CheckRun | null {
  const subject = payload.check_run;
  if (typeof subject !== 'object' || subject === null || !('id' in subject)) return null;
  const run = repo.runs.get(Number(subject.id));
  return run?.suite.app === app ? run : null;
}

function hasFinishedRun(repo: Repo, app: AppRecord, sha: Sha, name: string): boolean {
  return [...repo.runs.values()].some(
    (run) =>
      run.suite.app === app && run.suite.headSha === sha && run.name === name && run.status === 'completed',
  );
}

async function judge(
  world: World,
  job: Job,
  command: readonly string[],
  stop: AbortSignal,
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
    if (stop.aborted) return { conclusion: 'cancelled', title: 'Cancelled', text: '' };
    return await runCommand(command, { cwd, home: place }, stop);
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

async function decideAlone({ repo, sha }: Job, verdict: NonNullable<CiOptions['verdict']>): Promise<Verdict> {
  const conclusion = await verdict(repo, sha);
  return { conclusion, title: `The tests ended with ${conclusion}`, text: '' };
}

interface JobQueue {
  has(key: string): boolean;
  add(job: Job): void;
  idle(): Promise<void>;
  clear(): void;
}

/** Some jobs at a time, each key once among those waiting and running. */
function openQueue(slots: number, perform: (job: Job) => Promise<void>): JobQueue {
  const waiting: Job[] = [];
  const keys = new Set<string>();
  let active = 0;
  let idlers: (() => void)[] = [];
  const isIdle = () => active === 0 && waiting.length === 0;

  function startWaiting(): void {
    while (active < slots) {
      const job = waiting.shift();
      if (job === undefined) break;
      active += 1;
      // A failure here is a bug and must be seen: nobody else awaits it.
      void perform(job).finally(() => {
        active -= 1;
        keys.delete(job.key);
        startWaiting();
      });
    }
    if (!isIdle()) return;
    for (const wake of idlers) wake();
    idlers = [];
  }

  return {
    has: (key) => keys.has(key),
    add(job) {
      keys.add(job.key);
      waiting.push(job);
      startWaiting();
    },
    idle: () => (isIdle() ? Promise.resolve() : new Promise((resolve) => idlers.push(resolve))),
    clear() {
      waiting.length = 0;
    },
  };
}

/** Watches all pushes of the sandbox and runs the tests of each; see `CiOptions` for what is left out. */
export async function startCi(sandbox: Sandbox, options: CiOptions = {}): Promise<Ci> {
  const { world } = sandbox;
  const app = findOrAddApp(sandbox);
  const name = options.checkName ?? 'ci';
  const command = options.command ?? [process.execPath, '--test'];
  const wanted = options.branches ?? ((branch: string) => !branch.includes('/prepare/'));
  const stopped = new AbortController();
  const { signal } = stopped;

  async function update(run: CheckRun, input: CheckRunInput): Promise<void> {
    if (!signal.aborted) await world.withLock(run.suite.repo, () => updateCheckRun(world, run, input));
  }

  async function perform(job: Job): Promise<void> {
    const run = await job.run;
    if (options.delayMs !== undefined) await pause(options.delayMs, undefined, { signal }).catch(ignoreStop);
    if (signal.aborted) return;
    if (!options.verdict) await update(run, { status: 'in_progress', startedAt: stampNow() });
    const verdict = options.verdict
      ? await decideAlone(job, options.verdict)
      : await judge(world, job, command, signal);
    await update(run, {
      status: 'completed',
      conclusion: verdict.conclusion,
      output: { title: verdict.title, summary: verdict.title, text: verdict.text },
    });
  }

  const queue = openQueue(Math.max(1, options.concurrency ?? 1), perform);

  function enqueue(repo: Repo, sha: Sha, reason: string): void {
    const key = `${repo.id}:${sha}:${reason}`;
    if (signal.aborted || queue.has(key)) return;
    const run = world.withLock(repo, () => createCheckRun(world, repo, app, { sha, name }));
    queue.add({ repo, sha, key, run });
  }

  const observe: Observer = ({ event, action, repo, payload }) => {
    if (repo === null) return;
    if (event === 'push') {
      const push = readPush(payload);
      // What a workflow's own token pushes starts no workflow (GitHub's docs, "Triggering a workflow").
      if (isByWorkflow(payload)) return;
      if (push === null || !wanted(push.branch) || hasFinishedRun(repo, app, push.sha, name)) return;
      enqueue(repo, push.sha, push.branch);
    } else if (event === 'check_run' && action === 'rerequested') {
      const run = readRerequest(payload, repo, app);
      if (run !== null) enqueue(repo, run.suite.headSha, 'rerequested');
    }
  };
  world.book.observers.add(observe);
  return {
    idle: () => queue.idle(),
    async close() {
      stopped.abort();
      world.book.observers.delete(observe);
      queue.clear();
      await queue.idle();
    },
  };
}
