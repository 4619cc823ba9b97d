/** What CI tells without check runs: suites that run anew, and workflow runs that have no jobs. */
import { describe, expect, it } from 'vitest';
import { explainSilence } from '../../src/core/gate/silent-runs.ts';
import { fetchRestartedSuites } from '../../src/github/fetch-checks.ts';
import { cancelRunsOfBranch, fetchRunsOfCommit } from '../../src/github/workflow-runs.ts';
import { onRepo, openClient, repo, sha, useNock } from './github-world.ts';

useNock();

const run = (id: number, status: string, conclusion: string | null, name: string | null = 'CI') => ({
  id,
  name,
  status,
  conclusion,
  html_url: `https://ci/${id}`,
});

const listed = (query: object, runs: object[]) =>
  onRepo()
    .get('/actions/runs')
    .query({ ...query, per_page: 100 })
    .reply(200, { total_count: runs.length, workflow_runs: runs });

describe('workflow runs of a commit', () => {
  it.each([
    ['completed', 'action_required', 'workflow "CI" waits for a maintainer to approve its run'],
    ['action_required', null, 'workflow "CI" waits for a maintainer to approve its run'],
    ['completed', 'startup_failure', 'workflow "CI" could not start: its file may be wrong'],
    ['waiting', null, 'workflow "CI" waits for a deployment to be approved'],
    ['completed', 'skipped', 'workflow "CI" was skipped on this commit, and reported nothing'],
    ['completed', 'success', null],
    ['queued', null, null],
    ['in_progress', null, null],
  ])('%s with %s: %s', async (status, conclusion, why) => {
    listed({ head_sha: sha('a') }, [run(1, status, conclusion)]);
    const runs = await fetchRunsOfCommit(openClient(), repo, sha('a'));
    expect(explainSilence(runs)).toEqual(why && { why, url: 'https://ci/1' });
  });

  it('what was skipped explains nothing while another runs, and what waits for a person does', async () => {
    listed({ head_sha: sha('a') }, [run(2, 'in_progress', null, 'Other'), run(1, 'completed', 'skipped')]);
    expect(explainSilence(await fetchRunsOfCommit(openClient(), repo, sha('a')))).toBeNull();
    listed({ head_sha: sha('a') }, [
      run(3, 'queued', null, null),
      run(2, 'completed', 'skipped', 'Other'),
      run(1, 'completed', 'action_required'),
    ]);
    expect(explainSilence(await fetchRunsOfCommit(openClient(), repo, sha('a')))?.why).toContain(
      '"CI" waits',
    );
  });

  it.each([403, 404])('are none where the answer is %i', async (status) => {
    onRepo().get('/actions/runs').query(true).reply(status, { message: 'no' });
    expect(await fetchRunsOfCommit(openClient(), repo, sha('a'))).toEqual([]);
  });
});

describe('a branch that is not needed any more', () => {
  it('has its runs cancelled that are not over, and one that GitHub refuses stops nothing', async () => {
    listed({ branch: 'signalbox/build/main/4' }, [
      run(1, 'completed', 'success'),
      run(2, 'in_progress', null),
      run(3, 'queued', null),
      run(4, 'waiting', null),
    ]);
    const cancelled = [2, 3, 4].map((id, index) =>
      onRepo()
        .post(`/actions/runs/${id}/cancel`)
        .reply([202, 409, 403][index] ?? 500, {}),
    );
    await cancelRunsOfBranch(openClient(), repo, 'signalbox/build/main/4');
    for (const each of cancelled) expect(each.isDone()).toBe(true);
  });
});

describe('check suites', () => {
  it('that were asked to run anew and have not begun are named, others are not', async () => {
    const suites = ['completed', 'in_progress', 'queued', 'requested', 'waiting', 'pending'];
    onRepo()
      .get(`/commits/${sha('a')}/check-suites`)
      .query(true)
      .reply(200, {
        total_count: suites.length,
        check_suites: suites.map((status, index) => ({ id: index + 1, status })),
      });
    expect([...(await fetchRestartedSuites(openClient(), repo, sha('a')))]).toEqual([3, 4]);
  });
});
