/**
 * How fast deliveries are acknowledged: `npm run bench:webhooks -- --rate 500 --seconds 20 --bytes 30000`.
 *
 * The real `signalbox serve` with its embedded, durable Postgres, a stub of GitHub and a load generator, each a
 * process of its own on this machine. Open loop: every delivery has its time, and its latency counts from then. At
 * the end `serve` is killed (`kill -9`), and each delivery answered with 202 is looked for in the database.
 */
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { startEmbeddedPostgres } from '../src/ledger/embedded/postgres.ts';
import { startGitHubStub } from './webhooks/github-stub.ts';
import { type LoadOptions, type LoadResult, runLoad } from './webhooks/load.ts';
import { type CpuTimes, cpuTimes, kill, memoryOf, startRole, startServe } from './webhooks/processes.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rate: { type: 'string', default: '500' },
    seconds: { type: 'string', default: '20' },
    bytes: { type: 'string', default: '30000' },
    json: { type: 'boolean', default: false },
    role: { type: 'string' },
  },
});

interface Stored {
  postgres: string;
  missing: number;
  /** Recorded and not worked through when `serve` was killed. */
  backlog: number;
  /** From the record to the end of the handlers, for those worked through, in ms. */
  handled: { p50: number | null; p99: number | null };
}

/** Starts the database that `serve` left behind, and looks for every delivery that was acknowledged. */
async function inspect(dir: string, accepted: string[]): Promise<Stored> {
  const postgres = await startEmbeddedPostgres({ dir: join(dir, 'data', 'postgres') });
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  try {
    const { rows } = await client.query<{ missing: number; backlog: number; p50: number; p99: number }>(
      `select
        (select count(*) from unnest($1::text[]) guid where not exists (select from delivery d where d.guid = guid.guid))::int
          as missing,
        count(*) filter (where processed_at is null)::int as backlog,
        percentile_cont(0.5) within group (order by extract(epoch from processed_at - received_at) * 1000) as p50,
        percentile_cont(0.99) within group (order by extract(epoch from processed_at - received_at) * 1000) as p99
      from delivery`,
      [accepted],
    );
    const [row] = rows;
    if (!row) throw new Error('the database did not answer');
    const { missing, backlog, p50, p99 } = row;
    return { postgres: postgres.version, missing, backlog, handled: { p50, p99 } };
  } finally {
    await client.end();
    await postgres.stop();
  }
}

const round = (value: number | null | undefined) => Math.round((value ?? 0) * 10) / 10;

function spread(latencies: readonly number[]): object {
  const sorted = [...latencies].sort((a, b) => a - b);
  const at = (part: number) => round(sorted[Math.ceil(sorted.length * part) - 1]);
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}

/** Cores in use on average during the load: by each of us, and by whatever else this machine was doing. */
function coresInUse(before: CpuTimes | null, after: CpuTimes | null, load: LoadResult): object | null {
  if (!before || !after) return null;
  const [serve, postgres] = [after.serve - before.serve, after.postgres - before.postgres];
  const others = after.machine - before.machine - serve - postgres - load.cpu;
  const cores = (seconds: number) => Math.round((seconds / load.elapsed) * 100) / 100;
  return {
    serve: cores(serve),
    postgres: cores(postgres),
    generator: cores(load.cpu),
    others: cores(others),
  };
}

async function measure(options: Omit<LoadOptions, 'port' | 'secret'>): Promise<object> {
  const dir = await mkdtemp(join(tmpdir(), 'signalbox-bench-'));
  // When we are root, the user that Postgres runs as must get in.
  await chmod(dir, 0o755);
  const github = startRole('github', {});
  const secret = randomBytes(32).toString('hex');
  try {
    const serve = await startServe(dir, Number(await github.next()), secret);
    try {
      const before = memoryOf(serve.child.pid ?? 0);
      const cpuBefore = cpuTimes(serve.child.pid ?? 0);
      const load = startRole('load', { ...options, port: serve.port, secret });
      const result = (await load.next()) as LoadResult;
      const after = memoryOf(serve.child.pid ?? 0);
      const cpuAfter = cpuTimes(serve.child.pid ?? 0);
      await kill(serve.child);
      const { missing, ...stored } = await inspect(dir, result.accepted);
      const { latencies, accepted, errors, elapsed } = result;
      return {
        asked: options,
        acknowledgedMs: spread(latencies),
        // The process is new: its code has not been compiled, and every repository is seen for the first time.
        afterFirstSecondMs: spread(latencies.slice(options.rate)),
        ratePerSecond: round(latencies.length / elapsed),
        accepted: accepted.length,
        errors,
        acceptedButNotStored: missing,
        generatorLateMs: round(result.latestSendMs),
        backlogAtKill: stored.backlog,
        handledMs: { p50: round(stored.handled.p50), p99: round(stored.handled.p99) },
        serveMemoryMb: { before: before?.rss ?? null, after: after?.rss ?? null, peak: after?.peak ?? null },
        coresInUse: coresInUse(cpuBefore, cpuAfter, result),
        machine: `${cpus().length} × ${cpus()[0]?.model ?? '?'}, ${Math.round(totalmem() / 2 ** 30)} GB`,
        versions: `Node ${process.versions.node}, Postgres ${stored.postgres}`,
      };
    } finally {
      await kill(serve.child);
    }
  } finally {
    await kill(github.child);
    await rm(dir, { recursive: true, force: true });
  }
}

function print(result: object): void {
  for (const [name, value] of Object.entries(result)) {
    const label = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
    const text =
      typeof value === 'object'
        ? Object.entries(value)
            .map(([key, each]) => `${key} ${each}`)
            .join('  ') || 'none'
        : String(value);
    console.log(`${label.padEnd(24)} ${text}`);
  }
}

if (values.role !== undefined) {
  // Whoever started us is gone when our input ends.
  process.stdin.resume().once('end', () => process.exit(1));
  const answer =
    values.role === 'github'
      ? (await startGitHubStub()).port
      : await runLoad(JSON.parse(positionals[0] ?? '') as LoadOptions);
  process.stdout.write(`${JSON.stringify(answer)}\n`, () => values.role === 'load' && process.exit(0));
} else {
  const result = await measure({
    rate: Number(values.rate),
    seconds: Number(values.seconds),
    bytes: Number(values.bytes),
  });
  if (values.json) console.log(JSON.stringify(result));
  else print(result);
  const { errors, acceptedButNotStored } = result as { errors: object; acceptedButNotStored: number };
  if (Object.keys(errors).length > 0 || acceptedButNotStored > 0) process.exitCode = 1;
}
