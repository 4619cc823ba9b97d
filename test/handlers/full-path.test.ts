/** A delivery all the way: signed → 202 → job → Probot → look → GitHub is asked. The whole of `serve` is at work. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { type Environment, readServeConfig } from '../../src/config.ts';
import { serve } from '../../src/serve.ts';
import { closeAll, closeLater, deliver, openDatabase, pem, secret } from '../server/open-server.ts';
import type { TestDatabase } from '../support/database.ts';
import { eventually } from '../support/ledger-process.ts';

afterEach(closeAll);

/** A GitHub that gives tokens, knows its repositories' ids and nothing else; remembers what it was asked. */
async function openGitHub(): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0] ?? '';
    asked.push(`${request.method} ${path}`);
    request.resume();
    const answer = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    const expires_at = new Date(Date.now() + 3_600_000).toISOString();
    if (path === '/app/installations') return answer(200, []);
    if (path.endsWith('/access_tokens'))
      return answer(201, { token: 'ghs_test', expires_at, permissions: {} });
    const shop = /^\/repos\/acme\/shop-(\d+)$/u.exec(path)?.[1];
    if (shop !== undefined) return answer(200, { id: Number(shop) });
    return answer(404, { message: 'Not Found' });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closeLater(async () => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

interface House {
  database: TestDatabase;
  asked: string[];
  start(): Promise<number>;
}

async function openHouse(): Promise<House> {
  const database = await openDatabase();
  const { url, asked } = await openGitHub();
  const env: Environment = {
    APP_ID: '1',
    PRIVATE_KEY: pem,
    WEBHOOK_SECRET: secret,
    GITHUB_API_URL: url,
    DATABASE_URL: database.url,
    PORT: '0',
    SIGNALBOX_SWEEP_SECONDS: '3600',
  };
  const start = async () => {
    const running = await serve(readServeConfig(env), pino({ level: 'silent' }));
    closeLater(() => running.stop());
    return Number(new URL(running.url).port);
  };
  return { database, asked, start };
}

const payloadOf = (repo: number, fields: object) =>
  JSON.stringify({
    ...fields,
    repository: { id: repo, name: `shop-${repo}`, owner: { login: 'acme' }, default_branch: 'main' },
    installation: { id: 3 },
  });

const issueOf = (repo: number, number: number) => payloadOf(repo, { action: 'labeled', issue: { number } });

async function isProcessed({ db }: TestDatabase, guid: string): Promise<boolean> {
  const row = await db
    .selectFrom('delivery')
    .select('processed_at')
    .where('guid', '=', guid)
    .executeTakeFirst();
  return row !== undefined && row.processed_at !== null;
}

async function repositories({ db }: TestDatabase): Promise<number[]> {
  const rows = await db.selectFrom('lane').select('repo_id').orderBy('repo_id').execute();
  return rows.map((row) => row.repo_id);
}

/** Sends a delivery and waits until it has been worked through. */
async function deliverAndWait(house: House, port: number, body: string, event = 'issues'): Promise<string> {
  const guid = randomUUID();
  expect(await deliver(port, body, { 'x-github-delivery': guid, 'x-github-event': event })).toBe(202);
  await eventually(() => isProcessed(house.database, guid));
  return guid;
}

async function store(
  { db }: TestDatabase,
  guid: string,
  payload: string,
  leaseUntil: Date | null,
): Promise<void> {
  await db
    .insertInto('delivery')
    .values({ guid, event: 'issues', payload, tries: leaseUntil ? 1 : 0, lease_until: leaseUntil })
    .execute();
}

describe('a delivery', () => {
  it('opens the lane of its repository, and GitHub is asked for what it spoke of', async () => {
    const house = await openHouse();
    const port = await house.start();
    await deliverAndWait(house, port, issueOf(5, 42));
    expect(await repositories(house.database)).toEqual([5]);
    await eventually(() => house.asked.includes('GET /repos/acme/shop-5/issues/42'));
    expect(house.asked).toContain('POST /app/installations/3/access_tokens');
  });

  it('asks for one look however many say the same', async () => {
    const house = await openHouse();
    for (let count = 0; count < 60; count++) {
      await store(house.database, randomUUID(), issueOf(5 + (count % 2), 42), null);
    }
    const port = await house.start();
    await deliverAndWait(house, port, issueOf(5, 42));
    await eventually(async () => {
      const open = await house.database.db.selectFrom('look').select('ticket').execute();
      return open.length === 0;
    });
    expect(await repositories(house.database)).toEqual([5, 6]);
    const reads = house.asked.filter((each) => each === 'GET /repos/acme/shop-6/issues/42');
    expect(reads.length).toBeGreaterThan(0);
    expect(reads.length).toBeLessThan(30);
  });

  it('of a kind that says nothing to us is finished without a trace', async () => {
    const house = await openHouse();
    const port = await house.start();
    await deliverAndWait(house, port, payloadOf(5, { action: 'created' }), 'star');
    await deliverAndWait(house, port, payloadOf(5, { action: 'invented' }), 'event_of_tomorrow');
    const edited = payloadOf(5, { action: 'edited', comment: { id: 1, body: '/approve' } });
    await deliverAndWait(house, port, edited, 'issue_comment');
    expect(await repositories(house.database)).toEqual([]);
  });

  it('that is finished has no effect when its GUID comes again, whatever it says then', async () => {
    const house = await openHouse();
    const port = await house.start();
    const guid = await deliverAndWait(house, port, issueOf(5, 42));
    const again = { 'x-github-delivery': guid, 'x-github-event': 'issues' };
    expect(await deliver(port, issueOf(6, 43), again)).toBe(202);
    await deliverAndWait(house, port, issueOf(7, 44));
    expect(await repositories(house.database)).toEqual([5, 7]);
    const { db } = house.database;
    expect(await db.selectFrom('delivery').select('tries').where('guid', '=', guid).execute()).toEqual([
      { tries: 1 },
    ]);
  });

  it('that somebody holds is left to them, and taken up without another webhook when the lease ends', async () => {
    const house = await openHouse();
    const held = randomUUID();
    await store(house.database, held, issueOf(5, 42), new Date(Date.now() + 3_600_000));
    const port = await house.start();
    await deliverAndWait(house, port, issueOf(6, 43));
    expect(await isProcessed(house.database, held)).toBe(false);
    const ended = { lease_until: new Date(Date.now() - 1_000) };
    await house.database.db.updateTable('delivery').set(ended).where('guid', '=', held).execute();
    await eventually(() => isProcessed(house.database, held));
    expect(await repositories(house.database)).toEqual([5, 6]);
  });

  it('that was recorded and not worked through before the end is worked through after the start', async () => {
    const house = await openHouse();
    const left = randomUUID();
    await store(house.database, left, issueOf(5, 42), null);
    await house.start();
    await eventually(() => isProcessed(house.database, left));
    expect(await repositories(house.database)).toEqual([5]);
  });

  it('that cannot be worked through keeps its problem, and the others go on', async () => {
    const house = await openHouse();
    const port = await house.start();
    const broken = randomUUID();
    const nonsense = payloadOf(5, { action: 'labeled' });
    expect(await deliver(port, nonsense, { 'x-github-delivery': broken, 'x-github-event': 'issues' })).toBe(
      202,
    );
    await deliverAndWait(house, port, issueOf(6, 43));
    const { db } = house.database;
    await eventually(async () => {
      const row = await db
        .selectFrom('delivery')
        .select('problem')
        .where('guid', '=', broken)
        .executeTakeFirst();
      return row?.problem != null;
    });
    expect(await isProcessed(house.database, broken)).toBe(false);
    expect(await repositories(house.database)).toEqual([6]);
  });
});
