import nock from 'nock';
import { describe, expect, it } from 'vitest';
import { fetchBlockedBy } from '../../src/github/fetch-blocked-by.ts';
import { fetchInstallationRepositories, fetchInstallations } from '../../src/github/fetch-installations.ts';
import { fetchIssue, fetchIssues, fetchIssuesWithLabel } from '../../src/github/fetch-issue.ts';
import { fetchLabeller } from '../../src/github/fetch-labeller.ts';
import { fetchPermission } from '../../src/github/fetch-permission.ts';
import { fetchTextEdits } from '../../src/github/fetch-text-edits.ts';
import type { IssueSeen } from '../../src/github/observed.ts';
import { api, host, onRepo, openClient, openGitHub, repo, useNock } from './github-world.ts';

useNock();

const missing = [404, 410, 405, 501];
const time = '2026-01-01T00:00:00Z';
const issue = (number: number, more: object = {}) => ({
  number,
  title: `issue ${number}`,
  body: null,
  user: { login: 'ann' },
  state: 'open',
  labels: ['plain', { name: 'Agent-Ready' }],
  updated_at: time,
  ...more,
});

describe('installations', () => {
  it('lists them as the App', async () => {
    nock(host)
      .get('/api/v3/app/installations')
      .query({ per_page: 100, page: 1 })
      .reply(200, [
        { id: 1, account: { login: 'acme' }, suspended_at: null },
        { id: 2, account: { slug: 'big' }, suspended_at: time },
      ]);
    expect(await fetchInstallations(openGitHub().github.asApp())).toEqual([
      { installationId: 1, account: 'acme', suspended: false },
      { installationId: 2, account: 'big', suspended: true },
    ]);
  });

  it('lists repositories by their count when there are no links', async () => {
    const one = (id: number) => ({
      id,
      owner: { login: 'acme' },
      name: `r${id}`,
      default_branch: 'main',
      archived: false,
    });
    const client = openClient();
    for (const page of [1, 2]) {
      nock(host)
        .get('/api/v3/installation/repositories')
        .query({ per_page: 100, page })
        .reply(200, { total_count: 2, repositories: [one(page)] });
    }
    expect(await fetchInstallationRepositories(client)).toEqual([
      { repoId: 1, owner: 'acme', name: 'r1', defaultBranch: 'main', archived: false },
      { repoId: 2, owner: 'acme', name: 'r2', defaultBranch: 'main', archived: false },
    ]);
  });
});

describe('issues', () => {
  it('reads one', async () => {
    const client = openClient();
    onRepo()
      .get('/issues/3')
      .reply(200, issue(3, { state: 'closed', state_reason: 'not_planned' }));
    expect(await fetchIssue(client, repo, 3)).toEqual({
      number: 3,
      title: 'issue 3',
      body: '',
      author: 'ann',
      open: false,
      stateReason: 'not_planned',
      labels: ['plain', 'Agent-Ready'],
      subIssues: null,
      isPullRequest: false,
      updatedAt: time,
    });
  });

  it.each([404, 410])('knows none after %i, nor one that was transferred', async (status) => {
    const client = openClient();
    onRepo().get('/issues/3').reply(status, {});
    expect(await fetchIssue(client, repo, 3)).toBeNull();
    onRepo()
      .get('/issues/3')
      .reply(301, {}, { location: `${api}/repositories/9/issues/77` });
    nock(host).get('/api/v3/repositories/9/issues/77').reply(200, issue(77));
    expect(await fetchIssue(client, repo, 3)).toBeNull();
  });

  it('does not take a refusal for a deleted issue', async () => {
    const client = openClient();
    onRepo().get('/issues/3').reply(403, { message: 'no' });
    await expect(fetchIssue(client, repo, 3)).rejects.toThrow('no');
  });

  it('follows the cursor of a link, without going to its address', async () => {
    const client = openClient();
    const link =
      '<https://evil.test/issues?after=CURSOR&page=2>; rel="next", <https://evil.test/x>; rel="last"';
    onRepo()
      .get('/issues')
      .query({ state: 'all', sort: 'created', direction: 'asc', since: time, per_page: 100, page: 1 })
      .reply(200, [issue(1)], { link });
    onRepo()
      .get('/issues')
      .query((query) => query.after === 'CURSOR')
      .reply(200, [issue(2, { pull_request: {} })], {
        link: '<https://evil.test/issues?page=1>; rel="prev"',
      });
    const found = await fetchIssues(client, repo, { state: 'all', since: time });
    expect(found.map((each) => [each.number, each.isPullRequest])).toEqual([
      [1, false],
      [2, true],
    ]);
  });

  it('goes on after a full page without links, and stops when the server ignores pages', async () => {
    const client = openClient();
    const page = Array.from({ length: 100 }, (_, index) => issue(index + 1));
    onRepo()
      .get('/issues')
      .query((query) => query.page === '1')
      .reply(200, page);
    onRepo()
      .get('/issues')
      .query((query) => query.page === '2')
      .reply(200, page);
    expect(await fetchIssues(client, repo, { state: 'open' })).toHaveLength(100);
  });

  it('filters by label itself too, and leaves out pull requests', async () => {
    const client = openClient();
    const others = [issue(2, { labels: [] }), issue(3, { pull_request: {} }), issue(4, { state: 'closed' })];
    onRepo()
      .get('/issues')
      .query((query) => query.labels === 'agent-ready')
      .reply(200, [issue(1), ...others]);
    expect((await fetchIssuesWithLabel(client, repo, 'agent-ready')).map((each) => each.number)).toEqual([1]);
  });

  it('refuses what is not a list', async () => {
    const client = openClient();
    onRepo().get('/issues').query(true).reply(200, { message: 'hello' });
    await expect(fetchIssues(client, repo, { state: 'open' })).rejects.toThrow('something else than a list');
  });
});

describe('labeller', () => {
  const event = (name: string, label: string, login: string, at: string) => ({
    event: name,
    label: { name: label },
    actor: { login },
    created_at: `2026-01-01T00:00:${at}Z`,
  });

  it('is who set the label last, over all pages', async () => {
    const client = openClient();
    const first = Array.from({ length: 100 }, () => event('labeled', 'agent-ready', 'ann', '01'));
    onRepo().get('/issues/3/events').query({ per_page: 100, page: 1 }).reply(200, first);
    onRepo()
      .get('/issues/3/events')
      .query({ per_page: 100, page: 2 })
      .reply(200, [
        event('unlabeled', 'agent-ready', 'ann', '02'),
        event('labeled', 'Agent-Ready', 'bob', '03'),
        event('labeled', 'other', 'eve', '04'),
        { event: 'closed', actor: { login: 'eve' }, created_at: time },
      ]);
    expect(await fetchLabeller(client, repo, 3, 'agent-ready')).toEqual({
      kind: 'known',
      at: expect.anything(),
      renames: [],
      login: 'bob',
    });
  });

  it('is not seen yet without an event of this label, and not to be had where the server keeps none', async () => {
    const client = openClient();
    const events = [
      event('labeled', 'agent-ready', 'ann', '01'),
      event('unlabeled', 'agent-ready', 'ann', '02'),
    ];
    onRepo().get('/issues/3/events').query(true).reply(200, events);
    expect(await fetchLabeller(client, repo, 3, 'agent-ready')).toEqual({ kind: 'not-seen-yet' });
    for (const status of missing) {
      onRepo().get('/issues/3/events').query(true).reply(status, {});
      expect(await fetchLabeller(client, repo, 3, 'agent-ready')).toEqual({ kind: 'no-events' });
    }
  });
});

describe('blocked by', () => {
  const issue: IssueSeen = {
    number: 3,
    title: 'Count',
    body: '',
    author: 'maria',
    open: true,
    stateReason: null,
    labels: [],
    isPullRequest: false,
    subIssues: 0,
    updatedAt: '2026-01-01T00:00:00Z',
  };

  it('names number and repository', async () => {
    const client = openClient();
    onRepo()
      .get('/issues/3/dependencies/blocked_by')
      .query(true)
      .reply(200, [{ number: 1, repository_url: `${api}/repos/acme/other` }, { number: 2 }]);
    expect(await fetchBlockedBy(client, repo, issue)).toEqual([
      { number: 1, repo: 'acme/other' },
      { number: 2, repo: 'acme/shop' },
    ]);
  });
  it.each([1, null])('counts its sub-issues where it may have any (%s)', async (subIssues) => {
    const client = openClient();
    onRepo().get('/issues/3/dependencies/blocked_by').query(true).reply(200, []);
    onRepo()
      .get('/issues/3/sub_issues')
      .query(true)
      .reply(200, [{ number: 4 }]);
    expect(await fetchBlockedBy(client, repo, { ...issue, subIssues })).toEqual([
      { number: 4, repo: 'acme/shop' },
    ]);
  });
  it.each(missing)('is empty on servers without it (%i)', async (status) => {
    const client = openClient();
    onRepo().get('/issues/3/dependencies/blocked_by').query(true).reply(status, {});
    onRepo().get('/issues/3/sub_issues').query(true).reply(status, {});
    expect(await fetchBlockedBy(client, repo, { ...issue, subIssues: null })).toEqual([]);
  });
});

describe('edits of the text', () => {
  const answer = (nodes: unknown) => ({
    data: { repository: { issue: { createdAt: '2026-01-01T09:00:00Z', userContentEdits: { nodes } } } },
  });

  it('come oldest first; a deleted account is ghost', async () => {
    const client = openClient();
    nock(host)
      .post('/api/graphql')
      .reply(
        200,
        answer([
          { editedAt: '2026-01-01T11:00:00Z', editor: { login: 'eve' } },
          { editedAt: '2026-01-01T10:00:00Z', editor: null },
          { editedAt: '2026-01-01T09:00:00Z', editor: { login: 'author' } },
        ]),
      );
    expect(await fetchTextEdits(client, repo, 3)).toEqual([
      { login: 'ghost', at: '2026-01-01T10:00:00Z' },
      { login: 'eve', at: '2026-01-01T11:00:00Z' },
    ]);
  });
  it.each(missing)('are not known on servers without GraphQL (%i)', async (status) => {
    const client = openClient();
    nock(host).post('/api/graphql').reply(status, {});
    expect(await fetchTextEdits(client, repo, 3)).toBeNull();
  });
});

describe('permission', () => {
  it.each([
    [{ permission: 'write', role_name: 'maintain' }, 'maintain'],
    [{ permission: 'read', role_name: 'triage' }, 'triage'],
    [{ permission: 'write', role_name: 'Security Champion' }, 'write'],
    [{ permission: 'admin' }, 'admin'],
    [{}, 'none'],
  ])('%j is %s', async (body, expected) => {
    const client = openClient();
    onRepo().get('/collaborators/ann/permission').reply(200, body);
    expect(await fetchPermission(client, repo, 'ann')).toBe(expected);
  });
  it('is none after 404, and unknown after any other error', async () => {
    const client = openClient();
    onRepo().get('/collaborators/ann/permission').reply(404, {});
    expect(await fetchPermission(client, repo, 'ann')).toBe('none');
    for (const status of [403, 500, 501]) {
      onRepo().get('/collaborators/ann/permission').reply(status, { message: 'no' });
      await expect(fetchPermission(client, repo, 'ann')).rejects.toThrow();
    }
  });
});
