import { describe, expect, it } from 'vitest';
import { classifyFailure } from '../../src/github/failure.ts';
import { type CheckRunPosting, postCheckRun } from '../../src/github/post-check-run.ts';
import { onRepo, openClient, repo, sha, useNock } from './github-world.ts';

useNock();

const posting: CheckRunPosting = {
  sha: sha('a'),
  name: 'signalbox/arbiter',
  externalId: 'task-1',
  status: 'completed',
  conclusion: 'success',
  title: 'Fine',
  summary: 'All of it',
  detailsUrl: 'https://box/1',
  known: null,
};
const run = (id: number, appId: number | null, more: object = {}) => ({
  id,
  name: 'signalbox/arbiter',
  external_id: 'task-1',
  status: 'completed',
  conclusion: 'success',
  details_url: 'https://box/1',
  app: appId === null ? null : { id: appId },
  output: { title: 'Fine', summary: 'All of it', text: null },
  ...more,
});
const list = (...runs: object[]) =>
  onRepo()
    .get(`/commits/${sha('a')}/check-runs`)
    .query((query) => query.check_name === 'signalbox/arbiter' && query.app_id === undefined)
    .reply(200, { total_count: runs.length, check_runs: runs });
const post = (more: Partial<CheckRunPosting> = {}) =>
  postCheckRun(openClient(), repo, 7, { ...posting, ...more });

describe('postCheckRun', () => {
  it('creates one; another App may use the same name', async () => {
    list(run(1, 15368), run(2, null, { external_id: 'task-2' }));
    onRepo()
      .post('/check-runs', {
        head_sha: sha('a'),
        name: 'signalbox/arbiter',
        external_id: 'task-1',
        status: 'completed',
        conclusion: 'success',
        details_url: 'https://box/1',
        output: { title: 'Fine', summary: 'All of it' },
      })
      .reply(201, { id: 9 });
    expect(await post()).toEqual({ id: 9 });
  });

  it('leaves its own as it is when nothing changed, also where Apps are not named', async () => {
    list(run(3, 7));
    expect(await post()).toEqual({ id: 3 });
    list(run(4, null));
    expect(await post()).toEqual({ id: 4 });
  });

  it.each([
    ['the verdict', { conclusion: 'failure' }],
    ['the title', { output: { title: 'Other', summary: 'All of it' } }],
    ['the text', { output: { title: 'Fine', summary: 'All of it', text: 'old' } }],
    ['the link', { details_url: 'https://box/0' }],
  ])('updates its own when %s changed', async (_, more) => {
    list(run(2, 7, { external_id: 'task-0' }), run(3, 7, more));
    onRepo()
      .patch('/check-runs/3', (body) => body.conclusion === 'success' && body.head_sha === undefined)
      .reply(200, {});
    expect(await post()).toEqual({ id: 3 });
  });

  it('follows a run that GitHub will not reopen with a new one', async () => {
    list(run(3, 7));
    onRepo().patch('/check-runs/3').reply(422, { message: 'cannot reopen' });
    onRepo()
      .post('/check-runs', (body) => body.status === 'in_progress' && body.conclusion === undefined)
      .reply(201, { id: 10 });
    expect(await post({ status: 'in_progress' })).toEqual({ id: 10 });
  });

  it('shortens what is too long, without cutting a character in half', async () => {
    list();
    let body: { output: { summary: string; text: string } } | null = null;
    onRepo()
      .post('/check-runs', (sent) => {
        body = sent;
        return true;
      })
      .reply(201, { id: 9 });
    await post({ summary: 'é'.repeat(40_000), text: 'x'.repeat(65_535) });
    expect(body).toMatchObject({ output: { text: 'x'.repeat(65_535) } });
    const summary = (body as unknown as { output: { summary: string } }).output.summary;
    expect(Buffer.byteLength(summary)).toBeLessThanOrEqual(65_535);
    expect(summary).toMatch(/^é+\n\n… \(shortened\)$/);
  });

  it('is unclear after a 5xx, and finds its own on the next run', async () => {
    list();
    onRepo().post('/check-runs').reply(502, {});
    const error = await post().catch((thrown: unknown) => thrown);
    expect(classifyFailure(error)).toEqual({ kind: 'unclear' });
    list(run(9, 7));
    expect(await post()).toEqual({ id: 9 });
  });

  it('updates the run it knows without searching for it, and does not post another while that one is new', async () => {
    onRepo().patch('/check-runs/7').reply(200, { id: 7 });
    const again = (isNew: boolean) =>
      postCheckRun(openClient(), repo, 1, { ...posting, known: { id: 7, isNew } });
    expect(await again(true)).toEqual({ id: 7 });
    onRepo().patch('/check-runs/7').reply(404, { message: 'Not Found' });
    expect(classifyFailure(await again(true).catch((error: unknown) => error))).toEqual({
      kind: 'transient',
    });
    onRepo().patch('/check-runs/7').reply(404, { message: 'Not Found' });
    onRepo().post('/check-runs').reply(201, { id: 8 });
    expect(await again(false)).toEqual({ id: 8 });
  });

  const remarks = Array.from({ length: 120 }, (_, index) => ({
    path: 'a.js',
    line: index + 1,
    level: 'failure' as const,
    title: 'scope',
    message: `finding ${index}`,
  }));
  const there = (count: number) =>
    remarks.slice(0, count).map(({ path, line, level, title, message }) => ({
      path,
      start_line: line,
      annotation_level: level,
      title,
      message,
    }));
  /** Notes how many annotations come with each request; nock also asks it about others. */
  const annotated = (lengths: number[]) => (body: { output?: { annotations?: object[] } }) => {
    if (body.output) lengths.push(body.output.annotations?.length ?? 0);
    return body.output !== undefined;
  };

  it('sends annotations fifty at a time, and the buttons', async () => {
    const lengths: number[] = [];
    list();
    onRepo()
      .post('/check-runs', (body) => body.actions?.length === 1 && annotated(lengths)(body))
      .reply(201, { id: 9 });
    onRepo().patch('/check-runs/9', annotated(lengths)).times(2).reply(200, {});
    const actions = [{ label: 'Retry', description: 'Again', identifier: 'retry' as const }];
    expect(await post({ annotations: remarks, actions })).toEqual({ id: 9 });
    expect(lengths).toEqual([50, 50, 20]);
  });

  it('adds only the annotations that are not there yet, also after it was cut off between two requests', async () => {
    const lengths: number[] = [];
    list(run(3, 7));
    onRepo().get('/check-runs/3/annotations').query(true).reply(200, there(90));
    onRepo().patch('/check-runs/3', annotated(lengths)).reply(200, {});
    expect(await post({ annotations: remarks })).toEqual({ id: 3 });
    expect(lengths).toEqual([30]);
    list(run(3, 7));
    onRepo().get('/check-runs/3/annotations').query(true).reply(200, there(90));
    expect(await post({ annotations: remarks.slice(0, 90) })).toEqual({ id: 3 });
  });
});
