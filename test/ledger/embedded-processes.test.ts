import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startEmbeddedPostgres } from '../../src/ledger/embedded/postgres.ts';
import { pidExists } from '../../src/ledger/embedded/processes.ts';
import { eventually, type LedgerProcess, startLedgerProcess } from '../support/ledger-process.ts';

let dir: string;
let started: LedgerProcess[];

beforeEach(async () => {
  started = [];
  dir = await mkdtemp(join(tmpdir(), 'signalbox-embedded-'));
  await chmod(dir, 0o755);
});

afterEach(async () => {
  await Promise.all(started.map((process) => process.kill()));
  for (const { ready, postmaster } of started.flatMap((process) => process.facts)) {
    if (!ready || !postmaster) continue;
    await eventually(() => !pidExists(postmaster));
    await rm(socketDirectory(ready), { recursive: true, force: true });
  }
  await rm(dir, { recursive: true, force: true });
});

function socketDirectory(url: string): string {
  return new URL(url).searchParams.get('host') ?? '';
}

function launch(task: 'hold' | 'write'): LedgerProcess {
  const process = startLedgerProcess([task, dir]);
  started.push(process);
  return process;
}

async function whenReady(process: LedgerProcess): Promise<{ url: string; postmaster: number }> {
  const { ready = '', postmaster = 0 } = await process.said((fact) => fact.ready !== undefined);
  return { url: ready, postmaster };
}

async function query(url: string, statement: string): Promise<{ id?: number }[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(statement)).rows;
  } finally {
    await client.end();
  }
}

/** Kills what the launcher left to watch over Postgres, so that Postgres outlives its owner. */
function killGuard(postmaster: number): void {
  const list = execFileSync('ps', ['-eo', 'pid=,pgid=,comm='], { encoding: 'utf8' });
  const guards = list
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([pid, group, name]) => group === String(postmaster) && pid !== group && name !== 'postgres');
  expect(guards).toHaveLength(1);
  for (const [pid] of guards) process.kill(Number(pid), 'SIGKILL');
}

describe('the embedded Postgres and the process that started it', () => {
  it('ends together, even when the process is killed', async () => {
    const owner = launch('hold');
    const { postmaster, url } = await whenReady(owner);
    expect(pidExists(postmaster)).toBe(true);
    await owner.kill();
    await eventually(() => !pidExists(postmaster));
    const next = await startEmbeddedPostgres({ dir });
    await next.stop();
    expect(existsSync(socketDirectory(url))).toBe(false);
  });

  it('refuses a second process while the first lives', async () => {
    const first = launch('hold');
    const { url } = await whenReady(first);
    const second = launch('hold');
    expect((await second.said((fact) => fact.refused !== undefined)).refused).toBe(first.pid);
    expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('lets exactly one of four start at the same instant: on nothing, and after a kill', async () => {
    for (let round = 0; round < 2; round += 1) {
      const four = Array.from({ length: 4 }, () => launch('hold'));
      const answers = await Promise.all(
        four.map((process) => process.said((fact) => Boolean(fact.ready ?? fact.refused ?? fact.failed))),
      );
      const winner = four[answers.findIndex((answer) => answer.ready !== undefined)];
      expect(answers.filter((answer) => answer.ready !== undefined)).toHaveLength(1);
      expect(answers.filter((answer) => answer.refused === winner?.pid)).toHaveLength(3);
      await winner?.kill();
    }
  });

  it('never lets two hold the lock, however often four of them take it', async () => {
    const four = Array.from({ length: 4 }, () => startLedgerProcess(['contend', dir, '60']));
    started.push(...four);
    const answers = await Promise.all(four.map((process) => process.said((f) => f.together !== undefined)));
    expect(answers).toEqual([{ together: 0 }, { together: 0 }, { together: 0 }, { together: 0 }]);
  });

  it('takes over from a Postgres whose owner died and that kept running', async () => {
    const owner = launch('write');
    const { postmaster, url } = await whenReady(owner);
    await owner.said((fact) => fact.id === 5);
    killGuard(postmaster);
    await owner.kill();
    // It answers although its owner is gone: an orphan.
    expect(await query(url, 'select count(*) >= 5 as kept from kept')).toEqual([{ kept: true }]);
    const log: string[] = [];
    const next = await startEmbeddedPostgres({ dir, log: (line) => log.push(line) });
    try {
      expect(pidExists(postmaster)).toBe(false);
      expect(log.join()).toContain(String(postmaster));
      expect(await query(next.url, 'select count(*) >= 5 as kept from kept')).toEqual([{ kept: true }]);
    } finally {
      await next.stop();
    }
  });

  it('loses no acknowledged row in eight rounds of killing everything', { timeout: 120_000 }, async () => {
    const acknowledged: number[] = [];
    for (let round = 0; round < 8; round += 1) {
      const writer = launch('write');
      const { postmaster } = await whenReady(writer);
      const enough = 1 + Math.floor(Math.random() * 150);
      await eventually(() => writer.facts.filter((fact) => fact.id !== undefined).length >= enough);
      // The postmaster's group, and the process that reads its acknowledgements, in either order. The backends
      // are in sessions of their own and still dying while the next start begins.
      if (round % 2 === 0) process.kill(-postmaster, 'SIGKILL');
      const dead = writer.kill();
      if (round % 2 === 1) process.kill(-postmaster, 'SIGKILL');
      await dead;
      for (const { id } of writer.facts) if (id !== undefined) acknowledged.push(id);
      const postgres = await startEmbeddedPostgres({ dir });
      const rows = await query(postgres.url, 'select id::int as id from kept');
      await postgres.stop();
      const kept = new Set(rows.map((row) => row.id));
      expect(acknowledged.filter((id) => !kept.has(id))).toEqual([]);
    }
    expect(acknowledged.length).toBeGreaterThan(8);
  });

  it('recovers from being killed in the middle of initdb', async () => {
    for (let round = 0; round < 3; round += 1) {
      const victim = launch('hold');
      const midway = () =>
        readdirSync(dir).some((n) => n.startsWith('data-draft-') && existsSync(join(dir, n, 'PG_VERSION')));
      await eventually(() => midway() || existsSync(join(dir, 'data')));
      expect(existsSync(join(dir, 'data'))).toBe(false);
      await victim.kill();
    }
    const postgres = await startEmbeddedPostgres({ dir, durable: false });
    try {
      expect(await query(postgres.url, 'select 1 as one')).toEqual([{ one: 1 }]);
      expect(readdirSync(dir).filter((name) => name.includes('draft'))).toEqual([]);
    } finally {
      await postgres.stop();
    }
  });
});
