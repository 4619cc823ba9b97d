/** What keeps a pull request out of the queue, and what lets it in: rules, owners, reviews, overrides and buttons. */
import type { Octokit } from '@octokit/rest';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type LocalServer, startLocalServer } from '../inspect/local-server.ts';
import { form, startWorld, type World } from './world.ts';

let world: World;
let registry: LocalServer;

const codeowners = '/src/ @mary\n';
const policy = 'schedule: { grace: 0ms }\ngate: { checks: [] }\n';

beforeAll(async () => {
  registry = await startLocalServer((path) =>
    path === '/known' ? [200, { time: { created: '2019-01-01T00:00:00Z' } }] : [404],
  );
  world = await startWorld({ policy, files: { '.github/CODEOWNERS': codeowners }, npmUrl: registry.url });
  // `ci` counts only from the App that runs it: what the branch's rules say is found out, not configured.
  const [ci] = [...world.sandbox.world.book.apps.values()].filter((app) => app.slug === 'github-actions');
  world.sandbox.protect('acme/engine', 'main', {
    requiredChecks: [
      { context: 'ci', ...(ci ? { appId: ci.id } : {}) },
      { context: 'signalbox/arbiter', appId: world.appId },
    ],
    bypassApps: ['signalbox'],
  });
});
afterEach(() => world.proveReplay());
afterAll(async () => {
  await world.close();
  await registry.close();
});

interface Run {
  id: number;
  conclusion: string | null;
  text: string;
}

const arbiter = (sha: string, conclusion: string): Promise<Run> =>
  world.eventually(async () => {
    const { data } = await world.as.mary.checks.listForRef({ ...world.repo, ref: sha });
    const run = data.check_runs.find(({ name }) => name === 'signalbox/arbiter');
    return run?.conclusion === conclusion ? { id: run.id, conclusion, text: run.output.text ?? '' } : null;
  }, `the arbiter says ${conclusion} on ${sha}`);

const press = (by: Octokit, run: Run, identifier: string) =>
  by.request('POST /repos/{owner}/{repo}/check-runs/{id}/requested-actions', {
    ...world.repo,
    id: run.id,
    identifier,
  });

const saysOn = (pull: number, words: string) =>
  world.eventually(
    async () => (await world.ours(pull)).find(({ body }) => body.includes(words)) ?? null,
    `a comment with: ${words}`,
  );

const review = (by: 'mary' | 'walt' | 'rita', pull: number, event: 'APPROVE' | 'REQUEST_CHANGES') =>
  world.as[by].pulls.createReview({ ...world.repo, pull_number: pull, event, body: 'looked at' });

async function work(issue: number, files: Record<string, string>) {
  const row = await world.until(issue, (each) => each.pull !== null && each.branch !== null, 'has a PR');
  const pull = row.pull ?? 0;
  const head = await world.push(row.branch ?? '', 'Work', files);
  const { data } = await world.as.walt.pulls.get({ ...world.repo, pull_number: pull });
  await world.as.walt.graphql(
    'mutation ($id: ID!) { markPullRequestReadyForReview(input: { pullRequestId: $id }) { clientMutationId } }',
    { id: data.node_id },
  );
  await world.until(issue, (each) => each.state === 'in-review', 'is in review');
  return { pull, branch: row.branch ?? '', head };
}

describe('a pull request', () => {
  test('with a secret is stopped at its line, explained on request, and let in by nobody but a maintainer', async () => {
    const issue = await world.request('mary', 'Call the API', form({ owns: ['docs/api.md'] }));
    const secret = `ghp_${'aB3dE5gH1jK7'.repeat(3)}`;
    const { pull, head } = await work(issue, { 'docs/api.md': `The API\n\ntoken: ${secret}\n` });
    const run = await arbiter(head, 'failure');
    expect(run.text).toContain('GitHub token');
    const { data: annotations } = await world.as.mary.checks.listAnnotations({
      ...world.repo,
      check_run_id: run.id,
    });
    expect(annotations).toMatchObject([
      { path: 'docs/api.md', start_line: 3, annotation_level: 'failure', title: 'secrets' },
    ]);
    await press(world.as.rita, run, 'explain');
    const explained = await saysOn(pull, 'What the arbiter found');
    await press(world.as.rita, run, 'retry');
    await saysOn(pull, 'nothing was done for');
    await press(world.as.walt, run, 'override');
    await saysOn(pull, '/override secrets');
    await press(world.as.walt, run, 'retry');
    await saysOn(pull, 'walt pressed Retry');
    // Judged again, in the check run that is there.
    expect((await arbiter(head, 'failure')).id).toBe(run.id);
    const { data: runs } = await world.as.mary.checks.listForRef({
      ...world.repo,
      ref: head,
      check_name: 'signalbox/arbiter',
      filter: 'all',
    });
    expect(runs.total_count).toBe(1);
    await world.say('walt', pull, '/override secrets it is an example');
    await saysOn(pull, 'is for maintainers');
    await world.say('mary', pull, '/override size it is an example');
    await saysOn(pull, 'what stands against it: secrets');
    const comment = await world.say('mary', pull, '/override secrets it is an example');
    await arbiter(head, 'success');
    // Neither the check nor any comment tells the secret.
    const told = [
      run.text,
      explained.body,
      JSON.stringify(annotations),
      ...(await world.ours(pull)).map(({ body }) => body),
    ];
    expect(told.filter((text) => text.includes(secret))).toEqual([]);
    expect(comment).toBeGreaterThan(0);
    await review('walt', pull, 'APPROVE');
    await world.until(issue, (row) => row.state === 'completed', 'has landed after a native review');
  });

  test('waits for the owner of its files, and for whoever asks for changes', async () => {
    const issue = await world.request('mary', 'Make one bigger', form({ owns: ['src/one.js', 'test/**'] }));
    const { pull, head } = await work(issue, {
      'src/one.js': 'export const one = 10;\n',
      'test/ten.test.js': "import assert from 'node:assert';\nassert.ok(10);\n",
    });
    await arbiter(head, 'success');
    await review('rita', pull, 'APPROVE');
    await review('walt', pull, 'APPROVE');
    const waits = await world.until(
      issue,
      (row) =>
        row.state === 'approved' && row.waitsOn.some(({ what }) => what.includes('@mary must approve')),
      'waits for the owner',
    );
    expect(waits.waitsOn.map(({ what }) => what).join()).not.toContain('rita');
    await review('walt', pull, 'REQUEST_CHANGES');
    await world.until(
      issue,
      (row) =>
        row.state === 'in-review' && row.waitsOn.some(({ what }) => what.includes('walt asks for changes')),
      'waits for walt',
    );
    await review('mary', pull, 'APPROVE');
    await world.until(issue, (row) => row.state === 'approved', 'is approved by its owner');
    expect((await world.view()).queue).toEqual([]);
    const { data: reviews } = await world.as.mary.pulls.listReviews({ ...world.repo, pull_number: pull });
    const against = reviews.filter(({ state }) => state === 'CHANGES_REQUESTED').at(-1);
    await world.as.mary.pulls.dismissReview({
      ...world.repo,
      pull_number: pull,
      review_id: against?.id ?? 0,
      message: 'settled',
    });
    await world.until(issue, (row) => row.state === 'completed', 'has landed');
  });

  test('S52: that names a package which nobody has published is stopped where it is named', async () => {
    const issue = await world.request('mary', 'Use a helper', form({ owns: ['tools/package.json'] }));
    const manifest = '{\n  "dependencies": {\n    "known": "1",\n    "nobody-has-this": "1"\n  }\n}\n';
    const { head } = await work(issue, { 'tools/package.json': manifest });
    const run = await arbiter(head, 'failure');
    expect(run.text).toContain('`tools/package.json`, line 4 | nobody-has-this does not exist in npm');
    expect(run.text).not.toContain('| known');
    expect(registry.asked.sort()).toEqual(['GET /known', 'GET /nobody-has-this']);
  });

  test('S20, S21: is not approved any more after a push, nor after one away and back', async () => {
    const issue = await world.request('mary', 'Say more', form({ owns: ['docs/more.md'] }));
    const { pull, branch, head } = await work(issue, { 'docs/more.md': 'more\n' });
    await arbiter(head, 'success');
    await world.as.walt.issues.addLabels({ ...world.repo, issue_number: issue, labels: ['agent-hold'] });
    await world.until(issue, (row) => row.waitsOn.some(({ kind }) => kind === 'hold'), 'is held');
    await world.say('walt', pull, '/approve');
    await world.until(issue, (row) => row.state === 'approved', 'is approved');
    const away = await world.push(branch, 'Away', { 'docs/more.md': 'away\n' });
    await world.as.walt.git.updateRef({ ...world.repo, ref: `heads/${branch}`, sha: head, force: true });
    expect(away).not.toBe(head);
    const back = await world.until(issue, (row) => row.state === 'in-review', 'has lost its approval');
    expect(back.waitsOn.map(({ command }) => command)).toContain('/approve');
    await world.say('walt', pull, '/approve');
    await world.until(issue, (row) => row.state === 'approved', 'is approved again');
    const comment = await world.say('walt', pull, '/unapprove');
    await world.until(issue, (row) => row.state === 'in-review', 'is not approved any more');
    expect(comment).toBeGreaterThan(0);
  });
});
