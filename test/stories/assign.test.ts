/** Assigning an agent that GitHub knows, in the name of whoever asked for the task; where nobody agreed, a click. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { form, startWorld, type World } from './world.ts';

let world: World;

const policy = `schedule: { grace: 0ms }
limits: { running: 20 }
agents:
  copilot: { via: assign, capacity: 9 }
`;

beforeAll(async () => {
  world = await startWorld({ policy, tokenKey: 'a key that seals tokens of people' });
  world.sandbox.addUser('copilot-swe-agent[bot]');
  await world.eventually(async () => (await world.view().catch(() => null))?.baseSha, 'the lane is open');
});
afterEach(() => world.proveReplay());
afterAll(() => world.close());

const cookieOf = (response: Response): string => response.headers.get('set-cookie')?.split(';')[0] ?? '';

/** Goes to GitHub as `login`, agrees and comes back. */
async function signIn(login: string): Promise<Response> {
  const begun = await fetch(`${world.url}/sign-in`, { redirect: 'manual' });
  const asked = new URL(begun.headers.get('location') ?? '');
  asked.searchParams.set('login', login);
  const agreed = await fetch(asked, { redirect: 'manual' });
  return fetch(agreed.headers.get('location') ?? '', { headers: { cookie: cookieOf(begun) } });
}

const assignees = async (issue: number) =>
  (await world.as.mary.issues.get({ ...world.repo, issue_number: issue })).data.assignees?.map(
    ({ login }) => login,
  ) ?? [];

const wish = (issue: number) =>
  world.eventually(
    async () => (await world.ours(issue)).find(({ body }) => body.includes('One click is needed')),
    `#${issue} asks for a click`,
  );

test('without anybody’s word a person is asked, and told where to agree', async () => {
  const issue = await world.request('walt', 'Write one', form({ owns: ['docs/one.md'] }));
  expect((await wish(issue)).body).toContain(`${world.url}/sign-in`);
  expect(await assignees(issue)).toEqual([]);
});

test('whoever agreed has it done in their name; others stay assigned, and the lane goes on', async () => {
  const done = await signIn('mary');
  expect([done.status, await done.text()]).toEqual([200, expect.stringContaining('in the name of mary')]);
  const { data } = await world.as.mary.issues.create({
    ...world.repo,
    title: 'Write two',
    body: form({ owns: ['docs/two.md'] }),
    assignees: ['walt'],
  });
  const issue = data.number;
  await world.as.mary.issues.addLabels({ ...world.repo, issue_number: issue, labels: ['agent-ready'] });
  await world.eventually(async () => (await assignees(issue)).length === 2, 'both are assigned');
  expect((await assignees(issue)).sort()).toEqual(['copilot-swe-agent[bot]', 'walt']);
  const row = await world.until(issue, ({ state }) => state === 'working', 'is worked on');
  expect(row.waitsOn).toMatchObject([{ kind: 'work', what: 'copilot to open its pull request' }]);
  expect((await world.ours(issue)).filter(({ body }) => body.includes('One click'))).toEqual([]);

  // Somebody else's task is not theirs to assign.
  const other = await world.request('walt', 'Write three', form({ owns: ['docs/three.md'] }));
  await wish(other);
  expect(await assignees(other)).toEqual([]);
});

test('a token is kept sealed, renewed when it ends, and forgotten when GitHub refuses it', async () => {
  const kept = () => world.db.selectFrom('user_token').selectAll().execute();
  const [before] = await kept();
  expect(before).toMatchObject({ login: 'mary' });
  expect(JSON.stringify(before)).not.toMatch(/gh[ur]_/);
  await world.db
    .updateTable('user_token')
    .set({ access_until: new Date(0) })
    .execute();
  const issue = await world.request('mary', 'Write four', form({ owns: ['docs/four.md'] }));
  await world.eventually(async () => (await assignees(issue)).length === 1, 'it is assigned');
  const [renewed] = await kept();
  expect(renewed?.sealed).not.toBe(before?.sealed);
  expect(renewed?.access_until?.getTime()).toBeGreaterThan(Date.now());

  // The refresh token of before was good once.
  await world.db
    .updateTable('user_token')
    .set({ sealed: before?.sealed ?? '', access_until: new Date(0) })
    .execute();
  const last = await world.request('mary', 'Write five', form({ owns: ['docs/five.md'] }));
  await wish(last);
  expect(await kept()).toEqual([]);
});

test('nobody is signed in by what did not begin in their browser, or without GitHub’s word', async () => {
  const begun = await fetch(`${world.url}/sign-in`, { redirect: 'manual' });
  expect(begun.headers.get('set-cookie')).toMatch(/HttpOnly.*SameSite=Lax/i);
  const asked = new URL(begun.headers.get('location') ?? '');
  const state = asked.searchParams.get('state') ?? '';
  asked.searchParams.set('login', 'walt');
  const agreed = await fetch(asked, { redirect: 'manual' });
  const back = agreed.headers.get('location') ?? '';
  const statuses = [
    await fetch(back),
    await fetch(back, { headers: { cookie: 'signalbox_sign_in=other' } }),
    await fetch(`${world.url}/sign-in/callback?state=&code=x`, { headers: { cookie: 'signalbox_sign_in=' } }),
    await fetch(`${world.url}/sign-in/callback?state=${state}&code=made-up`, {
      headers: { cookie: cookieOf(begun) },
    }),
    await fetch(`${world.url}/sign-in/callback?state=${state}`, { headers: { cookie: cookieOf(begun) } }),
  ].map(({ status }) => status);
  expect(statuses).toEqual([400, 400, 400, 400, 400]);
  expect(await world.db.selectFrom('user_token').select('login').execute()).toEqual([]);
});
