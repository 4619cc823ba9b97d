/** Pull requests that people make by hand, and that no task owns, through the same queue. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startWorld, type World } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld();
});
afterEach(() => world.proveReplay());
afterAll(() => world.close());

async function openPull(branch: string, files: Record<string, string>, draft = false) {
  const sha = await world.tipOf('main');
  await world.as.walt.git.createRef({ ...world.repo, ref: `refs/heads/${branch}`, sha });
  const head = await world.push(branch, `Work on ${branch}`, files);
  const wanted = { title: `From ${branch}`, body: 'By hand.', head: branch, base: 'main', draft };
  const { data } = await world.as.walt.pulls.create({ ...world.repo, ...wanted });
  return { pull: data.number, head };
}

const answered = (under: number, words: string) =>
  world.eventually(
    async () => (await world.ours(under)).find(({ body }) => body.includes(words)),
    `#${under} says: ${words}`,
  );

const isMerged = async (pull: number) =>
  (await world.as.mary.pulls.get({ ...world.repo, pull_number: pull })).data.merged;

test('/approve has it judged, queued, tested and landed; nobody’s own word is enough', async () => {
  const { pull, head } = await openPull('by-hand', { 'src/hand.js': 'export const hand = 1;\n' });
  await world.say('rita', pull, '/approve');
  await answered(pull, 'write access');
  await world.say('walt', pull, '/approve');
  await answered(pull, 'own pull request');
  expect((await world.view()).plan).toEqual([]);
  await world.say('mary', pull, '/approve');
  const row = await world.until(pull, (each) => each.state === 'completed', 'has landed');
  expect(row).toMatchObject({ issue: pull, pull, owns: [], agent: null });
  expect(await isMerged(pull)).toBe(true);
  expect((await world.checkOf(head, 'signalbox/arbiter'))?.conclusion).toBe('success');
  const [landing] = (await world.view()).landings;
  expect(landing).toMatchObject({ pulls: [pull], issues: [pull] });
  expect(await world.checkOf(landing?.testedSha ?? '', 'ci')).toMatchObject({ conclusion: 'success' });
  await answered(pull, 'Landed as');
  const { data } = await world.as.mary.issues.listLabelsOnIssue({ ...world.repo, issue_number: pull });
  expect(data).toEqual([]);
});

test('one that conflicts with what has landed is sent back with one comment, and lands after a fix', async () => {
  const first = await openPull('first-way', { 'src/two.js': 'export const two = 22;\n' });
  const second = await openPull('second-way', { 'src/two.js': 'export const two = 222;\n' });
  await world.say('mary', first.pull, '/approve');
  await world.until(first.pull, (row) => row.state === 'completed', 'has landed');
  await world.say('mary', second.pull, '/approve');
  await answered(second.pull, 'left the queue');
  await world.until(second.pull, (row) => row.state === 'in-review', 'is in review again');
  await world.rest();
  const comments = (await world.ours(second.pull)).filter(({ body }) =>
    body.includes(`#${second.pull} left the queue`),
  );
  expect(comments).toHaveLength(1);
  const main = await world.tipOf('main');
  const { data } = await world.as.walt.git.getCommit({ ...world.repo, commit_sha: main });
  const { data: merged } = await world.as.walt.git.createCommit({
    ...world.repo,
    message: 'Bring it up to date',
    tree: data.tree.sha,
    parents: [second.head, main],
  });
  await world.as.walt.git.updateRef({ ...world.repo, ref: 'heads/second-way', sha: merged.sha });
  await world.push('second-way', 'Two is 222', { 'src/two.js': 'export const two = 222;\n' });
  await world.until(second.pull, ({ reason }) => reason !== null, 'is in review');
  await world.rest();
  await world.say('mary', second.pull, '/approve');
  await world.until(second.pull, (row) => row.state === 'completed', 'has landed');
  expect(await isMerged(second.pull)).toBe(true);
});

test('closed by its author, it leaves the queue without a question to anybody', async () => {
  const { pull } = await openPull('never-mind', { 'docs/never.md': 'never\n' });
  await world.say('mary', pull, '/hold\n/approve');
  await answered(pull, 'not a task');
  await world.say('mary', pull, '/approve\n/hold');
  await world.until(pull, (row) => row.state === 'approved', 'is approved and held');
  await world.as.walt.pulls.update({ ...world.repo, pull_number: pull, state: 'closed' });
  const row = await world.until(pull, (each) => each.state === 'cancelled', 'is over');
  expect(row.reason).toContain('closed');
  expect((await world.view()).escalations).toEqual([]);
});

test('/try tests a PR on the base, alone and with another, says what came of it, and queues nothing', async () => {
  const good = await openPull('try-me', { 'src/tried.js': 'export const tried = 1;\n' });
  const bad = await openPull('try-bad', {
    'test/tried.test.js':
      "import assert from 'node:assert';\nimport { existsSync } from 'node:fs';\nimport { test } from 'node:test';\ntest('alone', () => assert.ok(!existsSync('src/tried.js')));\n",
  });
  const before = await world.tipOf('main');
  await world.say('rita', good.pull, '/try');
  await answered(good.pull, 'write access');
  await world.say('walt', good.pull, '/try');
  await answered(good.pull, '**passed**');
  await world.say('walt', good.pull, `/try #${bad.pull}`);
  const told = await answered(good.pull, '**failed**');
  expect(told.body).toContain(`with #${bad.pull} **failed**: the check ci ended with failure`);
  await world.rest();
  const { plan, queue, landings } = await world.view();
  expect(queue).toEqual([]);
  expect(plan.find(({ issue }) => issue === good.pull)?.state).toBe('in-review');
  expect(plan.some(({ issue }) => issue === bad.pull)).toBe(false);
  expect(landings.flatMap(({ pulls }) => pulls)).not.toContain(good.pull);
  expect(await world.tipOf('main')).toBe(before);
  const { data } = await world.as.mary.git.listMatchingRefs({ ...world.repo, ref: 'heads/signalbox' });
  expect(data).toEqual([]);
});

test('/rebase merges the base into its branch', async () => {
  const behind = await openPull('behind', { 'docs/behind.md': 'behind\n' });
  const ahead = await openPull('ahead', { 'docs/ahead.md': 'ahead\n' });
  await world.say('mary', ahead.pull, '/approve');
  await world.until(ahead.pull, (row) => row.state === 'completed', 'has landed');
  const main = await world.tipOf('main');
  await world.say('walt', behind.pull, '/try');
  await world.until(behind.pull, (row) => row.state === 'in-review', 'is known');
  await world.say('walt', behind.pull, '/rebase');
  const merged = await world.eventually(async () => {
    const tip = await world.tipOf('behind');
    return tip === behind.head ? null : tip;
  }, 'its branch has moved');
  const { data } = await world.as.walt.git.getCommit({ ...world.repo, commit_sha: merged });
  expect(data.parents.map(({ sha }) => sha)).toEqual([behind.head, main]);
});
