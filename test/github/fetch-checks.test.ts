import { describe, expect, it } from 'vitest';
import { fetchChecks } from '../../src/github/fetch-checks.ts';
import { onRepo, openClient, repo, sha, useNock } from './github-world.ts';

useNock();

const run = (id: number, name: string, status: string, conclusion: string | null, more: object = {}) => ({
  id,
  name,
  status,
  conclusion,
  html_url: `https://ci/${id}`,
  started_at: '2026-01-01T00:00:00Z',
  app: { id: 15368, slug: 'github-actions' },
  check_suite: { id: 4 },
  ...more,
});
const runsAt = `/commits/${sha('a')}/check-runs`;
const statusAt = `/commits/${sha('a')}/status`;
const noStatuses = () => onRepo().get(statusAt).query(true).reply(200, { statuses: [], total_count: 0 });

describe('fetchChecks', () => {
  it.each([
    ['completed', 'success', 'success'],
    ['completed', 'neutral', 'neutral'],
    ['completed', 'skipped', 'skipped'],
    ['completed', 'cancelled', 'cancelled'],
    ['completed', 'timed_out', 'timed-out'],
    ['completed', 'action_required', 'failure'],
    ['completed', 'stale', 'failure'],
    ['completed', 'startup_failure', 'failure'],
    ['completed', 'something new', 'failure'],
    ['completed', null, 'pending'],
    ['in_progress', 'success', 'pending'],
    ['queued', null, 'pending'],
    ['waiting', null, 'pending'],
  ])('%s with %s is %s', async (status, conclusion, expected) => {
    const client = openClient();
    onRepo()
      .get(runsAt)
      .query(true)
      .reply(200, { total_count: 1, check_runs: [run(1, 'ci', status, conclusion)] });
    noStatuses();
    expect(await fetchChecks(client, repo, sha('a'))).toEqual([
      {
        name: 'ci',
        conclusion: expected,
        url: 'https://ci/1',
        appId: 15368,
        appSlug: 'github-actions',
        startedAt: '2026-01-01T00:00:00Z',
        suite: 4,
      },
    ]);
  });

  it('takes the latest run of each App and name, over all pages, and the statuses', async () => {
    const client = openClient();
    const other = { app: { id: 99, slug: 'other' } };
    onRepo()
      .get(runsAt)
      .query({ per_page: 100, page: 1 })
      .reply(200, { total_count: 3, check_runs: [run(5, 'ci', 'queued', null, { started_at: null })] });
    onRepo()
      .get(runsAt)
      .query({ per_page: 100, page: 2 })
      .reply(200, {
        total_count: 3,
        check_runs: [run(4, 'ci', 'completed', 'success'), run(6, 'ci', 'completed', 'success', other)],
      });
    onRepo()
      .get(statusAt)
      .query(true)
      .reply(200, {
        total_count: 2,
        statuses: [
          { context: 'ci', state: 'error', target_url: null, created_at: '2026-01-01T00:00:01Z' },
          { context: 'lint', state: 'success', target_url: 'https://l', created_at: '2026-01-01T00:00:01Z' },
        ],
      });
    const found = await fetchChecks(client, repo, sha('a'));
    expect(found.map((each) => [each.name, each.appId, each.conclusion])).toEqual([
      ['ci', 15368, 'pending'],
      ['ci', 99, 'success'],
      ['ci', null, 'failure'],
      ['lint', null, 'success'],
    ]);
  });

  it('reads the plain list of statuses where there is no combined one', async () => {
    const client = openClient();
    onRepo().get(runsAt).query(true).reply(404, {});
    onRepo().get(statusAt).query(true).reply(404, {});
    onRepo()
      .get(`/commits/${sha('a')}/statuses`)
      .query(true)
      .reply(200, [
        { context: 'ci', state: 'success', created_at: '2026-01-01T00:00:02Z' },
        { context: 'ci', state: 'pending', created_at: '2026-01-01T00:00:01Z' },
      ]);
    expect(await fetchChecks(client, repo, sha('a'))).toMatchObject([{ name: 'ci', conclusion: 'success' }]);
  });

  it('has nothing to say of a commit that GitHub does not show yet', async () => {
    const client = openClient();
    const unknown = { message: `No commit found for SHA: ${sha('a')}` };
    onRepo().get(runsAt).query(true).reply(422, unknown);
    onRepo().get(statusAt).query(true).reply(422, unknown);
    expect(await fetchChecks(client, repo, sha('a'))).toEqual([]);
  });

  it('does not take a refusal for silence', async () => {
    const client = openClient();
    onRepo().get(runsAt).query(true).reply(403, { message: 'Resource not accessible' });
    noStatuses();
    await expect(fetchChecks(client, repo, sha('a'))).rejects.toThrow('not accessible');
  });
});
