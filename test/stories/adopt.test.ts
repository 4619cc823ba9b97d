/** With no worker around, Signalbox opens the branch and the PR, and whoever pushes there does the work. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { form, startWorld, type World } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld();
});
afterEach(() => world.proveReplay());
afterAll(() => world.close());

/** Brings a task to review: waits for its PR, pushes, and takes it out of draft. */
async function work(issue: number, message: string, files: Record<string, string | null>) {
  const row = await world.until(issue, (each) => each.pull !== null && each.branch !== null, 'has a PR');
  const { pull, branch } = row;
  if (pull === null || branch === null) throw new Error('no PR');
  const head = await world.push(branch, message, files);
  const { data } = await world.as.walt.pulls.get({ ...world.repo, pull_number: pull });
  await world.as.walt.graphql(
    'mutation ($id: ID!) { markPullRequestReadyForReview(input: { pullRequestId: $id }) { clientMutationId } }',
    { id: data.node_id },
  );
  await world.until(issue, (each) => each.state === 'in-review', 'is in review');
  return { pull, branch, head };
}

const checked = (sha: string, name: string, conclusion: string) =>
  world.eventually(async () => {
    const check = await world.checkOf(sha, name);
    return check?.conclusion === conclusion ? check : null;
  }, `${name} is ${conclusion} on ${sha}`);

describe('a task that people work on', () => {
  test('goes from the label to a landing that is exactly what CI tested', async () => {
    const issue = await world.request('mary', 'Make one bigger', form({ owns: ['src/one.js'] }));
    const { pull, head } = await work(issue, 'One is ten', { 'src/one.js': 'export const one = 10;\n' });
    await checked(head, 'signalbox/arbiter', 'success');
    await checked(head, 'ci', 'success');
    await world.say('walt', pull, '/approve');
    const row = await world.until(issue, (each) => each.state === 'completed', 'is completed');

    const landing = (await world.view()).landings.find((each) => each.issues.includes(issue));
    expect(landing?.tree).toBe(landing?.testedTree);
    expect(row.landedAs).toBe(landing?.sha);
    expect(await world.tipOf('main')).toBe(landing?.sha);
    const { data } = await world.as.mary.pulls.get({ ...world.repo, pull_number: pull });
    expect(data.merged).toBe(true);
    const closed = async () =>
      (await world.as.mary.issues.get({ ...world.repo, issue_number: issue })).data.state === 'closed';
    await world.eventually(closed, 'the issue is closed');
    expect(await world.checkOf(landing?.sha ?? '', 'ci')).toMatchObject({ conclusion: 'success' });
    const noBuilds = async () =>
      (await world.as.mary.git.listMatchingRefs({ ...world.repo, ref: 'heads/signalbox/' })).data.length ===
      0;
    await world.eventually(noBuilds, 'the candidate branches are gone');
  });

  test('is stopped by the arbiter when it leaves its files, by old and by new name, and goes on once mended', async () => {
    const issue = await world.request('mary', 'Rename things', form({ owns: ['src/one.js'] }));
    const { pull, branch, head } = await work(issue, 'Move two', {
      'src/two.js': null,
      'src/three.js': 'export const two = 2;\n',
      'src/one.js': 'export const one = 11;\n',
    });
    const failed = await checked(head, 'signalbox/arbiter', 'failure');
    expect(failed.output.text).toContain('src/two.js');
    expect(failed.output.text).toContain('src/three.js');
    expect(failed.output.text).not.toMatch(/`scope` \| `src\/one\.js`/);
    await checked(head, 'ci', 'success');
    await world.say('walt', pull, '/approve');
    await world.until(issue, (each) => each.state === 'approved', 'is approved');
    expect((await world.view()).queue).toEqual([]);

    const mended = await world.push(branch, 'Put two back', {
      'src/two.js': 'export const two = 2;\n',
      'src/three.js': null,
    });
    await checked(mended, 'signalbox/arbiter', 'success');
    const voided = await world.until(issue, (each) => each.state === 'in-review', 'has lost its approval');
    expect(voided.waitsOn.map((wait) => wait.command)).toContain('/approve');
    await checked(mended, 'ci', 'success');
    await world.say('walt', pull, `/approve ${mended.slice(0, 10)}`);
    await world.until(issue, (each) => each.state === 'completed', 'is completed');
  });

  test('may take in the base branch, whose changes are not its own, though nobody has told of them yet', async () => {
    const issue = await world.request('mary', 'Keep up to date', form({ owns: ['docs/keep.md'] }));
    const { branch } = await work(issue, 'Keep', { 'docs/keep.md': 'keep\n' });
    world.sandbox.faults.delivery = ({ event }) => (event === 'push' ? 'drop' : 'deliver');
    await world.push('main', 'From outside', { 'docs/outside.md': 'outside\n' });
    const merged = await world.as.walt.repos.merge({ ...world.repo, base: branch, head: 'main' });
    await checked(merged.data.sha, 'signalbox/arbiter', 'success');
    delete world.sandbox.faults.delivery;
    await world.as.mary.issues.update({ ...world.repo, issue_number: issue, state: 'closed' });
    await world.until(issue, (each) => each.state === 'cancelled', 'is cancelled');
  });

  test('that owns the same file as another waits until that one has landed, and both say so', async () => {
    const first = await world.request('mary', 'First on two', form({ owns: ['src/two.js'] }));
    const running = await world.until(first, (each) => each.pull !== null, 'has a PR');
    const second = await world.request('mary', 'Second on two', form({ owns: ['src/**'] }));
    const waiting = await world.until(
      second,
      (each) => each.waitsOn.some((w) => w.kind === 'overlap'),
      'waits for the file',
    );
    expect(waiting.waitsOn.map((wait) => wait.what).join()).toContain(`#${first}`);
    for (const [issue, other] of [
      [first, second],
      [second, first],
    ] as const) {
      const says = async () => (await world.ours(issue)).some(({ body }) => body.includes(`#${other}`));
      await world.eventually(says, `#${issue} names #${other}`);
    }
    await world.as.mary.issues.removeLabel({ ...world.repo, issue_number: first, name: 'agent-ready' });
    await world.until(first, (each) => each.state === 'cancelled', 'is cancelled');
    const isClosed = async () =>
      (await world.as.mary.pulls.get({ ...world.repo, pull_number: running.pull ?? 0 })).data.state ===
      'closed';
    await world.eventually(isClosed, 'its PR is closed');
    await world.until(second, (each) => each.state === 'assigned', 'runs now');
    await world.as.mary.issues.update({ ...world.repo, issue_number: second, state: 'closed' });
    await world.until(second, (each) => each.state === 'cancelled', 'is cancelled with its issue');

    await world.as.mary.issues.addLabels({ ...world.repo, issue_number: first, labels: ['agent-ready'] });
    const isNew = (each: { pull: number | null; state: string }) =>
      each.state === 'assigned' && each.pull !== running.pull;
    await world.until(first, isNew, 'has a new PR after it was asked for again');
    await world.as.mary.issues.update({ ...world.repo, issue_number: first, state: 'closed' });
    await world.until(first, (each) => each.state === 'cancelled', 'is cancelled again');
  });

  test('that depends on others, by text and by a native link, starts when they are done', async () => {
    const plain = (await world.as.mary.issues.create({ ...world.repo, title: 'Only people', body: '' })).data;
    const linked = (await world.as.mary.issues.create({ ...world.repo, title: 'Linked', body: '' })).data;
    const made = await world.as.mary.issues.create({
      ...world.repo,
      title: 'Comes last',
      body: form({ owns: ['docs/last.md'], dependsOn: [plain.number] }),
    });
    const issue = made.data.number;
    await world.as.mary.request('POST /repos/{owner}/{repo}/issues/{issue_number}/dependencies/blocked_by', {
      ...world.repo,
      issue_number: issue,
      issue_id: linked.id,
    });
    await world.as.mary.issues.addLabels({ ...world.repo, issue_number: issue, labels: ['agent-ready'] });
    const waiting = await world.until(
      issue,
      (each) => each.dependsOn.length === 2,
      'knows both prerequisites',
    );
    expect(waiting.dependsOn).toEqual([plain.number, linked.number]);
    expect(waiting.state).toBe('waiting');
    await world.as.mary.issues.update({ ...world.repo, issue_number: plain.number, state: 'closed' });
    await world.until(
      issue,
      (each) => !each.waitsOn.some((w) => w.what.includes(`#${plain.number}`)),
      'waits for one',
    );
    await world.as.mary.issues.update({ ...world.repo, issue_number: linked.number, state: 'closed' });
    await world.until(issue, (each) => each.state === 'assigned', 'starts');
  });
});

describe('the queue', () => {
  test('ejects an entry whose candidate is red, says why, and takes it again once mended', async () => {
    const good = await world.request('mary', 'Limit one', form({ owns: ['test/limit.test.js'] }));
    const bad = await world.request('mary', 'Grow one', form({ owns: ['src/one.js'] }));
    const limit = await work(good, 'One stays below 50', {
      'test/limit.test.js':
        "import assert from 'node:assert';\nimport { test } from 'node:test';\nimport { one } from '../src/one.js';\ntest('limit', () => assert.ok(one < 50));\n",
    });
    const grow = await work(bad, 'One is 60', { 'src/one.js': 'export const one = 60;\n' });
    await checked(limit.head, 'ci', 'success');
    await checked(grow.head, 'ci', 'success');
    await world.say('walt', limit.pull, '/approve');
    await world.until(good, (each) => each.state === 'completed', 'is completed');
    const before = await world.tipOf('main');
    await world.say('walt', grow.pull, '/approve');
    const notice = async () =>
      (await world.ours(grow.pull)).find(({ body }) => body.includes('left the queue'));
    expect((await world.eventually(notice, 'the ejection is explained')).body).toContain('ci');
    expect(await world.tipOf('main')).toBe(before);
    const mended = await world.push(grow.branch, 'One is 40', { 'src/one.js': 'export const one = 40;\n' });
    await checked(mended, 'ci', 'success');
    await checked(mended, 'signalbox/arbiter', 'success');
    await world.say('walt', grow.pull, '/approve');
    await world.until(bad, (each) => each.state === 'completed', 'is completed');
  });

  test('ejects an entry that conflicts with what somebody else pushed to the base branch', async () => {
    const issue = await world.request('mary', 'Change two', form({ owns: ['src/two.js'] }));
    const { pull, head } = await work(issue, 'Two is 22', { 'src/two.js': 'export const two = 22;\n' });
    await checked(head, 'ci', 'success');
    await world.push('main', 'Two is 33, from outside', { 'src/two.js': 'export const two = 33;\n' });
    await world.say('walt', pull, '/approve');
    const notice = async () => (await world.ours(pull)).find(({ body }) => body.includes('left the queue'));
    expect((await world.eventually(notice, 'the ejection is explained')).body).toMatch(/conflict/);
    await world.until(issue, (each) => each.state === 'in-review', 'is in review again');
  });
});
