import nock from 'nock';
import { describe, expect, it } from 'vitest';
import { fetchCodeowners } from '../../src/github/fetch-codeowners.ts';
import { fetchOwned } from '../../src/github/fetch-owned.ts';
import { fetchRequiredChecks } from '../../src/github/fetch-required-checks.ts';
import { fetchForcePushes, fetchReviews } from '../../src/github/fetch-reviews.ts';
import { createTextCache } from '../../src/github/text-cache.ts';
import { host, onRepo, openClient, repo, sha, useNock } from './github-world.ts';

useNock();

const rules = (status: number, body: object) =>
  onRepo().get('/rules/branches/main').query(true).reply(status, body);
const branch = (status: number, body: object) => onRepo().get('/branches/main').reply(status, body);

describe('fetchRequiredChecks', () => {
  it('joins rulesets and branch protection, and a pin of either counts', async () => {
    rules(200, [
      {
        type: 'required_status_checks',
        parameters: {
          required_status_checks: [{ context: 'ci', integration_id: 15368 }, { context: 'lint' }],
        },
      },
      { type: 'deletion' },
    ]);
    branch(200, {
      protection: {
        required_status_checks: {
          contexts: ['ci', 'old'],
          checks: [
            { context: 'ci', app_id: null },
            { context: 'lint', app_id: 7 },
            { context: 'any', app_id: -1 },
          ],
        },
      },
    });
    expect(await fetchRequiredChecks(openClient(), repo, 'main')).toEqual([
      { name: 'any', app: null },
      { name: 'ci', app: 15368 },
      { name: 'lint', app: 7 },
      { name: 'old', app: null },
    ]);
  });

  it('one of the two is enough, and neither is no answer', async () => {
    rules(403, { message: 'Upgrade to GitHub Pro' });
    branch(200, { protection: { enabled: false } });
    expect(await fetchRequiredChecks(openClient(), repo, 'main')).toEqual([]);
    rules(404, {});
    branch(404, {});
    expect(await fetchRequiredChecks(openClient(), repo, 'main')).toBeNull();
  });
});

const review = (id: number, login: string, state: string, more: object = {}) => ({
  id,
  user: { login, type: 'User' },
  state,
  commit_id: sha('a'),
  submitted_at: '2026-01-01T00:00:00Z',
  ...more,
});

describe('fetchReviews', () => {
  it('takes the last word of each person; remarks and bots have none', async () => {
    onRepo()
      .get('/pulls/5/reviews')
      .query(true)
      .reply(200, [
        review(1, 'rita', 'CHANGES_REQUESTED'),
        review(2, 'Rita', 'APPROVED'),
        review(3, 'rita', 'COMMENTED'),
        review(4, 'walt', 'DISMISSED'),
        review(5, 'copilot', 'APPROVED', { user: { login: 'copilot', type: 'Bot' } }),
        review(6, 'ghost', 'APPROVED', { user: null }),
        review(7, 'new', 'PENDING'),
      ]);
    const found = await fetchReviews(openClient(), repo, 5);
    expect(found.map(({ id, by, says }) => [id, by, says])).toEqual([
      [2, 'Rita', 'approved'],
      [4, 'walt', 'dismissed'],
    ]);
  });

  it('tells when the branch was force-pushed', async () => {
    onRepo()
      .get('/issues/5/events')
      .query(true)
      .reply(200, [
        { event: 'labeled', created_at: '2026-01-01T00:00:00Z' },
        { event: 'head_ref_force_pushed', created_at: '2026-01-02T00:00:00Z' },
      ]);
    expect(await fetchForcePushes(openClient(), repo, 5)).toEqual(['2026-01-02T00:00:00Z']);
  });
});

describe('fetchOwned', () => {
  it('asks for teams and the public address; what cannot be asked does not count', async () => {
    const api = nock(`${host}/api/v3`);
    api.get('/orgs/acme/teams/leads/memberships/rita').reply(200, { state: 'active' });
    api.get('/orgs/acme/teams/new/memberships/rita').reply(200, { state: 'pending' });
    api.get('/orgs/other/teams/x/memberships/rita').reply(403, { message: 'Resource not accessible' });
    api.get('/users/rita').reply(200, { email: 'Rita@example.org' });
    const owners = ['@rita', '@acme/leads', '@acme/new', '@other/x', 'rita@example.org', 'walt@example.org'];
    expect(await fetchOwned(openClient(), 'rita', owners)).toEqual(['@acme/leads', 'rita@example.org']);
  });
});

describe('fetchCodeowners', () => {
  const place = (path: string, status: number, body: object) =>
    onRepo()
      .get(`/contents/${encodeURIComponent(path)}`)
      .query({ ref: sha('b') })
      .reply(status, body);
  const content = (text: string) => ({
    type: 'file',
    encoding: 'base64',
    size: text.length,
    content: Buffer.from(text).toString('base64'),
  });

  it('takes the first that is there, once for a commit', async () => {
    place('.github/CODEOWNERS', 404, {});
    place('CODEOWNERS', 200, content('* @a'));
    const cache = createTextCache(1_000);
    const client = openClient();
    expect(await fetchCodeowners(client, repo, sha('b'), cache)).toBe('* @a');
    expect(await fetchCodeowners(client, repo, sha('b'), cache)).toBe('* @a');
  });

  it('a repository without one has none', async () => {
    for (const path of ['.github/CODEOWNERS', 'CODEOWNERS', 'docs/CODEOWNERS']) place(path, 404, {});
    expect(await fetchCodeowners(openClient(), repo, sha('b'), createTextCache(1_000))).toBeNull();
  });

  it('one that is too large to be read is no absence', async () => {
    place('.github/CODEOWNERS', 200, { type: 'file', encoding: 'none', size: 2_000_000, content: '' });
    await expect(fetchCodeowners(openClient(), repo, sha('b'), createTextCache(1_000))).rejects.toThrow(
      'too large',
    );
  });
});
