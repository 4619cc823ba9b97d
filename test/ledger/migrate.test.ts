import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { assertPostgresVersion, createPool } from '../../src/ledger/connect.ts';
import { MigrationFailed, migrateToLatest, pendingMigrations } from '../../src/ledger/migrate.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { startLedgerProcess } from '../support/ledger-process.ts';

let folder: string;
let database: TestDatabase;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signalbox-migrations-'));
  database = await testDatabase({ migrated: false });
});

afterEach(async () => {
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

const addTable = (file: string, table: string) =>
  writeFile(
    join(folder, file),
    `export async function up(db: any): Promise<void> { await db.schema.createTable('${table}').addColumn('id', 'integer').execute(); }`,
  );

const tables = async () => {
  const found = await sql<{ name: string }>`
    select tablename as name from pg_tables where schemaname = 'public' and tablename not like 'kysely%' order by 1
  `.execute(database.db);
  return found.rows.map((row) => row.name);
};

describe('migrateToLatest', () => {
  it('applies what is missing, in order, once', async () => {
    await addTable('0001-first.ts', 'one');
    await addTable('0002-second.ts', 'two');
    expect(await pendingMigrations(database.db, folder)).toEqual(['0001-first', '0002-second']);
    expect(await migrateToLatest(database.db, folder)).toEqual({ applied: ['0001-first', '0002-second'] });
    expect(await migrateToLatest(database.db, folder)).toEqual({ applied: [] });
    await addTable('0003-third.ts', 'three');
    expect(await pendingMigrations(database.db, folder)).toEqual(['0003-third']);
    expect(await migrateToLatest(database.db, folder)).toEqual({ applied: ['0003-third'] });
    expect(await tables()).toEqual(['one', 'three', 'two']);
  });

  it('names the migration that failed, and leaves nothing of it or of those before it', async () => {
    await addTable('0001-first.ts', 'one');
    await writeFile(
      join(folder, '0002-broken.ts'),
      "export async function up() { throw new Error('no such luck'); }",
    );
    const failure = await migrateToLatest(database.db, folder).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(MigrationFailed);
    expect(failure).toMatchObject({
      migration: '0002-broken',
      message: expect.stringMatching(/0002-broken.*no such luck/),
    });
    expect(await tables()).toEqual([]);
  });

  it.each([
    ['0001-not-typescript.ts', 'export async function up( {', /0001-not-typescript/],
    ['0001-no-up.ts', 'export const down = () => undefined;', /0001-no-up.*"up"/],
    ['1-misnamed.ts', 'export async function up() {}', /1-misnamed\.ts.*form/],
  ])('names the unusable file %s', async (file, content, message) => {
    await writeFile(join(folder, file), content);
    await expect(migrateToLatest(database.db, folder)).rejects.toThrow(message);
  });

  it('refuses a database that has migrations this program does not know', async () => {
    await addTable('0001-first.ts', 'one');
    await addTable('0002-second.ts', 'two');
    await migrateToLatest(database.db, folder);
    await rm(join(folder, '0002-second.ts'));
    await expect(migrateToLatest(database.db, folder)).rejects.toThrow(/0002-second/);
  });

  it('is not cut short by the statement timeout, and restores it', async () => {
    await writeFile(
      join(folder, '0001-slow.ts'),
      `export async function up(db: any) {
        await db.schema.createTable('slow').addColumn('limit', 'text').execute();
        const query = db.selectNoFrom((e: any) => [e.fn('current_setting', [e.val('statement_timeout')]).as('limit')]);
        await db.insertInto('slow').columns(['limit']).expression(query).execute();
      }`,
    );
    await migrateToLatest(database.db, folder);
    expect((await sql`select "limit" from slow`.execute(database.db)).rows).toEqual([{ limit: '0' }]);
    const after = await sql`select current_setting('statement_timeout') as limit`.execute(database.db);
    expect(after.rows).toEqual([{ limit: '30s' }]);
  });

  it('lets exactly one of four processes that start at once apply everything', async () => {
    await addTable('0001-first.ts', 'one');
    await writeFile(
      join(folder, '0002-slow.ts'),
      'export async function up() { await new Promise((resolve) => setTimeout(resolve, 300)); }',
    );
    const processes = Array.from({ length: 4 }, () => startLedgerProcess(['migrate', database.url, folder]));
    const answers = await Promise.all(processes.map((one) => one.said((f) => f.applied !== undefined)));
    await Promise.all(processes.map((one) => one.ended));
    const applied = answers.map((answer) => answer.applied ?? []).sort((a, b) => a.length - b.length);
    expect(applied).toEqual([[], [], [], ['0001-first', '0002-slow']]);
  });

  it('does the same with the repository’s own migrations, from any working directory', async () => {
    const expected = await pendingMigrations(database.db);
    const processes = Array.from({ length: 4 }, () => startLedgerProcess(['migrate', database.url]));
    const answers = await Promise.all(processes.map((one) => one.said((f) => f.applied !== undefined)));
    const applied = answers.map((answer) => answer.applied ?? []).sort((a, b) => a.length - b.length);
    expect(applied).toEqual([[], [], [], expected]);
    expect(await pendingMigrations(database.db)).toEqual([]);
  });
});

describe('testDatabase', () => {
  it('gives a migrated database of its own', async () => {
    const [one, other] = await Promise.all([testDatabase(), testDatabase()]);
    try {
      expect(await pendingMigrations(one.db)).toEqual([]);
      await sql`create table mine (id int)`.execute(one.db);
      const seen = await sql`select to_regclass('mine') as mine`.execute(other.db);
      expect(seen.rows).toEqual([{ mine: null }]);
    } finally {
      await Promise.all([one.drop(), other.drop()]);
    }
  });
});

describe('createPool', () => {
  it('reads bigints as exact numbers or not at all, and timestamps as dates', async () => {
    const found = await sql`
      select 9007199254740991::int8 as most, array[1, null, 3]::int8[] as many, '2026-01-02T03:04:05Z'::timestamptz as at
    `.execute(database.db);
    expect(found.rows).toEqual([
      { most: Number.MAX_SAFE_INTEGER, many: [1, null, 3], at: new Date('2026-01-02T03:04:05Z') },
    ]);
    await expect(sql`select 9007199254740993::int8`.execute(database.db)).rejects.toThrow(/9007199254740993/);
    expect((await sql`select 1::int8 as one`.execute(database.db)).rows).toEqual([{ one: 1 }]);
  });

  it('survives the death of an idle connection, and says so', async () => {
    const errors: Error[] = [];
    const pool = createPool(database.url, {
      max: 1,
      applicationName: 'idle',
      onIdleError: (error) => errors.push(error),
    });
    try {
      const { rows } = await pool.query('select pg_backend_pid() as pid');
      const died = new Promise((resolve) => pool.once('error', resolve));
      await database.pool.query('select pg_terminate_backend($1)', [rows[0].pid]);
      await died;
      expect(errors).toHaveLength(1);
      expect((await pool.query('select 1 as alive')).rows).toEqual([{ alive: 1 }]);
    } finally {
      await pool.end();
    }
  });

  it('cancels a statement that takes too long', async () => {
    const pool = createPool(database.url, { max: 1, applicationName: 'slow', statementTimeoutMs: 50 });
    try {
      await expect(pool.query('select pg_sleep(20)')).rejects.toMatchObject({ code: '57014' });
    } finally {
      await pool.end();
    }
  });

  it('accepts the server the tests run on as new enough', async () => {
    await expect(assertPostgresVersion(database.db)).resolves.toBeUndefined();
  });
});
