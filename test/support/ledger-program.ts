// Run as a process of its own by the ledger's tests, which kill it. Says what happened in lines of JSON on stdout.
import { mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import pg from 'pg';
import { createDatabase, createPool } from '../../src/ledger/connect.ts';
import { EmbeddedPostgresInUse } from '../../src/ledger/embedded/errors.ts';
import { type OwnerLock, takeOwnerLock } from '../../src/ledger/embedded/owner-lock.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/ledger/embedded/postgres.ts';
import { migrateToLatest } from '../../src/ledger/migrate.ts';

const say = (fact: object) => process.stdout.write(`${JSON.stringify(fact)}\n`);

const [task, target = '', extra] = process.argv.slice(2);
// Whoever started us is gone when our input ends.
process.stdin.resume().on('end', () => process.exit(0));

async function start(dir: string): Promise<EmbeddedPostgres> {
  const postgres = await startEmbeddedPostgres({ dir, log: (line) => say({ log: line }) });
  say({ ready: postgres.url, postmaster: postgres.pid, uid: process.getuid?.() });
  return postgres;
}

/** Inserts one row after another, and says each id only after its commit was acknowledged. */
async function write(dir: string): Promise<void> {
  const { url } = await start(dir);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('create table if not exists kept (id bigint generated always as identity, filler text)');
  for (;;) {
    const { rows } = await client.query("insert into kept (filler) values (repeat('x', 500)) returning id");
    say({ id: Number(rows[0].id) });
  }
}

/** Takes and gives back the owner lock many times, and says how often it was not alone inside. */
async function contend(dir: string, times: number): Promise<void> {
  let together = 0;
  for (let taken = 0; taken < times; ) {
    let lock: OwnerLock;
    try {
      lock = takeOwnerLock(dir);
    } catch (error) {
      if (error instanceof EmbeddedPostgresInUse) continue;
      throw error;
    }
    taken += 1;
    const room = join(dir, 'room');
    try {
      mkdirSync(room);
      rmdirSync(room);
    } catch {
      // The other one in the room may be at either of the two.
      together += 1;
    }
    lock.release();
    // Lets the others in, and the end of our input be noticed.
    await setImmediate();
  }
  say({ together });
  process.exit(0);
}

async function migrate(url: string, folder?: string): Promise<void> {
  const db = createDatabase(createPool(url, { max: 2, applicationName: 'migrate' }));
  say({ connected: true });
  say(await migrateToLatest(db, folder));
  await db.destroy();
  process.exit(0);
}

try {
  if (task === 'hold') await start(target);
  else if (task === 'write') await write(target);
  else if (task === 'contend') await contend(target, Number(extra));
  else await migrate(target, extra);
} catch (error) {
  if (error instanceof EmbeddedPostgresInUse) say({ refused: error.pid });
  else say({ failed: String(error) });
  process.exit(1);
}
