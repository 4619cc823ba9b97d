import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAppAuth } from '@octokit/auth-app';
import { Octokit } from '@octokit/rest';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import type { Story } from './start-story.ts';
import { installationClient, QUIET, refusal, startStory, userClient } from './start-story.ts';

let story: Story;
beforeAll(async () => {
  story = await startStory();
});
afterAll(() => story.close());

async function scopedClient(scope: { permissions?: Record<string, string>; repositories?: string[] }) {
  const { data } = await story.app.apps.createInstallationAccessToken({
    installation_id: story.installationId,
    ...scope,
  });
  return { octokit: userClient(story.sandbox, data.token), token: data };
}

test('an App is itself by JWT and a bot by installation token', async () => {
  const { data: app } = await story.app.apps.getAuthenticated();
  expect(app).toMatchObject({ id: story.appId, slug: 'conductor' });
  const { data: found } = await story.app.apps.getRepoInstallation(story.target);
  expect(found.id).toBe(story.installationId);
  const { data: comment } = await story.bot.issues.create({ ...story.target, title: 'From the App' });
  expect(comment.user).toMatchObject({ login: 'conductor[bot]', type: 'Bot' });
});

test('a JWT signed with another key is refused', async () => {
  const { privateKey } = story.sandbox.addApp({ slug: 'impostor' });
  const auth = { appId: story.appId, privateKey };
  const impostor = new Octokit({ authStrategy: createAppAuth, auth, baseUrl: story.sandbox.url, log: QUIET });
  expect(await refusal(impostor.apps.getAuthenticated())).toMatchObject({ status: 401 });
});

test('unknown and missing tokens are refused', async () => {
  const stranger = userClient(story.sandbox, 'totally-unknown');
  expect(await refusal(stranger.repos.get(story.target))).toMatchObject({
    status: 401,
    message: expect.stringContaining('Bad credentials'),
  });
  const nobody = new Octokit({ baseUrl: story.sandbox.url, log: QUIET });
  expect(await refusal(nobody.repos.get(story.target))).toMatchObject({ status: 401 });
});

test('a token is long, limited to what was asked, and dead once revoked', async () => {
  const { octokit, token } = await scopedClient({
    permissions: { issues: 'write' },
    repositories: ['engine'],
  });
  expect(token.token.length).toBeGreaterThan(400);
  expect(token.token.startsWith(`ghs_${story.appId}_`)).toBe(true);
  expect(token.repositories?.map((repo) => repo.name)).toEqual(['engine']);
  await octokit.issues.create({ ...story.target, title: 'Allowed' });
  const sha = 'a'.repeat(40);
  const write = octokit.git.createRef({ ...story.target, ref: 'refs/heads/x', sha });
  expect(await refusal(write)).toMatchObject({
    status: 403,
    message: expect.stringContaining('Resource not accessible by integration'),
  });
  await octokit.apps.revokeInstallationAccessToken();
  expect(await refusal(octokit.repos.get(story.target))).toMatchObject({ status: 401 });
});

test('a repository outside the token is not found', async () => {
  await story.sandbox.addRepo({ owner: 'ada', name: 'secret', files: { a: 'a' }, private: true });
  const outside = { owner: 'ada', repo: 'secret' };
  expect(await refusal(story.bot.repos.get(outside))).toMatchObject({ status: 404 });
  const { token } = story.sandbox.addUser('eve');
  expect(await refusal(userClient(story.sandbox, token).repos.get(outside))).toMatchObject({ status: 404 });
  const mint = scopedClient({ repositories: ['secret'] });
  expect(await refusal(mint)).toMatchObject({ status: 422 });
});

test('checks are for Apps only', async () => {
  const { data: main } = await story.ada.git.getRef({ ...story.target, ref: 'heads/main' });
  const run = { ...story.target, name: 'ci', head_sha: main.object.sha };
  expect(await refusal(story.ada.checks.create(run))).toMatchObject({ status: 403 });
  expect((await story.bot.checks.create(run)).data.app?.slug).toBe('conductor');
});

test('requests are counted, and an unchanged answer is a free 304', async () => {
  const first = await story.ada.repos.get(story.target);
  const { etag } = first.headers;
  const again = story.ada.repos.get({ ...story.target, headers: { 'if-none-match': etag ?? '' } });
  expect(await refusal(again)).toMatchObject({ status: 304 });
  const third = await story.ada.repos.get(story.target);
  const used = (headers: object) => Number(new Map(Object.entries(headers)).get('x-ratelimit-used'));
  expect(used(third.headers)).toBe(used(first.headers) + 1);
});

test('each may make 5,000 requests an hour, or as many as are granted', async () => {
  const limitOf = async (sandbox: Sandbox, token: string) =>
    (await userClient(sandbox, token).rateLimit.get()).data.rate.limit;
  expect(await limitOf(story.sandbox, story.adaToken)).toBe(5_000);
  const dir = await mkdtemp(join(tmpdir(), 'signalbox-limit-'));
  const generous = await startSandbox({ dir, hourlyLimit: 12_500 });
  try {
    expect(await limitOf(generous, generous.addUser('ada').token)).toBe(12_500);
  } finally {
    await generous.close();
    await rm(dir, { recursive: true, force: true });
  }
});

test('permission tells owner, collaborator and stranger apart', async () => {
  await story.sandbox.addRepo({
    owner: 'ada',
    name: 'shared',
    files: { a: 'a' },
    private: true,
    collaborators: { grace: 'maintain' },
  });
  story.sandbox.addUser('mallory');
  const roleOf = async (username: string) => {
    const call = story.ada.repos.getCollaboratorPermissionLevel;
    const { data } = await call({ owner: 'ada', repo: 'shared', username });
    return [data.permission, data.role_name];
  };
  expect(await roleOf('ada')).toEqual(['admin', 'admin']);
  expect(await roleOf('grace')).toEqual(['write', 'maintain']);
  expect(await roleOf('mallory')).toEqual(['none', 'none']);
});

test('lists are paged with links', async () => {
  const { data } = await story.ada.issues.create({ ...story.target, title: 'Many comments' });
  const issue = { ...story.target, issue_number: data.number };
  for (const body of ['a', 'b', 'c', 'd', 'e']) await story.ada.issues.createComment({ ...issue, body });
  const all = await story.ada.paginate(story.ada.issues.listComments, { ...issue, per_page: 2 });
  expect(all.map((comment) => comment.body)).toEqual(['a', 'b', 'c', 'd', 'e']);
});

test('a suspended installation can do nothing', async () => {
  const fresh = installationClient(story);
  await fresh.repos.get(story.target);
  await story.app.apps.suspendInstallation({ installation_id: story.installationId });
  expect(await refusal(fresh.repos.get(story.target))).toMatchObject({ status: 403 });
  await story.app.apps.unsuspendInstallation({ installation_id: story.installationId });
  expect((await fresh.repos.get(story.target)).status).toBe(200);
});
