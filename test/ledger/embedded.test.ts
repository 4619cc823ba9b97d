import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { canEnter, isRoot } from '../../src/ledger/embedded/account.ts';
import { EmbeddedPostgresFailed, EmbeddedPostgresInUse } from '../../src/ledger/embedded/errors.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/ledger/embedded/postgres.ts';
import { startLedgerProcess } from '../support/ledger-process.ts';

const NOBODY = 65534;

let dir: string;
let undo: (() => Promise<void>)[];

beforeEach(async () => {
  undo = [];
  dir = await mkdtemp(join(tmpdir(), 'signalbox-embedded-'));
  await chmod(dir, 0o755);
});

afterEach(async () => {
  for (const step of undo.reverse()) await step();
  await rm(dir, { recursive: true, force: true });
});

async function start(where = dir, log: string[] = []): Promise<EmbeddedPostgres> {
  const postgres = await startEmbeddedPostgres({ dir: where, durable: false, log: (line) => log.push(line) });
  undo.push(() => postgres.stop());
  return postgres;
}

async function ask(postgres: EmbeddedPostgres, statement: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  try {
    return (await client.query(statement)).rows;
  } finally {
    await client.end();
  }
}

describe('startEmbeddedPostgres', () => {
  it('keeps rows over stop and start', async () => {
    const first = await start();
    await ask(first, 'create table kept (id int)');
    await ask(first, 'insert into kept values (1), (2)');
    await first.stop();
    await first.stop();
    const second = await start();
    expect(await ask(second, 'select id from kept order by id')).toEqual([{ id: 1 }, { id: 2 }]);
    expect(second.pid).not.toBe(first.pid);
  });

  it('gives a URL and a connection for database "signalbox", UTF-8, C order, over a private socket only', async () => {
    const postgres = await start();
    const client = new pg.Client(postgres.connection);
    await client.connect();
    const { rows } = await client.query(`
      select current_database() as name, current_setting('server_encoding') as encoding,
        (select datcollate from pg_database where datname = current_database()) as collate,
        current_setting('listen_addresses') as addresses, current_setting('server_version') as version`);
    await client.end();
    expect(rows).toEqual([
      { name: 'signalbox', encoding: 'UTF8', collate: 'C', addresses: '', version: postgres.version },
    ]);
    expect(Number.parseInt(postgres.version, 10)).toBeGreaterThanOrEqual(17);
    expect((await stat(postgres.connection.host)).mode & 0o777).toBe(0o700);
    await postgres.stop();
    expect(existsSync(postgres.connection.host)).toBe(false);
  });

  it('is durable unless told otherwise', async () => {
    const settings = `select current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit,
      current_setting('full_page_writes') as pages`;
    const durable = await startEmbeddedPostgres({ dir });
    undo.push(() => durable.stop());
    expect(await ask(durable, settings)).toEqual([{ fsync: 'on', commit: 'on', pages: 'on' }]);
    await durable.stop();
    expect(await ask(await start(), settings)).toEqual([{ fsync: 'off', commit: 'off', pages: 'off' }]);
  });

  it('works in a directory whose path is far too long for a socket', async () => {
    const deep = join(dir, 'long'.repeat(20), 'long'.repeat(20));
    await mkdir(deep, { recursive: true });
    expect(await ask(await start(deep), 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('refuses a second start in the same process, naming the holder and the ways out', async () => {
    const first = await start();
    const refusal = await startEmbeddedPostgres({ dir }).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(EmbeddedPostgresInUse);
    // A short command joins the one that is running.
    expect(refusal).toMatchObject({ pid: process.pid, url: first.url });
    expect(String(refusal)).toMatch(/Stop that process.*SIGNALBOX_DATA.*DATABASE_URL/s);
  });

  it('refuses data of another major version, and leaves it alone', async () => {
    await (await start()).stop();
    const versionFile = join(dir, 'data', 'PG_VERSION');
    const version = await readFile(versionFile, 'utf8');
    await writeFile(versionFile, '16\n');
    await expect(start()).rejects.toThrow(/made by Postgres 16.*DATABASE_URL/s);
    await writeFile(versionFile, version);
    expect(await ask(await start(), 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('moves an incomplete data directory aside, says so, and starts afresh', async () => {
    await mkdir(join(dir, 'data', 'base'), { recursive: true });
    await writeFile(join(dir, 'data', 'base', 'something'), 'of value?');
    const log: string[] = [];
    expect(await ask(await start(dir, log), 'select 1 as one')).toEqual([{ one: 1 }]);
    const aside = (await readdir(dir)).find((name) => name.startsWith('data-incomplete-'));
    expect(await readFile(join(dir, aside ?? '', 'base', 'something'), 'utf8')).toBe('of value?');
    expect(log.join()).toContain(aside);
  });

  it('says what Postgres said when it does not start, and leaves the directory free', async () => {
    await (await start()).stop();
    const settings = join(dir, 'data', 'postgresql.conf');
    const good = await readFile(settings, 'utf8');
    await writeFile(settings, 'no_such_setting = 1\n');
    const failure = await startEmbeddedPostgres({ dir }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(EmbeddedPostgresFailed);
    expect(String(failure)).toContain('no_such_setting');
    await writeFile(settings, good);
    expect(await ask(await start(), 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('removes a stale postmaster.pid whose number now belongs to another program', async () => {
    await (await start()).stop();
    const pidFile = join(dir, 'data', 'postmaster.pid');
    // Of the same user: a process it may not signal would not worry Postgres.
    const { uid, gid } = await stat(join(dir, 'data'));
    const other = spawn('sleep', ['600'], isRoot() ? { uid, gid } : {});
    undo.push(async () => void other.kill());
    await writeFile(pidFile, `${other.pid}\n${join(dir, 'data')}\n1\n5432\n/tmp\n\n`, { mode: 0o600 });
    await chown(pidFile, uid, gid);
    expect(await ask(await start(), 'select 1 as one')).toEqual([{ one: 1 }]);
  });
});

describe.runIf(isRoot())('as root', () => {
  it('runs Postgres as an unprivileged user that owns the data', async () => {
    const postgres = await start();
    const owner = (await stat(join(dir, 'data'))).uid;
    expect(owner).not.toBe(0);
    expect((await stat(`/proc/${postgres.pid}`)).uid).toBe(owner);
  });

  it('keeps the data elsewhere when the directory is under a 0700 tree, says where, and finds it again', async () => {
    await chmod(dir, 0o700);
    const hidden = join(dir, 'checkout', '.signalbox');
    const log: string[] = [];
    const first = await start(hidden, log);
    const location = (await readFile(join(hidden, 'LOCATION'), 'utf8')).split('\n')[0] ?? '';
    undo.push(() => rm(location, { recursive: true, force: true }));
    expect(location).toMatch(/^\/var\/lib\/signalbox\/[0-9a-f]{16}$/);
    expect(log.join()).toContain(location);
    await ask(first, 'create table kept as select 7 as id');
    await expect(startEmbeddedPostgres({ dir: hidden })).rejects.toBeInstanceOf(EmbeddedPostgresInUse);
    await first.stop();
    // Without the note it is found by its computed place; and the place is kept once the tree opens up.
    await rm(join(hidden, 'LOCATION'));
    await (await start(hidden)).stop();
    await chmod(dir, 0o755);
    expect(await ask(await start(hidden), 'select id from kept')).toEqual([{ id: 7 }]);
  });

  it('does not start with an empty database when the one it was told of is gone', async () => {
    await writeFile(join(dir, 'LOCATION'), '/var/lib/signalbox/no-such-place\n');
    await expect(start()).rejects.toThrow(/no-such-place.*there is none.*delete/s);
    expect(existsSync(join(dir, 'data'))).toBe(false);
  });

  it('works as another, ordinary user, whose database root may use afterwards', async (context) => {
    if (!(await canEnter({ uid: NOBODY, gid: NOBODY }, import.meta.dirname))) {
      context.skip(`user ${NOBODY} cannot read this checkout, so it cannot run the program from it`);
    }
    const own = join(dir, 'own');
    await mkdir(own);
    await chown(own, NOBODY, NOBODY);
    const process = startLedgerProcess(['write', own], NOBODY);
    const ready = await process.said((fact) => fact.ready !== undefined);
    expect(ready.uid).toBe(NOBODY);
    expect((await stat(`/proc/${ready.postmaster}`)).uid).toBe(NOBODY);
    await process.said((fact) => fact.id === 3);
    await process.kill();
    const postgres = await start(own);
    expect(existsSync(new URL(ready.ready ?? '').searchParams.get('host') ?? '')).toBe(false);
    expect((await stat(`/proc/${postgres.pid}`)).uid).toBe(NOBODY);
    expect(await ask(postgres, 'select count(*) >= 3 as kept from kept')).toEqual([{ kept: true }]);
  });

  it('tells an ordinary user whose database it is', async (context) => {
    if (!(await canEnter({ uid: NOBODY, gid: NOBODY }, import.meta.dirname))) {
      context.skip(`user ${NOBODY} cannot read this checkout, so it cannot run the program from it`);
    }
    await (await start()).stop();
    const process = startLedgerProcess(['hold', dir], NOBODY);
    const { failed } = await process.said((fact) => fact.failed !== undefined);
    expect(failed).toMatch(/belongs to user \d+, and this process is user 65534/);
  });
});
