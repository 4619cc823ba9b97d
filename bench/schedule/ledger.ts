import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Kysely, sql } from 'kysely';
import type { LaneKey } from '../../src/core/ids.ts';
import { emptyLane } from '../../src/core/lane/fold.ts';
import type { LaneState } from '../../src/core/lane/state.ts';
import { advance, unticketed } from '../../src/engine/advance.ts';
import { createDatabase, createPool } from '../../src/ledger/connect.ts';
import { startEmbeddedPostgres } from '../../src/ledger/embedded/postgres.ts';
import { openLane } from '../../src/ledger/lanes.ts';
import { loadSnapshot, withLane } from '../../src/ledger/load-lane.ts';
import { migrateToLatest } from '../../src/ledger/migrate.ts';
import { saveLane } from '../../src/ledger/save-lane.ts';
import type { DB } from '../../src/ledger/schema.ts';
import { busyLane, givenUp, now } from './scene.ts';
import { spread } from './statistics.ts';

/** Runs against a new, durable Postgres of its own. */
export async function withPostgres<T>(act: (db: Kysely<DB>, version: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'signalbox-bench-'));
  // When we are root, the user that Postgres runs as must get in.
  await chmod(dir, 0o755);
  const postgres = await startEmbeddedPostgres({ dir });
  const db = createDatabase<DB>(createPool(postgres.url, { max: 10, applicationName: 'signalbox-bench' }));
  try {
    await migrateToLatest(db);
    return await act(db, postgres.version);
  } finally {
    await db.destroy();
    await postgres.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

/** A lane with this state, and nothing in its journal but that it was opened. */
export async function storeLane(db: Kysely<DB>, repoId: number, state: LaneState): Promise<LaneKey> {
  const address = { installationId: 1, repoId, owner: state.owner, repo: state.repo, base: state.base };
  const { key } = await openLane(db, address);
  const { owner, repo, base } = state;
  const facts = [{ kind: 'lane-opened' as const, owner, repo, base, at: now }];
  const step = { before: emptyLane, after: state, facts, effects: [], wakeAt: null };
  await withLane(db, key, (lock) => saveLane(lock, step));
  return key;
}

async function addClosed(db: Kysely<DB>, key: LaneKey, count: number): Promise<void> {
  await sql`
    insert into task select (jsonb_populate_record(open, jsonb_build_object(
      'issue', 1000000 + n, 'state', 'completed', 'claims', '[]'::jsonb))).*
    from generate_series(1, ${count}::int) n, task open
    where open.lane_id = ${key.laneId} and open.issue = 1`.execute(db);
  await sql`analyze`.execute(db);
}

/** Whole steps of `advance`, and of these the reading alone, in ms. */
async function measureOne(db: Kysely<DB>, key: LaneKey, first: LaneState, rounds: number): Promise<object> {
  const whole: number[] = [];
  const reading: number[] = [];
  let state = first;
  for (let round = 0; round < rounds; round++) {
    const began = performance.now();
    const advanced = await advance(db, key, [unticketed(givenUp(state))]);
    whole.push(performance.now() - began);
    if (!advanced?.facts.some((fact) => fact.kind === 'task-assigned'))
      throw new Error('nothing was assigned');
    state = advanced.state;
    const reads = performance.now();
    await withLane(db, key, (lock) => loadSnapshot(lock, {}));
    reading.push(performance.now() - reads);
  }
  const { p50, p99, max } = spread(whole.slice(1));
  return { p50, p99, max, readingP50: spread(reading.slice(1)).p50 };
}

/** For each number of open tasks, and each of closed ones. */
export async function measureLedger(
  sizes: readonly number[],
  closed: readonly number[],
  rounds: number,
): Promise<object[]> {
  return withPostgres(async (db) => {
    const rows: object[] = [];
    let repoId = 0;
    for (const open of sizes) {
      for (const count of closed) {
        const { state } = busyLane(open);
        repoId += 1;
        const key = await storeLane(db, repoId, { ...state, repo: `bench-${repoId}` });
        await addClosed(db, key, count);
        const most = Math.max(2, Math.min(rounds, Math.floor(open / 2)));
        rows.push({ open, closed: count, ...(await measureOne(db, key, state, most)) });
      }
    }
    return rows;
  });
}
