import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { createDatabase, createPool } from '../../src/ledger/connect.ts';
import { hasCode } from '../../src/ledger/embedded/errors.ts';
import { takeOwnerLock } from '../../src/ledger/embedded/owner-lock.ts';
import { startEmbeddedPostgres } from '../../src/ledger/embedded/postgres.ts';
import { removeAbandonedSocketDir } from '../../src/ledger/embedded/predecessor.ts';
import { pidExists } from '../../src/ledger/embedded/processes.ts';
import { migrateToLatest } from '../../src/ledger/migrate.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** postgres:// URL of a database on the test server from which databases can be made and dropped. */
    databaseServer: string;
    /** A migrated database that nobody is connected to, to be cloned. */
    databaseTemplate: string;
  }
}

interface TestServer {
  readonly url: string;
  stop(): Promise<void>;
}

const DIRECTORY_PREFIX = 'signalbox-test-server-';

/** Runs once before all test files: one Postgres, one migrated template. Gives back what undoes it. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startServer();
  const template = `signalbox_template_${randomBytes(6).toString('hex')}`;
  const tearDown = async () => {
    try {
      await onServer(server.url, `drop database if exists ${template} with (force)`);
    } finally {
      await server.stop();
    }
  };
  try {
    await onServer(server.url, `create database ${template} template template0`);
    await migrateTemplate(server.url, template);
  } catch (error) {
    await tearDown();
    throw error;
  }
  project.provide('databaseServer', server.url);
  project.provide('databaseTemplate', template);
  return tearDown;
}

async function startServer(): Promise<TestServer> {
  const { DATABASE_URL: url } = process.env;
  if (url) return { url, stop: async () => undefined };
  await removeAbandoned();
  const dir = await mkdtemp(join(tmpdir(), `${DIRECTORY_PREFIX}${process.pid}-`));
  const remove = () => rm(dir, { recursive: true, force: true });
  try {
    // mkdtemp makes it 0700; when we are root, the user that Postgres runs as must get in.
    await chmod(dir, 0o755);
    const postgres = await startEmbeddedPostgres({ dir, durable: false });
    return { url: postgres.url, stop: () => postgres.stop().finally(remove) };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Directories of test runs that were killed; their Postgres has ended by itself. */
async function removeAbandoned(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = new RegExp(`^${DIRECTORY_PREFIX}(\\d+)-`).exec(name)?.[1];
    if (!pid || pidExists(Number(pid))) continue;
    const dir = join(tmpdir(), name);
    try {
      await removeAbandonedSocketDir(takeOwnerLock(dir).abandonedSocketDir);
      await rm(dir, { recursive: true, force: true });
    } catch (error) {
      // Another user's, or another run is removing it at this moment.
      if (!hasCode(error, 'EACCES', 'EPERM', 'ENOENT', 'ENOTEMPTY')) throw error;
    }
  }
}

async function migrateTemplate(server: string, template: string): Promise<void> {
  const url = new URL(server);
  url.pathname = `/${template}`;
  const db = createDatabase(createPool(url.href, { max: 1, applicationName: 'signalbox-test-setup' }));
  try {
    await migrateToLatest(db);
  } finally {
    await db.destroy();
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
