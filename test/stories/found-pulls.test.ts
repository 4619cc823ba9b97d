/** Pull requests that Signalbox did not open: taken for a task's work where it waits for that, refused elsewhere. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { form, startWorld, type World } from './world.ts';

let world: World;

const policy = `schedule: { grace: 0ms }
limits: { running: 20, in_review: 20 }
agents:
  people: { via: adopt, capacity: 9 }
  robot: { via: assign, capacity: 9, login: ronja }
`;

beforeAll(async () => {
  // Without a sweep: whatever is to be read is asked for by an event or by what came of it.
  world = await startWorld({ policy, sweepMs: 600_000 });
});
afterEach(() => world.proveReplay());
afterAll(() => world.close());

/** A branch with work on it, and a PR from there. */
async function openPull(by: 'walt' | 'rita', branch: string, files: Record<string, string>, body: string) {
  const sha = await world.tipOf('main');
  await world.as.walt.git.createRef({ ...world.repo, ref: `refs/heads/${branch}`, sha });
  const head = await world.push(branch, `Work on ${branch}`, files);
  const title = `From ${branch}`;
  const { data } = await world.as[by].pulls.create({
    ...world.repo,
    title,
    body,
    head: branch,
    base: 'main',
  });
  return { pull: data.number, head };
}

/** A task for people or for the robot, with the label that routes it. */
async function request(agent: string, title: string, path: string): Promise<number> {
  const { data } = await world.as.mary.issues.create({ ...world.repo, title, body: form({ owns: [path] }) });
  const labels = [`agent:${agent}`, 'agent-ready'];
  await world.as.mary.issues.addLabels({ ...world.repo, issue_number: data.number, labels });
  return data.number;
}

const told = (under: number, words: string) =>
  world.eventually(
    async () => (await world.ours(under)).find((comment) => comment.body.includes(words)),
    `#${under} is told: ${words}`,
  );

describe('a pull request that closes a task', () => {
  test("takes the place of the task's own while nobody has worked there, and is judged as any other", async () => {
    const issue = await request('people', 'Make one bigger', 'src/one.js');
    const own = await world.until(issue, (row) => row.pull !== null, 'has a PR of its own');
    const files = { 'src/one.js': 'export const one = 10;\n', 'src/two.js': 'export const two = 20;\n' };
    const { pull, head } = await openPull('walt', 'walts-way', files, `Closes #${issue}`);
    await world.until(issue, (row) => row.pull === pull && row.state === 'in-review', 'is in review there');
    const closed = async () =>
      (await world.as.mary.pulls.get({ ...world.repo, pull_number: own.pull ?? 0 })).data.state === 'closed';
    await world.eventually(closed, 'the empty one is closed');
    const verdict = await world.eventually(async () => {
      const check = await world.checkOf(head, 'signalbox/arbiter');
      return check?.conclusion ? check : null;
    }, 'the arbiter has judged');
    expect(verdict.conclusion).toBe('failure');
    expect(verdict.output.text).toContain('src/two.js');
    const mended = await world.push('walts-way', 'Put two back', { 'src/two.js': 'export const two = 2;\n' });
    const passed = async () =>
      (await world.checkOf(mended, 'signalbox/arbiter'))?.conclusion === 'success' &&
      (await world.checkOf(mended, 'ci'))?.conclusion === 'success';
    await world.eventually(passed, 'all checks pass');
    await world.say('mary', pull, '/approve');
    await world.until(issue, (row) => row.state === 'completed', 'has landed');
  });

  test('is refused with a link where there is one with work, once', async () => {
    const issue = await request('people', 'Make two bigger', 'src/two.js');
    const row = await world.until(issue, (each) => each.pull !== null && each.branch !== null, 'has a PR');
    await world.push(row.branch ?? '', 'Two is twenty', { 'src/two.js': 'export const two = 20;\n' });
    await world.until(issue, (each) => each.state === 'working', 'is worked on');
    const second = await openPull(
      'walt',
      'too-late',
      { 'src/two.js': 'export const two = 21;\n' },
      `Fixes #${issue}`,
    );
    const notice = await told(second.pull, 'not taken into the queue');
    expect(notice.body).toContain(`#${row.pull}`);
    await world.push('too-late', 'Again', { 'src/two.js': 'export const two = 22;\n' });
    await world.as.walt.pulls.update({ ...world.repo, pull_number: second.pull, title: 'Please' });
    await world.until(issue, (each) => each.pull === row.pull, 'keeps its own PR');
    expect((await world.ours(second.pull)).length).toBe(1);
  });

  test('of somebody who may not write is refused', async () => {
    const issue = await request('people', 'Write a page', 'docs/page.md');
    const row = await world.until(issue, (each) => each.pull !== null, 'has a PR');
    const { pull } = await openPull('rita', 'ritas-way', { 'docs/page.md': 'page\n' }, `Resolves #${issue}`);
    expect((await told(pull, 'not taken into the queue')).body).toContain('write access');
    expect((await world.view()).plan.find((each) => each.issue === issue)?.pull).toBe(row.pull);
  });
});

describe('an agent that works by being assigned', () => {
  test('is asked for with one click, and its pull request is found and bound', async () => {
    world.sandbox.addUser('ronja');
    const issue = await request('robot', 'Let the robot do it', 'docs/robot.md');
    expect((await told(issue, 'One click is needed')).body).toContain('`ronja`');
    const waiting = await world.until(issue, (row) => row.state === 'assigned', 'waits for the click');
    expect(waiting.waitsOn).toMatchObject([{ kind: 'human', what: expect.stringContaining('assign robot') }]);
    expect(waiting.pull).toBeNull();
    const { token } = world.sandbox.addUser('ronja');
    const sha = await world.tipOf('main');
    await world.as.walt.git.createRef({ ...world.repo, ref: 'refs/heads/copilot/robot', sha });
    await world.push('copilot/robot', 'By the robot', { 'docs/robot.md': 'beep\n' });
    const made = await fetch(`${world.sandbox.url}/api/v3/repos/acme/engine/pulls`, {
      method: 'POST',
      headers: { authorization: `token ${token}` },
      body: JSON.stringify({ title: 'Beep', body: `For #${issue}`, head: 'copilot/robot', base: 'main' }),
    });
    const { number: pull } = (await made.json()) as { number: number };
    const row = await world.until(issue, (each) => each.state === 'in-review', 'is in review');
    expect(row).toMatchObject({ pull, branch: 'copilot/robot' });
    expect(await world.ours(issue)).toHaveLength(2);
  });
});
