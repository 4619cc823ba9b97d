import { describe, expect, it } from 'vitest';
import { fetchJobReport } from '../../src/github/fetch-job-report.ts';
import { fetchPullFiles } from '../../src/github/fetch-pull-files.ts';
import { onRepo, openClient, repo, sha, useNock } from './github-world.ts';

useNock();

const runsAt = `/commits/${sha('a')}/check-runs`;
const answerWith = (...check_runs: object[]) =>
  onRepo().get(runsAt).query(true).reply(200, { total_count: check_runs.length, check_runs });
const actions = { slug: 'github-actions' };

describe('fetchJobReport', () => {
  it('takes the newest failed run, with its output and its annotations', async () => {
    answerWith(
      { id: 1, conclusion: 'failure', output: { title: 'old', text: 'old' } },
      { id: 3, conclusion: 'success', output: { title: 'fine' } },
      {
        id: 2,
        conclusion: 'failure',
        output: { title: 'Tests failed', summary: '1 of 2', text: 'not ok 1', annotations_count: 1 },
      },
    );
    onRepo()
      .get('/check-runs/2/annotations')
      .query(true)
      .reply(200, [{ path: 'src/a.js', start_line: 3, message: 'broken' }]);
    expect(await fetchJobReport(openClient(), repo, sha('a'), 'ci')).toEqual({
      title: 'Tests failed',
      text: '1 of 2\n\nnot ok 1',
      annotations: [{ path: 'src/a.js', line: 3, message: 'broken' }],
    });
  });

  it('reads the log of a job that reports nothing', async () => {
    const details_url = 'https://github.com/acme/shop/actions/runs/8/job/9';
    answerWith({ id: 9, conclusion: 'failure', details_url, app: actions, output: { title: null } });
    onRepo().get('/actions/jobs/9/logs').reply(200, 'line\nError: no', { 'content-type': 'text/plain' });
    const report = await fetchJobReport(openClient(), repo, sha('a'), 'ci');
    expect(report?.text).toBe('line\nError: no');
  });

  it.each([403, 404, 410])('does without a log that GitHub answers with %i', async (status) => {
    const details_url = 'https://github.com/acme/shop/actions/runs/8/job/9';
    answerWith({ id: 9, conclusion: 'timed_out', details_url, app: actions, output: {} });
    onRepo().get('/actions/jobs/9/logs').reply(status, { message: 'Gone' });
    expect(await fetchJobReport(openClient(), repo, sha('a'), 'ci')).toMatchObject({ text: '' });
  });

  it('asks nobody else’s check for a log, and knows when there was no run', async () => {
    const details_url = 'https://ci.example/actions/runs/8/job/9';
    answerWith({ id: 9, conclusion: 'failure', details_url, app: { slug: 'other' }, output: {} });
    expect(await fetchJobReport(openClient(), repo, sha('a'), 'ci')).toMatchObject({ text: '' });
    answerWith();
    expect(await fetchJobReport(openClient(), repo, sha('a'), 'ci')).toBeNull();
  });
});

describe('fetchPullFiles', () => {
  it('gives paths and patches, where GitHub shows them', async () => {
    onRepo()
      .get('/pulls/7/files')
      .query(true)
      .reply(200, [{ filename: 'a.js', patch: '@@ -1 +1 @@' }, { filename: 'b.png' }]);
    expect(await fetchPullFiles(openClient(), repo, 7)).toEqual([
      { path: 'a.js', patch: '@@ -1 +1 @@' },
      { path: 'b.png', patch: null },
    ]);
  });
});
