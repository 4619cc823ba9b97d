import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import pg from 'pg';
import { inject } from 'vitest';
import { createDatabase, createPool } from '../../src/ledger/connect.ts';
import type { DB as Database } from '../../src/ledger/schema.ts';

/** A database of a test's own. */
export interface TestDatabase {
  readonly url: string;
  readonly db: Kysely<Database>;
  readonly pool: pg.Pool;
  /** Closes the connections and removes the database, whoever else is connected. */
  drop(): Promise<void>;
}

/** SQLSTATE object_in_use: someone is connected to the template, for instance another clone being made. */
const IN_USE = '55006';
const RETRY_FOR_MS = 15_000;

/**
 * Makes a database: a clone of the migrated template, or with `migrated: false` an empty one. Names are random, so
 * test files may run side by side.
 */
export async function testDatabase(options: { migrated?: boolean } = {}): Promise<TestDatabase> {
  const server = inject('databaseServer');
  const template = (options.migrated ?? true) ? inject('databaseTemplate') : 'template0';
  const name = `signalbox_test_${randomBytes(8).toString('hex')}`;
  await clone(server, name, template);
  const url = new URL(server);
  url.pathname = `/${name}`;
  let dropping = false;
  const pool = createPool(url.href, {
    max: 10,
    applicationName: 'signalbox-test',
    // Dropping cuts off connections that are still saying goodbye.
    onIdleError: (error) => dropping || process.emitWarning(error),
  });
  const db = createDatabase<Database>(pool);
  const drop = async () => {
    dropping = true;
    await db.destroy();
    await onServer(server, `drop database if exists ${name} with (force)`);
  };
  return { url: url.href, db, pool, drop };
}

async function clone(server: string, name: string, template: string): Promise<void> {
  const deadline = Date.now() + RETRY_FOR_MS;
  for (;;) {
    try {
      await onServer(server, `create database ${name} template ${template}`);
      return;
    } catch (error) {
      const inUse = error instanceof pg.DatabaseError && error.code === IN_USE;
      if (!inUse || Date.now() > deadline) throw error;
      await sleep(50);
    }
  }
}

async function onServer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
