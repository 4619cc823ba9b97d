import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openRegistries, type RegistryUrls } from '../../src/inspect/registries.ts';
import { type LocalServer, startLocalServer } from './local-server.ts';

const answers: Record<string, [number, unknown?] | null> = {
  '/left-pad': [200, { time: { created: '2014-03-14T00:00:00.000Z', modified: '2026-01-01T00:00:00.000Z' } }],
  '/@scope%2Fname': [200, { time: { created: '2020-01-01T00:00:00.000Z' } }],
  '/without-times': [200, {}],
  '/broken': [200, 'not json'],
  '/busy': [503],
  '/cut': null,
  '/pypi/my-lib/json': [
    200,
    {
      releases: {
        '2.0': [{ upload_time_iso_8601: '2022-01-01T00:00:00Z' }],
        '1.0': [{ upload_time_iso_8601: '2021-01-01T00:00:00Z' }],
        '0.1': [],
      },
    },
  ],
  '/api/v1/crates/my-crate': [200, { crate: { created_at: '2019-05-01T00:00:00+00:00' } }],
  '/github.com/!me/mod/@v/list': [200, 'v1.10.0\nv1.2.0\n'],
  '/github.com/!me/mod/@v/v1.2.0.info': [200, { Version: 'v1.2.0', Time: '2018-01-01T00:00:00Z' }],
  '/example.com/untagged/@v/list': [200, ''],
  '/example.com/untagged/@latest': [200, { Time: '2024-01-01T00:00:00Z' }],
  '/example.com/gone/@v/list': [410],
};

let server: LocalServer;
let urls: RegistryUrls;

beforeAll(async () => {
  server = await startLocalServer((path) => (path in answers ? (answers[path] ?? null) : [404]));
  urls = { npm: server.url, pypi: server.url, crates: server.url, go: server.url };
});
afterAll(() => server.close());

const known = (firstPublishedAt: string | null) => ({ kind: 'known', firstPublishedAt });

describe('a registry', () => {
  test.each([
    ['npm', 'left-pad', known('2014-03-14T00:00:00.000Z')],
    ['npm', '@scope/name', known('2020-01-01T00:00:00.000Z')],
    ['npm', 'without-times', known(null)],
    ['npm', 'nobody-has-this', { kind: 'missing' }],
    ['npm', '../../etc/passwd', { kind: 'missing' }],
    ['npm', 'broken', { kind: 'unknown', why: 'its answer could not be understood' }],
    ['npm', 'busy', { kind: 'unknown', why: 'it answered 503' }],
    ['npm', 'cut', { kind: 'unknown', why: 'it could not be reached' }],
    ['pypi', 'My_Lib', known('2021-01-01T00:00:00.000Z')],
    ['crates', 'my-crate', known('2019-05-01T00:00:00.000Z')],
    ['go', 'github.com/Me/mod', known('2018-01-01T00:00:00.000Z')],
    ['go', 'example.com/untagged', known('2024-01-01T00:00:00.000Z')],
    ['go', 'example.com/gone', { kind: 'missing' }],
    ['go', 'no-dot/x', { kind: 'missing' }],
  ] as const)('%s %s', async (ecosystem, name, is) => {
    expect(await openRegistries(urls).lookUp(ecosystem, name)).toEqual(is);
  });

  test('is asked once for each name, and not for names that everybody knows', async () => {
    const registries = openRegistries(urls);
    const before = server.asked.length;
    await Promise.all([registries.lookUp('npm', 'left-pad'), registries.lookUp('npm', 'left-pad')]);
    await registries.lookUp('npm', 'left-pad');
    expect(await registries.lookUp('npm', 'react')).toEqual(known(null));
    expect(server.asked.slice(before)).toEqual(['GET /left-pad']);
  });

  test('that is switched off, or not there, is unknown', async () => {
    const registries = openRegistries({ ...urls, npm: null, pypi: 'http://127.0.0.1:9' });
    expect(await registries.lookUp('npm', 'left-pad')).toEqual({
      kind: 'unknown',
      why: 'this Signalbox does not ask it',
    });
    expect(await registries.lookUp('pypi', 'my-lib')).toEqual({
      kind: 'unknown',
      why: 'it could not be reached',
    });
  });
});
