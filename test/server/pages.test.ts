import { afterEach, describe, expect, it } from 'vitest';
import { advance, unticketed } from '../../src/engine/advance.ts';
import { ensureLane } from '../../src/engine/sweep.ts';
import { issue } from '../core/lane-driver.ts';
import { closeAll, type OpenServer, openServer } from './open-server.ts';

const dashboardToken = 'a-token-for-people';
const address = { installationId: 7, repoId: 1, owner: 'acme', repo: 'shop', base: 'main' };

afterEach(closeAll);

async function get(server: OpenServer, path: string, authorization?: string): Promise<Response> {
  return fetch(`${server.url}${path}`, { headers: authorization === undefined ? {} : { authorization } });
}

const basic = (password: string) => `Basic ${Buffer.from(`anybody:${password}`).toString('base64')}`;

/** The events of a stream, one after another. */
async function* eventsOf(response: Response): AsyncGenerator<string> {
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString('utf8');
    const events = text.split('\n\n');
    text = events.pop() ?? '';
    yield* events;
  }
}

describe('the token of the dashboard', () => {
  const paths = ['/', '/lanes/acme/shop/main', '/live/acme/shop/main', '/api/v1/lanes', '/nowhere'];

  it.each([
    ['nothing', undefined],
    ['another token', 'Bearer some-other-token'],
    ['another password', basic('some-other-token')],
    ['a password that only begins so', basic(`${dashboardToken}x`)],
    ['something that is not base64', 'Basic %%%'],
  ])('is asked for with 401 when %s is given', async (_, authorization) => {
    const server = await openServer({ dashboardToken });
    for (const path of paths) {
      const response = await get(server, path, authorization);
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toMatch(/^Basic /);
      expect(await response.text()).not.toContain('acme');
    }
  });

  it.each([
    ['Bearer', `Bearer ${dashboardToken}`],
    ['Basic', basic(dashboardToken)],
  ])('opens every page when it is given as %s', async (_, authorization) => {
    const server = await openServer({ dashboardToken });
    await ensureLane(server.engine, address);
    for (const path of ['/', '/lanes/acme/shop/main', '/api/v1/lanes']) {
      expect((await get(server, path, authorization)).status).toBe(200);
    }
  });

  it('may hold a colon', async () => {
    const server = await openServer({ dashboardToken: 'with:two:colons-in-it' });
    expect((await get(server, '/', basic('with:two:colons-in-it'))).status).toBe(200);
  });

  it('is not asked for where none is configured, nor for health', async () => {
    expect((await get(await openServer(), '/')).status).toBe(200);
    const guarded = await openServer({ dashboardToken });
    expect((await get(guarded, '/healthz')).status).toBe(200);
    expect((await get(guarded, '/readyz')).status).toBe(200);
  });
});

describe('a page', () => {
  it.each(['/', '/lanes/acme/shop/main', '/api/v1/lanes', '/lanes/acme/none/main'])(
    'at %s comes with headers that let nothing foreign in',
    async (path) => {
      const server = await openServer();
      await ensureLane(server.engine, address);
      const { headers } = await get(server, path);
      expect(headers.get('content-security-policy')).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
      expect(headers.get('content-security-policy')).not.toContain('unsafe');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('cache-control')).toBe('no-store');
    },
  );

  it.each([
    ['/assets/style.css', 'text/css'],
    ['/assets/live.js', 'text/javascript'],
    ['/assets/icon.svg', 'image/svg+xml'],
  ])('finds what it needs at %s', async (path, type) => {
    const response = await get(await openServer({ dashboardToken }), path);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain(type);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect((await response.text()).length).toBeGreaterThan(0);
  });

  it('of a lane that does not exist is a 404, for people and for programs', async () => {
    const server = await openServer();
    expect((await get(server, '/lanes/acme/none/main')).status).toBe(404);
    const json = await get(server, '/api/v1/lanes/acme/none/main');
    expect(json.status).toBe(404);
    expect(await json.json()).toEqual({ message: expect.stringContaining('no such lane') });
  });
});

describe('the same data as JSON', () => {
  it('lists every lane, and gives each by its names', async () => {
    const server = await openServer();
    const key = await ensureLane(server.engine, address);
    await advance(server.engine.db, key, [unticketed(issue(4))]);
    const { lanes } = (await (await get(server, '/api/v1/lanes')).json()) as { lanes: unknown[] };
    expect(lanes).toEqual([
      expect.objectContaining({ owner: 'acme', repo: 'shop', base: 'main', queue: [], landings: [] }),
    ]);
    const lane = await get(server, '/api/v1/lanes/acme/shop/main');
    expect(await lane.json()).toMatchObject({ plan: [{ issue: 4, title: 'Count the tasks' }] });
  });

  it('is an empty list before there is a lane', async () => {
    const response = await get(await openServer(), '/api/v1/lanes');
    expect(response.headers.get('content-type')).toContain('application/json');
    expect(await response.json()).toEqual({ lanes: [] });
  });

  it('finds a branch whose name has a slash', async () => {
    const server = await openServer();
    await ensureLane(server.engine, { ...address, base: 'release/2.0' });
    expect((await get(server, '/api/v1/lanes/acme/shop/release%2F2.0')).status).toBe(200);
  });
});

describe('the live stream of a lane', () => {
  it('sends the body of the page at once, and again after a change', async () => {
    const server = await openServer();
    const key = await ensureLane(server.engine, address);
    const response = await get(server, '/live/acme/shop/main');
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const events = eventsOf(response);
    const first = await events.next();
    expect(first.value).toMatch(/^data: /);
    expect(first.value).not.toContain('Count the tasks');
    await advance(server.engine.db, key, [unticketed(issue(4))]);
    const second = await events.next();
    expect(second.value).toContain('Count the tasks');
    await events.return(undefined);
  });

  it('ends when the server stops', async () => {
    const server = await openServer();
    await ensureLane(server.engine, address);
    const events = eventsOf(await get(server, '/live/acme/shop/main'));
    await events.next();
    await closeAll();
    await expect(events.next()).rejects.toThrow();
  });
});

describe('health', () => {
  it('says ready and how many deliveries are open while the database answers', async () => {
    const server = await openServer();
    expect(await (await get(server, '/healthz')).text()).toBe('ok');
    const ready = await get(server, '/readyz');
    expect(ready.status).toBe(200);
    expect(await ready.json()).toEqual({ ready: true, database: 'ok', openDeliveries: 0 });
  });

  it('is alive and not ready with 503 when the database is gone', async () => {
    const server = await openServer();
    await server.engine.jobs.stop();
    await server.database.drop();
    expect((await get(server, '/healthz')).status).toBe(200);
    const ready = await get(server, '/readyz');
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({ ready: false, database: 'unreachable' });
    expect((await get(server, '/api/v1/lanes')).status).toBe(500);
  });
});
