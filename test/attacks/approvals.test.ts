/** What is tried between an approval and the landing: other commits, other people, and checks that are not what they seem. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createCheckRun } from '../../src/sandbox/check-changes.ts';
import type { CheckConclusion, Role } from '../../src/sandbox/model.ts';
import { startWorld, type World } from '../stories/world.ts';
import { forge, named } from './forge.ts';
import { arbiterOn, commitTo, reactionsOn, type Target, waitsFor, waitsOf, workedOn } from './target.ts';

let world: World;

const policy = `schedule: { grace: 0ms }
limits: { running: 50, in_review: 50 }
gate: { checks: [ci], apps: { ci: github-actions } }
`;

beforeAll(async () => {
  world = await startWorld({ policy, draftsAllowed: false });
  const ready = async () => (await world.view().catch(() => null))?.baseSha ?? null;
  await world.eventually(ready, 'the lane is open');
});
afterEach(async () => {
  await world.proveReplay();
  // What stays in the queue would be tested again with everything that comes after it.
  for (const issue of open.splice(0))
    await world.as.mary.issues.update({
      ...world.repo,
      issue_number: issue,
      state: 'closed',
      state_reason: 'not_planned',
    });
});
afterAll(() => world.close());

let count = 0;
const open: number[] = [];
/** A task in review that adds one file of its own. */
const fresh = async (title: string): Promise<Target> => {
  count += 1;
  const path = `docs/file-${count}.md`;
  const target = await workedOn(world, { title, owns: [path], files: { [path]: `${title}\n` } });
  open.push(target.issue);
  return target;
};

async function typed(by: 'mary' | 'walt', under: number, body: string): Promise<void> {
  const comment = await world.say(by, under, body);
  await world.eventually(async () => {
    const seen = await reactionsOn(world, comment);
    if (seen.includes('confused')) throw new Error(`${body} was refused`);
    return seen.includes('rocket');
  }, `${body} is carried out`);
}

const review = async (by: 'mary' | 'walt', pull: number, event: 'APPROVE' | 'REQUEST_CHANGES') =>
  (await world.as[by].pulls.createReview({ ...world.repo, pull_number: pull, event, body: 'looked at' })).data
    .id;

const isQueued = async ({ issue }: Target): Promise<boolean> =>
  (await world.view()).queue.some((row) => row.issue === issue);

/** Approved and in the queue, where nothing lands: the lane is frozen. */
async function queued(target: Target): Promise<void> {
  await typed('walt', target.pull, '/approve');
  await world.eventually(() => isQueued(target), `#${target.issue} is queued`);
}

const backInReview = (target: Target, reason: string) =>
  world.until(
    target.issue,
    (row) => row.state === 'in-review' && (row.reason ?? '').includes(reason),
    `is back in review: ${reason}`,
  );

/** What a rerun of CI reports: another run of the same name by the same App. */
async function ciSays(sha: string, conclusion: CheckConclusion): Promise<void> {
  const { world: github } = world.sandbox;
  const app = [...github.book.apps.values()].find(({ slug }) => slug === 'github-actions');
  const repo = github.book.repos.get('acme/engine');
  if (!app || !repo) throw new Error('no CI');
  const run = { name: 'ci', sha, status: 'completed' as const, conclusion };
  await github.withLock(repo, () => createCheckRun(github, repo, app, run));
}

const ciIsOver = (sha: string) =>
  world.eventually(async () => (await world.checkOf(sha, 'ci'))?.conclusion, `CI is over on ${sha}`);

async function roleOf(login: string, role: Role): Promise<void> {
  world.sandbox.world.book.repos.get('acme/engine')?.collaborators.set(login, role);
}

/** Looks at a PR because of a webhook, when the true ones are lost. */
async function knock({ pull }: Target, action = 'synchronize'): Promise<void> {
  const { data } = await world.as.mary.pulls.get({ ...world.repo, pull_number: pull });
  const payload = { action, number: pull, pull_request: data, ...(await named(world)) };
  expect(await forge(world, { event: 'pull_request', payload })).toBe(202);
}

describe('while landings are frozen and the entry is queued', () => {
  beforeAll(async () => {
    const first = await fresh('Somewhere to type');
    await typed('mary', first.issue, '/freeze for the attacks');
  });

  test('S21 approve, then force-push away and back: the same commit, and no approval, even if no webhook told of it', async () => {
    const target = await fresh('Away and back');
    const id = await review('walt', target.pull, 'APPROVE');
    await world.eventually(() => isQueued(target), 'is queued by the review');
    world.sandbox.faults.delivery = () => 'drop';
    await world.push(target.branch, 'Away', { 'docs/away.md': 'away\n' });
    const ref = { ...world.repo, ref: `heads/${target.branch}` };
    await world.as.walt.git.updateRef({ ...ref, sha: target.head, force: true });
    delete world.sandbox.faults.delivery;
    expect(await isQueued(target)).toBe(true);
    await knock(target);
    await backInReview(target, 'force-pushed away and back');
    expect(await isQueued(target)).toBe(false);
    // The review stands on GitHub still; it is about a branch that was another one meanwhile.
    await knock(target);
    await world.rest();
    expect(await isQueued(target)).toBe(false);
    const { data } = await world.as.mary.pulls.getReview({
      ...world.repo,
      pull_number: target.pull,
      review_id: id,
    });
    expect(data.state).toBe('APPROVED');
  });

  test('S22 a push after the candidate has passed takes it all back: nothing of either commit lands', async () => {
    const target = await fresh('Swap');
    await queued(target);
    await waitsFor(world, target.issue, 'it has been tested well');
    const tip = await world.tipOf('main');
    await world.push(target.branch, 'Something else', { 'docs/swapped.md': 'not what was read\n' });
    await backInReview(target, 'the head moved');
    expect(await isQueued(target)).toBe(false);
    expect(await world.tipOf('main')).toBe(tip);
  });

  test.each([
    ['2001-01-01T00:00:00Z', 'in the past'],
    ['2099-01-01T00:00:00Z', 'in the future'],
  ])('S23 a commit dated %s has no more influence than any other: one %s', async (date) => {
    const target = await fresh(`Dated ${date}`);
    await queued(target);
    const parts = [{ path: `docs/file-${count}.md`, content: 'changed after the approval\n' }];
    const head = await commitTo(world, world.as.walt, {
      branch: target.branch,
      message: 'Old news',
      parts,
      date,
    });
    await backInReview(target, 'the head moved');
    await arbiterOn(world, head, 'success');
    await typed('walt', target.pull, `/approve ${head}`);
    await world.eventually(() => isQueued(target), 'is queued by an approval of what is there now');
  });

  test('S25 a dismissed review takes the entry out of the queue', async () => {
    const target = await fresh('Dismissed');
    const id = await review('walt', target.pull, 'APPROVE');
    await world.eventually(() => isQueued(target), 'is queued by the review');
    const of = { ...world.repo, pull_number: target.pull, review_id: id };
    await world.as.mary.pulls.dismissReview({ ...of, message: 'not thorough enough' });
    await backInReview(target, 'the review of walt was dismissed');
    expect(await isQueued(target)).toBe(false);
  });

  test('S25 a reviewer who may not write any more takes the approval along', async () => {
    const target = await fresh('Left the team');
    await queued(target);
    await roleOf('walt', 'read');
    await knock(target, 'labeled');
    await backInReview(target, 'walt may no longer write');
    expect(await isQueued(target)).toBe(false);
    await roleOf('walt', 'write');
    await knock(target, 'labeled');
    await world.rest();
    // What was given up does not come back by itself.
    expect(await isQueued(target)).toBe(false);
  });

  test('a pull request that is turned to another base is nobody’s to land there, nor here without a new approval', async () => {
    const target = await fresh('Elsewhere');
    await queued(target);
    const main = await world.tipOf('main');
    await world.as.walt.git.createRef({ ...world.repo, ref: 'refs/heads/release', sha: main });
    const to = (base: string) =>
      world.as.walt.pulls.update({ ...world.repo, pull_number: target.pull, base });
    await to('release');
    await backInReview(target, 'goes to release instead of main');
    expect(await isQueued(target)).toBe(false);
    await to('main');
    await world.rest();
    expect(await isQueued(target)).toBe(false);
    expect(await waitsOf(world, target.issue)).toContain('nobody has approved this commit');
    expect(await world.tipOf('release')).toBe(main);
  });

  test('S29 a required check whose rerun turns red ejects the entry', async () => {
    const target = await fresh('Rerun');
    await queued(target);
    await ciSays(target.head, 'failure');
    await backInReview(target, 'the check ci turned to failure');
    expect(await isQueued(target)).toBe(false);
  });
});

describe('who approves', () => {
  test('S24 whoever asked for the work and wrote it approves nothing, by command or by review', async () => {
    const target = await fresh('Own work');
    const parts = [{ path: `docs/file-${count}.md`, content: 'by mary herself\n' }];
    const head = await commitTo(world, world.as.mary, { branch: target.branch, message: 'Mine', parts });
    await arbiterOn(world, head, 'success');
    const comment = await world.say('mary', target.pull, '/approve');
    await world.eventually(
      async () => (await reactionsOn(world, comment)).includes('confused'),
      'mary is refused',
    );
    await review('mary', target.pull, 'APPROVE');
    await world.rest();
    expect(await isQueued(target)).toBe(false);
    expect(await waitsOf(world, target.issue)).toContain('nobody has approved this commit');
    await queued(target);
  });

  test('S24 a bot, with a review of its own, approves nothing', async () => {
    const target = await fresh('Bot’s friend');
    const bot = world.bot('approver');
    await bot.pulls.createReview({ ...world.repo, pull_number: target.pull, event: 'APPROVE' });
    await world.rest();
    expect(await waitsOf(world, target.issue)).toContain('nobody has approved this commit');
    expect(await isQueued(target)).toBe(false);
  });
});

describe('checks that are not what they seem', () => {
  let target: Target;
  const rows = async () => (await waitsOf(world, target.issue)).join('\n');

  beforeAll(async () => {
    // Outside its files, and CI fails on it.
    target = await workedOn(world, {
      title: 'Looks green',
      owns: ['docs/green.md'],
      files: { 'src/one.js': 'export const one = -1;\n' },
    });
    await arbiterOn(world, target.head, 'failure');
    await ciIsOver(target.head);
    await typed('walt', target.pull, '/approve');
  });

  test('S26 a status called like our check, set by a collaborator, is ignored and told of', async () => {
    for (const context of ['signalbox/arbiter', 'signalbox/queue', 'ci'])
      await world.as.walt.repos.createCommitStatus({
        ...world.repo,
        sha: target.head,
        state: 'success',
        context,
      });
    await waitsFor(world, target.issue, 'somebody else has reported a check of this name: it does not count');
    expect(await rows()).toContain('ci failure is not proof');
    expect(await isQueued(target)).toBe(false);
  });

  test('S27 jobs and Apps whose checks are called like ours or like CI’s are ignored', async () => {
    const { world: github } = world.sandbox;
    const repo = github.book.repos.get('acme/engine');
    const actions = [...github.book.apps.values()].find(({ slug }) => slug === 'github-actions');
    if (!repo || !actions) throw new Error('no CI');
    // A job of the PR's own workflow, by the App of GitHub Actions.
    const job = {
      name: 'signalbox/arbiter',
      sha: target.head,
      status: 'completed',
      conclusion: 'success',
    } as const;
    await github.withLock(repo, () => createCheckRun(github, repo, actions, job));
    const helper = world.bot('helper');
    for (const name of ['signalbox/arbiter', 'ci']) {
      const run = { name, head_sha: target.head, status: 'completed', conclusion: 'success' } as const;
      await helper.checks.create({ ...world.repo, ...run });
    }
    await world.rest();
    expect(await rows()).toContain('ci failure is not proof');
    expect(await rows()).toMatch(/signalbox\/arbiter has 1 finding/);
    expect(await isQueued(target)).toBe(false);
    // Ours is still ours, and says what it said.
    const { data } = await world.as.mary.checks.listForRef({
      ...world.repo,
      ref: target.head,
      app_id: world.appId,
    });
    const own = data.check_runs.filter(({ name }) => name === 'signalbox/arbiter');
    expect(own.map(({ conclusion }) => conclusion)).toEqual(['failure']);
  });

  test('S28 a required job that was skipped has proved nothing', async () => {
    const skipped = await fresh('Skipped');
    await ciIsOver(skipped.head);
    await ciSays(skipped.head, 'skipped');
    await waitsFor(world, skipped.issue, 'ci skipped is not proof');
    await typed('walt', skipped.pull, '/approve');
    await world.rest();
    expect(await isQueued(skipped)).toBe(false);
    await ciSays(skipped.head, 'success');
    await world.eventually(() => isQueued(skipped), 'is queued once it has passed');
  });
});

test('S22 a push at the very moment of landing: what lands is what was approved and tested', async () => {
  const target = await fresh('Too late');
  await queued(target);
  await waitsFor(world, target.issue, 'it has been tested well');
  let pushed: Promise<string> | null = null;
  world.sandbox.faults.request = async ({ phase, write, path, method }) => {
    const isLanding =
      phase === 'before' &&
      write &&
      (path.endsWith('/graphql') || (method === 'PATCH' && path.endsWith('/git/refs/heads/main')));
    if (!isLanding || pushed) return undefined;
    pushed = world.push(target.branch, 'At the last moment', { 'docs/late.md': 'unread\n' });
    await pushed;
    return undefined;
  };
  await typed('mary', target.issue, '/unfreeze');
  const landed = async () => {
    const { data } = await world.as.mary.git.getTree({ ...world.repo, tree_sha: 'main', recursive: '1' });
    const paths = data.tree.map(({ path }) => path);
    expect(paths).not.toContain('docs/late.md');
    return paths.includes(`docs/file-${count}.md`);
  };
  await world.eventually(landed, 'what was approved lands');
  delete world.sandbox.faults.request;
  expect(pushed).not.toBeNull();
  await world.rest();
  expect(await landed()).toBe(true);
});
