import { describe, expect, it } from 'vitest';
import { classifyFailure } from '../../src/github/failure.ts';
import { fetchComment, fetchCommentsSince } from '../../src/github/fetch-comment.ts';
import { fetchPolicyFile } from '../../src/github/fetch-policy-file.ts';
import { fetchPull } from '../../src/github/fetch-pull.ts';
import { fetchCommit, fetchRef } from '../../src/github/fetch-ref.ts';
import { api, commitBody, onRepo, openClient, refBody, repo, sha, useNock } from './github-world.ts';

useNock();

const time = '2026-01-01T00:00:00Z';
const comment = (id: number, more: object = {}) => ({
  id,
  issue_url: `${api}/repos/acme/shop/issues/12`,
  user: { login: 'ann', type: 'User' },
  body: '/approve',
  created_at: time,
  updated_at: time,
  ...more,
});
const pull = (number: number, more: object = {}) => ({
  number,
  head: { sha: sha('a'), ref: 'agent/1-x', repo: { full_name: 'acme/shop' } },
  base: { sha: sha('b'), ref: 'main' },
  state: 'open',
  user: { login: 'ann' },
  title: 't',
  node_id: `PR_${number}`,
  ...more,
});

describe('comments', () => {
  it('reads one, or none', async () => {
    const client = openClient();
    onRepo()
      .get('/issues/comments/5')
      .reply(200, comment(5, { user: { login: 'dependabot[bot]' } }));
    expect(await fetchComment(client, repo, 5)).toEqual({
      id: 5,
      issue: 12,
      author: 'dependabot[bot]',
      authorIsBot: true,
      body: '/approve',
      createdAt: time,
      updatedAt: time,
    });
    onRepo().get('/issues/comments/5').reply(404, {});
    expect(await fetchComment(client, repo, 5)).toBeNull();
  });
  it('lists those of the repository', async () => {
    const client = openClient();
    const odd = comment(6, {
      issue_url: undefined,
      html_url: 'https://x/acme/shop/pull/13#issuecomment-6',
      user: null,
    });
    onRepo()
      .get('/issues/comments')
      .query({ since: time, sort: 'created', direction: 'asc', per_page: 100, page: 1 })
      .reply(200, [comment(5), odd]);
    const found = await fetchCommentsSince(client, repo, time);
    expect(found.map((each) => [each.issue, each.author])).toEqual([
      [12, 'ann'],
      [13, 'ghost'],
    ]);
  });
});

describe('pull requests', () => {
  it('reads one, or none', async () => {
    const client = openClient();
    const merged = { state: 'closed', merged: true, merge_commit_sha: sha('c'), draft: false };
    onRepo()
      .get('/pulls/9')
      .reply(200, pull(9, { ...merged, head: { sha: sha('a'), ref: 'x', repo: null } }));
    expect(await fetchPull(client, repo, 9)).toEqual({
      number: 9,
      headSha: sha('a'),
      headRef: 'x',
      headRepoFullName: null,
      baseRef: 'main',
      baseSha: sha('b'),
      draft: false,
      open: false,
      merged: true,
      mergeCommitSha: sha('c'),
      body: '',
      author: 'ann',
      title: 't',
      nodeId: 'PR_9',
    });
    onRepo().get('/pulls/9').reply(404, {});
    expect(await fetchPull(client, repo, 9)).toBeNull();
  });
});

describe('refs and commits', () => {
  it('reads a ref only when it is exactly that', async () => {
    const client = openClient();
    const ask = () => onRepo().get('/git/ref/heads%2Fmain');
    ask().reply(200, refBody('heads/main', sha('a')));
    expect(await fetchRef(client, repo, 'heads/main')).toBe(sha('a'));
    ask().reply(200, [refBody('heads/main-2', sha('b')), refBody('heads/main', sha('a'))]);
    expect(await fetchRef(client, repo, 'heads/main')).toBe(sha('a'));
    ask().reply(200, [refBody('heads/main-2', sha('b'))]);
    expect(await fetchRef(client, repo, 'heads/main')).toBeNull();
    ask().reply(404, {});
    expect(await fetchRef(client, repo, 'heads/main')).toBeNull();
    ask().reply(409, { message: 'Git Repository is empty.' });
    expect(await fetchRef(client, repo, 'heads/main')).toBeNull();
    ask().reply(500, {});
    await expect(fetchRef(client, repo, 'heads/main')).rejects.toThrow();
  });
  it('reads a commit', async () => {
    const client = openClient();
    onRepo()
      .get(`/git/commits/${sha('a')}`)
      .reply(200, commitBody(sha('a'), sha('t'), [sha('b')], 'm'));
    const seen = { sha: sha('a'), tree: sha('t'), parents: [sha('b')], message: 'm' };
    expect(await fetchCommit(client, repo, sha('a'))).toEqual(seen);
    onRepo()
      .get(`/git/commits/${sha('a')}`)
      .reply(404, {});
    expect(await fetchCommit(client, repo, sha('a'))).toBeNull();
  });
});

describe('policy file', () => {
  const ask = () =>
    onRepo()
      .get('/contents/.github%2Fsignalbox.yml')
      .query({ ref: sha('a') });
  const file = (text: string, more: object = {}) => ({
    type: 'file',
    encoding: 'base64',
    size: text.length,
    content: Buffer.from(text)
      .toString('base64')
      .replace(/(.{60})/g, '$1\n'),
    ...more,
  });

  it('is read as it is written', async () => {
    const client = openClient();
    ask().reply(
      200,
      file('version: 1\ngate: { checks: [ci] }\n# a comment to make it longer than one line of base64\n'),
    );
    expect(await fetchPolicyFile(client, repo, sha('a'))).toEqual({
      kind: 'read',
      text: 'version: 1\ngate: { checks: [ci] }\n# a comment to make it longer than one line of base64\n',
    });
  });
  it('may be absent, which a refusal is not', async () => {
    const client = openClient();
    ask().reply(404, {});
    expect(await fetchPolicyFile(client, repo, sha('a'))).toEqual({ kind: 'absent' });
    ask().reply(403, { message: 'no' });
    const error = await fetchPolicyFile(client, repo, sha('a')).catch((thrown: unknown) => thrown);
    expect(classifyFailure(error)).toMatchObject({ kind: 'refused', status: 403 });
  });
  it.each([
    ['a folder', [], /not a plain file/],
    ['a link', { type: 'symlink', target: '/etc/passwd' }, /not a plain file/],
    ['too large', file('x'.repeat(70_000)), /larger than 32 kB/],
    ['too large to be sent', file('', { size: 2_000_000 }), /larger than 32 kB/],
  ])('has a named problem: %s', async (_, body, problem) => {
    const client = openClient();
    ask().reply(200, body);
    expect(await fetchPolicyFile(client, repo, sha('a'))).toEqual({
      kind: 'problem',
      problem: expect.stringMatching(problem),
    });
  });
});
