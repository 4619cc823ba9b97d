/**
 * How fast tasks are claimed by many workers at once: `npm run bench:workers -- --workers 100 --tasks 1000`.
 *
 * The real server with its agent API on embedded, durable Postgres, a stub of GitHub that mints tokens, and the
 * workers with an agent that does nothing, each a process of its own on this machine. Every twentieth attempt loses
 * its lease before its report: it is refused, and its late bundle must be kept. At the end the database is read: each
 * attempt was started once, and every task is done or waits for its next attempt. `--work` is how many milliseconds
 * an attempt takes besides its calls.
 */
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startEmbeddedPostgres } from '../src/ledger/embedded/postgres.ts';
import { migrateToLatest } from '../src/ledger/migrate.ts';
import { startGitHubStub } from './webhooks/github-stub.ts';
import { kill, startRole } from './webhooks/processes.ts';
import { type AgentServerOptions, openDatabase, startAgentServer } from './workers/agent-server.ts';
import { endLease, inspectTasks, openTasks } from './workers/many-tasks.ts';
import { type ManyWorkers, type Outcomes, runManyWorkers } from './workers/many-workers.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    workers: { type: 'string', default: '100' },
    tasks: { type: 'string', default: '1000' },
    work: { type: 'string', default: '2000' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    role: { type: 'string' },
  },
});

const program = fileURLToPath(import.meta.url);
const fenceEvery = 20;

type LoadOptions = Omit<ManyWorkers, 'endLease'> & { databaseUrl: string };

const round = (value: number | undefined) => Math.round((value ?? 0) * 10) / 10;

function spread(latencies: readonly number[]): object {
  const sorted = [...latencies].sort((a, b) => a - b);
  const at = (part: number) => round(sorted[Math.ceil(sorted.length * part) - 1]);
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}

async function measure(
  workers: number,
  tasks: number,
  workMs: number,
): Promise<{ [name: string]: unknown; failures: string[] }> {
  const dir = await mkdtemp(join(tmpdir(), 'signalbox-bench-'));
  // When we are root, the user that Postgres runs as must get in.
  await chmod(dir, 0o755);
  const postgres = await startEmbeddedPostgres({ dir: join(dir, 'postgres') });
  const db = openDatabase(postgres.url);
  const github = startRole('github', {}, program);
  const children = [github.child];
  try {
    await migrateToLatest(db);
    const keys = await openTasks(db, tasks);
    const token = randomBytes(24).toString('hex');
    const githubUrl = `http://127.0.0.1:${await github.next()}`;
    const serverOptions: AgentServerOptions = { databaseUrl: postgres.url, githubUrl, token };
    const server = startRole('server', serverOptions, program);
    children.push(server.child);
    const url = `http://127.0.0.1:${await server.next()}`;
    const loadOptions: LoadOptions = {
      url,
      token,
      workers,
      tasks,
      workMs,
      fenceEvery,
      databaseUrl: postgres.url,
    };
    const load = startRole('load', loadOptions, program);
    children.push(load.child);
    const began = performance.now();
    const outcomes = (await load.next()) as Outcomes;
    const seconds = (performance.now() - began) / 1_000;
    const standing = await inspectTasks(db, keys);
    const claimedTwice = outcomes.claimed.length - new Set(outcomes.claimed).size;
    return {
      asked: { workers, tasks, workMs },
      claimMs: spread(outcomes.claimMs),
      claimsPerSecond: round(outcomes.claimed.length / seconds),
      claimed: outcomes.claimed.length,
      done: outcomes.done,
      fenced: outcomes.fenced,
      lateBundlesKept: standing.lateCheckpoints,
      standing: { done: standing.done, again: standing.again, lost: standing.lost.length },
      machine: `${cpus().length} × ${cpus()[0]?.model ?? '?'}, ${Math.round(totalmem() / 2 ** 30)} GB`,
      versions: `Node ${process.versions.node}, Postgres ${postgres.version}`,
      failures: [
        ...(claimedTwice > 0 ? [`${claimedTwice} attempts were claimed twice`] : []),
        ...(standing.started < outcomes.claimed.length ? ['claims are in no journal'] : []),
        ...(standing.startedTwice > 0 ? [`${standing.startedTwice} attempts were started twice`] : []),
        ...standing.lost,
        ...(standing.done + standing.again === tasks ? [] : ['tasks are missing']),
        ...(standing.lateCheckpoints === outcomes.fenced ? [] : ['late bundles are missing']),
        ...new Set(outcomes.surprises),
      ],
    };
  } finally {
    for (const child of children) await kill(child);
    await db.destroy();
    await postgres.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

function print(result: object): void {
  for (const [name, value] of Object.entries(result)) {
    const label = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
    const text =
      typeof value === 'object' && value !== null
        ? Object.entries(value)
            .map(([key, each]) => `${key} ${each}`)
            .join('  ') || 'none'
        : String(value);
    console.log(`${label.padEnd(20)} ${text}`);
  }
}

async function play(role: string, options: unknown): Promise<unknown> {
  if (role === 'github') return (await startGitHubStub('http://127.0.0.1/acme/r.git')).port;
  if (role === 'server') return startAgentServer(options as AgentServerOptions);
  const load = options as LoadOptions;
  const db = openDatabase(load.databaseUrl);
  return runManyWorkers({ ...load, endLease: (task, fence) => endLease(db, task, fence) });
}

if (values.role !== undefined) {
  // Whoever started us is gone when our input ends.
  process.stdin.resume().once('end', () => process.exit(1));
  const answer = await play(values.role, JSON.parse(positionals[0] ?? '{}'));
  process.stdout.write(`${JSON.stringify(answer)}\n`, () => values.role === 'load' && process.exit(0));
} else {
  const result = values.quick
    ? await measure(20, 100, 200)
    : await measure(Number(values.workers), Number(values.tasks), Number(values.work));
  if (values.json) console.log(JSON.stringify(result));
  else print(result);
  if (result.failures.length > 0) process.exitCode = 1;
}
