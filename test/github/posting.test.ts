import nock from 'nock';
import { describe, expect, it } from 'vitest';
import { closeIssue } from '../../src/github/close-issue.ts';
import { classifyFailure } from '../../src/github/failure.ts';
import { linkSubIssue, postIssue } from '../../src/github/post-issue.ts';
import { closePull, markPullReady, postPull } from '../../src/github/post-pull.ts';
import { postReaction } from '../../src/github/post-reaction.ts';
import { postReply, postSticky } from '../../src/github/post-sticky.ts';
import { syncLabels } from '../../src/github/sync-labels.ts';
import { host, identity, onRepo, openClient, repo, sha, useNock } from './github-world.ts';

useNock();

const failureOf = async (call: Promise<unknown>) =>
  classifyFailure(
    await call.then(
      () => null,
      (error: unknown) => error,
    ),
  );
const time = '2026-01-01T00:00:00Z';

describe('postPull', () => {
  const opening = { branch: 'agent/1-x', base: 'main', title: 't', body: 'Closes #1', draft: true };
  const pull = (number: number, more: object = {}) => ({
    number,
    head: { sha: sha('a'), ref: 'agent/1-x', repo: { full_name: 'acme/shop' } },
    base: { sha: sha('b'), ref: 'main' },
    state: 'open',
    draft: true,
    user: { login: 'signalbox[bot]' },
    title: 't',
    node_id: 'PR',
    ...more,
  });
  const list = (...found: object[]) =>
    onRepo()
      .get('/pulls')
      .query((query) => query.head === 'acme:agent/1-x' && query.state === 'open')
      .reply(200, found);
  const post = (draft: boolean) =>
    onRepo().post('/pulls', { head: 'agent/1-x', base: 'main', title: 't', body: 'Closes #1', draft });

  it('opens a draft', async () => {
    const client = openClient();
    list();
    post(true).reply(201, pull(4));
    expect(await postPull(client, repo, opening)).toEqual({ number: 4, headSha: sha('a'), draft: true });
  });

  it('finds the open one, and not that of another base', async () => {
    const client = openClient();
    list(pull(5, { base: { sha: sha('b'), ref: 'next' } }), pull(4));
    expect(await postPull(client, repo, opening)).toMatchObject({ number: 4 });
  });

  it('opens it ready where there are no drafts', async () => {
    const client = openClient();
    list();
    post(true).reply(422, { message: 'Draft pull requests are not supported in this repository.' });
    post(false).reply(201, pull(4, { draft: false }));
    expect(await postPull(client, repo, opening)).toMatchObject({ number: 4, draft: false });
  });

  it('looks again when it exists already', async () => {
    const client = openClient();
    list();
    post(true).reply(422, {
      message: 'Validation Failed',
      errors: [{ message: 'A pull request already exists for acme:agent/1-x.' }],
    });
    list(pull(4));
    expect(await postPull(client, repo, opening)).toMatchObject({ number: 4 });
  });

  it('stops at any other 422', async () => {
    const client = openClient();
    list();
    post(true).reply(422, {
      message: 'Validation Failed',
      errors: [{ message: 'No commits between main and agent/1-x' }],
    });
    expect(await failureOf(postPull(client, repo, opening))).toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('No commits between'),
    });
  });

  it('is unclear after a 5xx that had an effect, and finds it on the next run', async () => {
    const client = openClient();
    list();
    post(true).reply(500, {});
    expect(await failureOf(postPull(client, repo, opening))).toEqual({ kind: 'unclear' });
    list(pull(4));
    expect(await postPull(client, repo, opening)).toMatchObject({ number: 4 });
  });

  it('closes one, once', async () => {
    const client = openClient();
    onRepo().get('/pulls/4').reply(200, pull(4));
    onRepo().patch('/pulls/4', { state: 'closed' }).reply(200, {});
    expect(await closePull(client, repo, 4)).toBe('closed');
    onRepo()
      .get('/pulls/4')
      .reply(200, pull(4, { state: 'closed' }));
    expect(await closePull(client, repo, 4)).toBe('already');
    onRepo().get('/pulls/4').reply(404, {});
    expect(await closePull(client, repo, 4)).toBe('already');
  });
});

describe('markPullReady', () => {
  const ask = () => nock(host).post('/api/graphql', (body) => body.variables.id === 'PR');
  it('takes it out of draft', async () => {
    const client = openClient();
    ask().reply(200, { data: { markPullRequestReadyForReview: { pullRequest: { isDraft: false } } } });
    expect(await markPullReady(client, 'PR')).toEqual({ draft: false });
  });
  it.each([
    [404, {}],
    [403, { message: 'Resource not accessible' }],
    [200, { errors: [{ type: 'FORBIDDEN', message: 'no' }] }],
    [200, { nothing: true }],
  ])('is null where that is not possible: %i %j', async (status, body) => {
    const client = openClient();
    ask().reply(status, body);
    expect(await markPullReady(client, 'PR')).toBeNull();
  });
  it('is unclear after a 5xx', async () => {
    const client = openClient();
    ask().reply(502, {});
    expect(await failureOf(markPullReady(client, 'PR'))).toEqual({ kind: 'unclear' });
  });
});

describe('closeIssue', () => {
  const issue = (state: string) => ({ number: 3, title: 't', user: null, state, updated_at: time });
  it('closes as completed, once', async () => {
    const client = openClient();
    onRepo().get('/issues/3').reply(200, issue('open'));
    onRepo().patch('/issues/3', { state: 'closed', state_reason: 'completed' }).reply(200, {});
    expect(await closeIssue(client, repo, 3)).toBe('closed');
    onRepo().get('/issues/3').reply(200, issue('closed'));
    expect(await closeIssue(client, repo, 3)).toBe('already');
  });
});

describe('comments', () => {
  const marker = '<!-- signalbox:3 -->';
  const body = `${marker}\nWaiting.`;
  const comment = (id: number, login: string, text: string, more: object = {}) => ({
    id,
    user: { login, type: login.endsWith('[bot]') ? 'Bot' : 'User' },
    body: text,
    ...more,
  });
  const list = (...found: object[]) => onRepo().get('/issues/3/comments').query(true).reply(200, found);
  const create = () => onRepo().post('/issues/3/comments', { body }).reply(201, { id: 90 });
  const sticky = (knownId: number | null, isNew = false) => {
    const known = knownId === null ? null : { id: knownId, isNew };
    return postSticky(openClient(), repo, identity, { issue: 3, marker, body, known });
  };

  it('creates the sticky one; a marker of somebody else does not count', async () => {
    list(comment(1, 'eve', body), comment(2, 'other[bot]', body), comment(3, 'signalbox[bot]', 'no marker'));
    create();
    expect(await sticky(null)).toEqual({ id: 90 });
  });

  it('edits the known one, or leaves it when the text is the same', async () => {
    onRepo()
      .get('/issues/comments/5')
      .reply(200, comment(5, 'signalbox[bot]', 'old'));
    onRepo().patch('/issues/comments/5', { body }).reply(200, {});
    expect(await sticky(5)).toEqual({ id: 5 });
    onRepo()
      .get('/issues/comments/5')
      .reply(200, comment(5, 'signalbox[bot]', `${body.replace('\n', '\r\n')}\n`));
    expect(await sticky(5)).toEqual({ id: 5 });
  });

  it('does not post a second one while the first cannot be read yet', async () => {
    onRepo().get('/issues/comments/5').reply(404, { message: 'Not Found' });
    const error = await sticky(5, true).catch((thrown: unknown) => thrown);
    expect(classifyFailure(error)).toEqual({ kind: 'transient' });
  });

  it('posts another when the known one has been deleted', async () => {
    onRepo().get('/issues/comments/5').reply(404, { message: 'Not Found' });
    list();
    create();
    expect(await sticky(5)).toEqual({ id: 90 });
  });

  it('finds its own on a later page, also under another login of the same App', async () => {
    const full = Array.from({ length: 100 }, (_, index) => comment(index, 'ann', 'hello'));
    onRepo().get('/issues/3/comments').query({ per_page: 100, page: 1 }).reply(200, full);
    const own = comment(7, 'renamed[bot]', body, { performed_via_github_app: { id: 7 } });
    onRepo().get('/issues/3/comments').query({ per_page: 100, page: 2 }).reply(200, [own]);
    expect(await sticky(null)).toEqual({ id: 7 });
  });

  it('looks for another when the known one was deleted', async () => {
    onRepo().get('/issues/comments/5').reply(404, {});
    list();
    create();
    expect(await sticky(5)).toEqual({ id: 90 });
  });

  it('is created once, even when the first answer was lost', async () => {
    list();
    onRepo().post('/issues/3/comments').reply(502, {});
    expect(await failureOf(sticky(null))).toEqual({ kind: 'unclear' });
    list(comment(90, 'signalbox[bot]', body));
    expect(await sticky(null)).toEqual({ id: 90 });
  });

  it('replies once, and does not change what it said', async () => {
    const reply = () => postReply(openClient(), repo, identity, { issue: 3, marker, body });
    list();
    create();
    expect(await reply()).toEqual({ id: 90 });
    list(comment(90, 'Signalbox[bot]', `${marker} said otherwise`));
    expect(await reply()).toEqual({ id: 90 });
  });
});

describe('postReaction', () => {
  const ask = () => onRepo().post('/issues/comments/5/reactions', { content: 'eyes' });
  it.each([201, 200, 404, 501])('is content with %i', async (status) => {
    ask().reply(status, {});
    await postReaction(openClient(), repo, 5, 'eyes');
  });
  it('is not with a refusal', async () => {
    ask().reply(403, { message: 'Resource not accessible' });
    await expect(postReaction(openClient(), repo, 5, 'eyes')).rejects.toThrow('not accessible');
  });
});

describe('syncLabels', () => {
  const ours = ['agent-working', 'agent-failed', 'agent-queued'];
  const list = (...names: string[]) =>
    onRepo()
      .get('/issues/3/labels')
      .query(true)
      .reply(
        200,
        names.map((name) => ({ name })),
      );

  it('adds what is missing, creating it if need be, and takes away only our own', async () => {
    const client = openClient();
    list('bug', 'agent-ready', 'Agent-Failed');
    onRepo().get('/labels/agent-working').reply(404, {});
    onRepo()
      .post(
        '/labels',
        (body) => body.name === 'agent-working' && body.color === '1d76db' && body.description !== '',
      )
      .reply(201, {});
    onRepo()
      .post('/issues/3/labels', { labels: ['agent-working'] })
      .reply(200, []);
    onRepo().delete('/issues/3/labels/Agent-Failed').reply(200, []);
    await syncLabels(client, repo, 3, { want: ['agent-working'], ours });
  });

  it('writes nothing when all is as it should be', async () => {
    list('bug', 'Agent-Working');
    await syncLabels(openClient(), repo, 3, { want: ['agent-working'], ours });
  });

  it('does not mind when somebody was faster', async () => {
    const client = openClient();
    list('agent-failed');
    onRepo().get('/labels/agent-queued').reply(404, {});
    onRepo().post('/labels').reply(422, { message: 'already_exists' });
    onRepo().post('/issues/3/labels').reply(200, []);
    onRepo().delete('/issues/3/labels/agent-failed').reply(404, {});
    await syncLabels(client, repo, 3, { want: ['agent-queued'], ours });
  });
});

describe('postIssue', () => {
  const mark = 'Part 1 of 2 of #7, as planned for its version 1.';
  const posting = { title: 'A part', body: `${mark}\n\nmore`, mark, since: time };
  const raw = (number: number, more: object = {}) => ({
    id: 1_000 + number,
    number,
    body: posting.body,
    user: { login: identity.botLogin, type: 'Bot' },
    ...more,
  });
  const list = (...found: object[]) =>
    onRepo()
      .get('/issues')
      .query((query) => query.creator === identity.botLogin && query.state === 'all')
      .reply(200, found);

  it('opens one', async () => {
    const client = openClient();
    list();
    onRepo().post('/issues', { title: 'A part', body: posting.body }).reply(201, raw(11));
    expect(await postIssue(client, repo, identity, posting)).toEqual({ number: 11 });
  });

  it('finds the one that it opened before it could say so, whatever follows its first line', async () => {
    const client = openClient();
    list(raw(9, { body: 'Part 2 of 2 of #7' }), raw(11, { body: `${mark}\r\nedited` }));
    expect(await postIssue(client, repo, identity, posting)).toEqual({ number: 11 });
  });

  it('takes nobody else’s for it', async () => {
    const client = openClient();
    list(raw(9, { user: { login: 'mallory', type: 'User' } }), raw(10, { user: null }));
    onRepo().post('/issues').reply(201, raw(11));
    expect(await postIssue(client, repo, identity, posting)).toEqual({ number: 11 });
  });

  it.each([201, 404, 410, 422])('is linked by its database id; %s is fine', async (status) => {
    const client = openClient();
    onRepo().get('/issues/11').reply(200, raw(11));
    onRepo().post('/issues/7/sub_issues', { sub_issue_id: 1_011 }).reply(status, {});
    await linkSubIssue(client, repo, 7, 11);
    expect(nock.isDone()).toBe(true);
  });
});
