import { createPrivateKey } from 'node:crypto';
import nock from 'nock';
import { describe, expect, it } from 'vitest';
import { createGitHub } from '../../src/github/app-client.ts';
import { classifyFailure } from '../../src/github/failure.ts';
import { fetchIssue } from '../../src/github/fetch-issue.ts';
import { mintContentsToken } from '../../src/github/mint-contents-token.ts';
import { parsePrivateKey } from '../../src/github/private-key.ts';
import {
  answerToken,
  api,
  at,
  host,
  onRepo,
  openClient,
  openGitHub,
  pkcs1,
  repo,
  token,
  useNock,
} from './github-world.ts';

useNock();

const issue = { number: 1, title: 't', user: null, state: 'open', updated_at: '2026-01-01T00:00:00Z' };
const failureOf = async (call: Promise<unknown>) =>
  classifyFailure(
    await call.then(
      () => null,
      (error: unknown) => error,
    ),
  );
const comment = (client: ReturnType<typeof openClient>) =>
  client.request('POST /repos/{owner}/{repo}/issues/{issue_number}/comments', {
    owner: 'acme',
    repo: 'shop',
    issue_number: 1,
    body: 'x',
  });

describe('private key', () => {
  const pkcs8 = createPrivateKey(pkcs1).export({ type: 'pkcs8', format: 'pem' }).toString();
  it.each([
    ['PKCS#1', pkcs1],
    ['PKCS#8', pkcs8],
    ['literal \\n', pkcs1.replaceAll('\n', '\\n')],
    ['quoted, literal \\n', `"${pkcs1.replaceAll('\n', '\\n')}"`],
    ['CRLF', pkcs1.replaceAll('\n', '\r\n')],
    ['base64', Buffer.from(pkcs1).toString('base64')],
  ])('reads %s', (_, text) => {
    expect(parsePrivateKey(text)).toBe(pkcs8);
  });
  it('does not quote a key that it cannot read', () => {
    const broken = pkcs1.slice(0, 200);
    const open = () =>
      createGitHub({ apiUrl: api, appId: 1, privateKey: broken, log: { debug: () => undefined } });
    expect(open).toThrow(/PEM form/);
    expect(open).not.toThrow(new RegExp(pkcs1.slice(60, 80).replace(/\W/g, '.')));
  });
});

describe('clients', () => {
  it('sends the token, the pinned version and our name, and logs no secrets', async () => {
    answerToken();
    nock(host, {
      reqheaders: {
        authorization: `token ${token}`,
        'x-github-api-version': '2022-11-28',
        'user-agent': 'signalbox',
      },
    })
      .get(`${at}/issues/1`)
      .twice()
      .reply(200, issue, { 'x-github-request-id': 'R1' });
    const { github, logged } = openGitHub();
    const client = github.forInstallation(1);
    expect(github.forInstallation(1)).toBe(client);
    await fetchIssue(client, repo, 1);
    await fetchIssue(client, repo, 1);
    expect(logged).toMatchObject([
      { method: 'POST', path: '/api/v3/app/installations/1/access_tokens', status: 201 },
      { method: 'GET', path: `${at}/issues/1`, status: 200, requestId: 'R1' },
      { method: 'GET', path: `${at}/issues/1`, status: 200 },
    ]);
    expect(JSON.stringify(logged)).not.toContain('ghs_');
  });

  it('asks once who the App is, and again after a failure', async () => {
    const { github } = openGitHub();
    nock(host, { reqheaders: { authorization: /^bearer ey/ } })
      .get('/api/v3/app')
      .reply(401, { message: 'Bad' });
    nock(host).get('/api/v3/app').reply(401, { message: 'Bad' });
    await expect(github.fetchAppIdentity()).rejects.toThrow('Bad');
    nock(host).get('/api/v3/app').reply(200, { id: 7, slug: 'signalbox', name: 'Signalbox' });
    const identity = { appId: 7, slug: 'signalbox', botLogin: 'signalbox[bot]' };
    expect(await github.fetchAppIdentity()).toEqual(identity);
    expect(await github.fetchAppIdentity()).toEqual(identity);
  });

  it('renews the token once after a 401, then stops', async () => {
    const client = openClient();
    onRepo().get('/issues/1').reply(401, { message: 'Bad credentials' });
    answerToken();
    onRepo().get('/issues/1').reply(401, { message: 'Bad credentials' });
    expect(await failureOf(fetchIssue(client, repo, 1))).toMatchObject({ kind: 'refused', status: 401 });
  });

  it('renews a token that is about to expire', async () => {
    let now = new Date();
    answerToken();
    onRepo().get('/issues/1').twice().reply(200, issue);
    const client = openGitHub({ now: () => now }).github.forInstallation(1);
    await fetchIssue(client, repo, 1);
    now = new Date(Date.now() + 52 * 60_000);
    answerToken();
    await fetchIssue(client, repo, 1);
  });

  it('does not take a missing installation for a missing issue', async () => {
    nock(host).post('/api/v3/app/installations/1/access_tokens').reply(404, { message: 'Not Found' });
    const client = openGitHub().github.forInstallation(1);
    expect(await failureOf(fetchIssue(client, repo, 1))).toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('removed, suspended'),
    });
  });

  it('knows that a write was not sent when there was no token', async () => {
    nock(host).post('/api/v3/app/installations/1/access_tokens').twice().reply(502, {});
    const client = openGitHub().github.forInstallation(1);
    expect(await failureOf(comment(client))).toEqual({ kind: 'transient' });
  });

  it.each(['read', 'write'] as const)(
    'mints a token for one repository with contents only: %s',
    async (permission) => {
      nock(host)
        .post('/api/v3/app/installations/1/access_tokens', {
          repository_ids: [42],
          permissions: { contents: permission },
        })
        .reply(201, { token, expires_at: '2026-01-01T01:00:00Z' });
      const minted = await mintContentsToken(openGitHub().github.asApp(), 1, 42, permission);
      expect(minted).toEqual({ token, expiresAt: '2026-01-01T01:00:00Z' });
    },
  );
});

describe('second chances', () => {
  it.each([502, 503, 504])('reads once more after %i', async (status) => {
    const client = openClient();
    onRepo().get('/issues/1').reply(status, {});
    onRepo().get('/issues/1').reply(200, issue);
    expect(await fetchIssue(client, repo, 1)).toMatchObject({ number: 1 });
  });

  it('reads once more after a broken connection or a broken body, then gives up', async () => {
    const client = openClient();
    onRepo().get('/issues/1').replyWithError('socket hang up');
    onRepo().get('/issues/1').reply(200, '{"number": 1, "tit', { 'content-type': 'application/json' });
    expect(await failureOf(fetchIssue(client, repo, 1))).toEqual({ kind: 'transient' });
  });

  it('does not read again after 500', async () => {
    const client = openClient();
    onRepo().get('/issues/1').reply(500, {});
    expect(await failureOf(fetchIssue(client, repo, 1))).toEqual({ kind: 'transient' });
  });

  it.each([500, 502, 503, 504])('sends a write once, even after %i', async (status) => {
    const client = openClient();
    let sent = 0;
    onRepo()
      .post('/issues/1/comments')
      .times(5)
      .reply(() => {
        sent += 1;
        return [status, {}];
      });
    expect(await failureOf(comment(client))).toEqual({ kind: 'unclear' });
    expect(sent).toBe(1);
    nock.cleanAll();
  });

  it('sends a write once after a broken connection or a timeout', async () => {
    for (const error of [new TypeError('fetch failed'), new DOMException('too slow', 'TimeoutError')]) {
      let sent = 0;
      const fetch = async (url: string | URL | Request) => {
        if (String(url).endsWith('/access_tokens')) {
          return Response.json({ token, expires_at: '2999-01-01T00:00:00Z', permissions: {} });
        }
        sent += 1;
        throw error;
      };
      const client = openGitHub({ fetch }).github.forInstallation(1);
      expect(await failureOf(comment(client))).toEqual({ kind: 'unclear' });
      expect(sent).toBe(1);
    }
  });

  it('does not follow a redirected write, which could turn into a read', async () => {
    const client = openClient();
    onRepo()
      .post('/issues/1/comments')
      .reply(301, {}, { location: `${host}/elsewhere` });
    expect(await failureOf(comment(client))).toMatchObject({
      kind: 'refused',
      status: 301,
      message: expect.stringContaining('renamed or moved'),
    });
  });
});

describe('limits', () => {
  it('stops asking until retry-after is over', async () => {
    let now = new Date('2026-01-01T00:00:00Z');
    answerToken();
    onRepo()
      .get('/issues/1')
      .reply(403, { message: 'You have exceeded a secondary rate limit' }, { 'retry-after': '30' });
    const client = openGitHub({ now: () => now }).github.forInstallation(1);
    const first = await fetchIssue(client, repo, 1).catch((error: unknown) => error);
    const retryAt = new Date('2026-01-01T00:00:30Z');
    expect(classifyFailure(first, now)).toEqual({ kind: 'rate-limited', retryAt });
    // No answer is prepared: these are refused here.
    expect(await failureOf(fetchIssue(client, repo, 1))).toEqual({ kind: 'rate-limited', retryAt });
    expect(await failureOf(client.graphql('query { viewer { login } }'))).toEqual({
      kind: 'rate-limited',
      retryAt,
    });
    now = new Date('2026-01-01T00:00:31Z');
    onRepo().get('/issues/1').reply(200, issue);
    expect(await fetchIssue(client, repo, 1)).toMatchObject({ number: 1 });
  });

  it('stops at once when an answer says that none are left, for this kind of request', async () => {
    const now = new Date();
    const reset = Math.ceil(now.getTime() / 1_000) + 600;
    const client = openClient();
    onRepo()
      .get('/issues/1')
      .reply(200, issue, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(reset) });
    await fetchIssue(client, repo, 1);
    const failure = await failureOf(fetchIssue(client, repo, 1));
    expect(failure.kind).toBe('rate-limited');
    expect(
      Math.abs((failure.kind === 'rate-limited' ? failure.retryAt.getTime() : 0) - reset * 1_000),
    ).toBeLessThan(50);
    nock(host)
      .post('/api/graphql')
      .reply(200, { data: { viewer: null } });
    expect(await client.graphql('query { viewer { login } }')).toEqual({ viewer: null });
  });

  it('has at most ten requests under way per installation', async () => {
    let underWay = 0;
    let most = 0;
    const fetch = async (url: string | URL | Request) => {
      if (String(url).endsWith('/access_tokens')) {
        return Response.json({ token, expires_at: '2999-01-01T00:00:00Z', permissions: {} });
      }
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise((resolve) => setImmediate(resolve));
      underWay -= 1;
      return Response.json(issue);
    };
    const client = openGitHub({ fetch }).github.forInstallation(1);
    await Promise.all(Array.from({ length: 35 }, () => fetchIssue(client, repo, 1)));
    expect(most).toBe(10);
  });
});
