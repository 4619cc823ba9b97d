/** A dozen pull requests through the queue at once: conflicts, a red one, a flaky one, one that needs another. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { PlanRow } from '../../src/core/lane/view.ts';
import { form, startWorld, type World } from './world.ts';

const run = promisify(execFile);

const policy = [
  'schedule: { grace: 0ms, mode: branches }',
  'limits: { running: 50, in_review: 50 }',
  'queue: { builds: 3, flake_retries: 1 }',
].join('\n');

let world: World;
let dir: string;

beforeAll(async () => {
  world = await startWorld({ policy });
  dir = await mkdtemp(join(tmpdir(), 'signalbox-queue-'));
});
afterAll(async () => {
  await world.close();
  await rm(dir, { recursive: true, force: true });
});

interface Work {
  issue: number;
  pull: number;
  head: string;
}

/** Passes at first, fails at the second run and passes from then on: its first run is that of its own branch. */
function flakyTest(file: string): string {
  return `import assert from 'node:assert';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
const file = ${JSON.stringify(file)};
const runs = existsSync(file) ? Number(readFileSync(file, 'utf8')) + 1 : 1;
writeFileSync(file, String(runs));
test('now and then', () => assert.notStrictEqual(runs, 2));
`;
}

/** What each PR changes. The last two of \`conflicting\` cannot be merged with each other, nor \`breaking\` with what it breaks. */
function planted(): { name: string; files: Record<string, string> }[] {
  const plain = Array.from({ length: 7 }, (_, index) => ({
    name: `plain ${index}`,
    files: { [`src/plain-${index}.js`]: `export const plain = ${index};\n` },
  }));
  return [
    ...plain,
    { name: 'two is 22', files: { 'src/two.js': 'export const two = 22;\n' } },
    { name: 'two is 222', files: { 'src/two.js': 'export const two = 222;\n' } },
    { name: 'one is 11', files: { 'src/one.js': 'export const one = 11;\n' } },
    {
      name: 'one stays 1',
      files: {
        'test/stays.test.js':
          "import assert from 'node:assert';\nimport { test } from 'node:test';\nimport { one } from '../src/one.js';\ntest('one stays', () => assert.strictEqual(one, 1));\n",
      },
    },
    { name: 'flaky', files: { 'test/flaky.test.js': flakyTest(join(dir, 'runs')) } },
  ];
}

/** All of them at once as far as Signalbox goes; a clone pushes one after the other. */
async function bringToReview(all: ReturnType<typeof planted>): Promise<Map<string, Work>> {
  const asked = [];
  for (const { name, files } of all) {
    const issue = await world.request('mary', name, form({ owns: Object.keys(files) }));
    asked.push({ name, files, issue });
  }
  const works = new Map<string, Work>();
  for (const { name, files, issue } of asked) {
    const row = await world.until(issue, (each) => each.pull !== null && each.branch !== null, 'has a PR');
    const pull = row.pull ?? 0;
    const head = await world.push(row.branch ?? '', name, files);
    const { data } = await world.as.walt.pulls.get({ ...world.repo, pull_number: pull });
    await world.as.walt.graphql(
      'mutation ($id: ID!) { markPullRequestReadyForReview(input: { pullRequestId: $id }) { clientMutationId } }',
      { id: data.node_id },
    );
    works.set(name, { issue, pull, head });
  }
  for (const { issue } of works.values())
    await world.until(issue, (each) => each.state === 'in-review', 'is in review');
  return works;
}

/** Until nothing is in the queue or on its way there; what stands still is told. */
async function untilAllSettled(issues: readonly number[]): Promise<void> {
  await vi.waitFor(
    async () => {
      const { plan } = await world.view();
      const open = plan.filter((row) => issues.includes(row.issue) && !isSettled(row));
      if (open.length === 0) return;
      const waits = open.map((row) => `#${row.issue} ${row.status}: ${row.waitsOn.map(({ what }) => what)}`);
      throw new Error(`not settled yet:\n${waits.join('\n')}`);
    },
    { timeout: 150_000, interval: 500 },
  );
}

/** Ended, as far as the queue is concerned. */
const isSettled = ({ state }: PlanRow): boolean => state === 'completed' || state === 'in-review';

test('a dozen at once land, or leave with a reason, and the tree that lands is the tree that git makes of them', {
  timeout: 300_000,
}, async () => {
  const base = await world.tipOf('main');
  const works = await bringToReview(planted());
  const of = (name: string): Work => {
    const work = works.get(name);
    if (!work) throw new Error(`no PR ${name}`);
    return work;
  };
  const last = of('plain 6');
  await world.say('walt', of('plain 0').issue, `/depends #${last.issue}`);
  await world.until(of('plain 0').issue, (row) => row.dependsOn.includes(last.issue), 'depends on another');
  for (const { pull } of works.values()) await world.say('walt', pull, '/approve');
  // The last word has been taken in when its own task is no longer in review.
  await world.until(of('flaky').issue, ({ state }) => state !== 'in-review', 'was approved');
  await untilAllSettled([...works.values()].map(({ issue }) => issue));

  const { landings, plan, queue } = await world.view();
  expect(queue).toEqual([]);
  const landed = landings.flatMap(({ issues }) => issues);
  const left = [...works].filter(([, { issue }]) => !landed.includes(issue)).map(([name]) => name);
  expect(left.toSorted()).toHaveLength(2);
  expect(left.filter((name) => name.startsWith('two'))).toHaveLength(1);
  expect(left.filter((name) => name.startsWith('one'))).toHaveLength(1);
  expect(new Set(landed).size).toBe(landed.length);
  expect(landed.indexOf(last.issue)).toBeLessThan(landed.indexOf(of('plain 0').issue));
  const reasonOf = (prefix: string) =>
    plan.find((row) => row.issue === of(left.find((name) => name.startsWith(prefix)) ?? '').issue)?.reason;
  expect(reasonOf('two')).toContain('conflicts with');
  expect(reasonOf('one')).toContain('ended with failure');

  const clone = join(dir, 'clone');
  const remote = new URL('/acme/engine.git', world.sandbox.url);
  remote.username = 'walt';
  remote.password = world.sandbox.addUser('walt').token;
  await run('git', ['clone', '--quiet', remote.href, clone]);
  const git = async (...args: string[]) =>
    (
      await run('git', ['-C', clone, '-c', 'user.name=o', '-c', 'user.email=o@example.org', ...args])
    ).stdout.trim();
  const treeOf = (commit: string) => git('rev-parse', `${commit}^{tree}`);
  for (const landing of landings) {
    expect(await treeOf(landing.sha)).toBe(landing.testedTree);
    expect(await world.checkOf(landing.testedSha, 'ci')).toMatchObject({ conclusion: 'success' });
  }
  await git('checkout', '--quiet', '-B', 'oracle', base);
  for (const issue of landed) {
    const work = [...works.values()].find((each) => each.issue === issue);
    await git('fetch', '--quiet', 'origin', `refs/pull/${work?.pull}/head`);
    await git('merge', '--quiet', '--no-edit', work?.head ?? '');
  }
  expect(await treeOf('oracle')).toBe(await treeOf('origin/main'));
  for (const issue of landed) {
    const work = [...works.values()].find((each) => each.issue === issue);
    const { data } = await world.as.mary.pulls.get({ ...world.repo, pull_number: work?.pull ?? 0 });
    expect(data.merged).toBe(true);
  }
  await world.proveReplay();
});
