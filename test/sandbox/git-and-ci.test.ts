import { once } from 'node:events';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Ci } from '../../src/sandbox/ci.ts';
import { startCi } from '../../src/sandbox/ci.ts';
import type { Story } from './start-story.ts';
import { cloneUrl, git, openPull, pushFile, startStory, tipOf } from './start-story.ts';

let story: Story;
let work: string;
beforeEach(async () => {
  story = await startStory();
  work = await mkdtemp(join(tmpdir(), 'clone-'));
});
afterEach(async () => {
  await story.close();
  await rm(work, { recursive: true, force: true });
});

async function clone(token?: string): Promise<string> {
  await git(work, 'clone', '--quiet', cloneUrl(story, token), 'engine');
  return join(work, 'engine');
}

async function commitFile(dir: string, path: string, text: string): Promise<string> {
  await writeFile(join(dir, path), text);
  await git(dir, 'add', '--all');
  await git(dir, 'commit', '--quiet', '--message', `write ${path}`);
  return git(dir, 'rev-parse', 'HEAD');
}

/** A test that calls home and never ends. */
function endlessTest(port: number): string {
  return `import { connect } from 'node:net';
import test from 'node:test';
test('waits', () => new Promise(() => connect(${port}, '127.0.0.1').resume()));
`;
}

async function rejection(push: Promise<unknown>): Promise<string> {
  try {
    await push;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  throw new Error('the push was not refused');
}

describe('git', () => {
  test('clones, pushes a branch, and the pull request follows', async () => {
    const dir = await clone();
    await git(dir, 'checkout', '--quiet', '-b', 'topic');
    await commitFile(dir, 'topic.txt', 'one\n');
    await git(dir, 'push', '--quiet', 'origin', 'topic');
    const pull_number = await openPull(story, 'topic');
    const sha = await commitFile(dir, 'topic.txt', 'two\n');
    await git(dir, 'push', '--quiet', 'origin', 'topic');
    const { data } = await story.ada.pulls.get({ ...story.target, pull_number });
    expect(data.head.sha).toBe(sha);
    await git(dir, 'fetch', '--quiet', 'origin', `pull/${pull_number}/head`);
    expect(await git(dir, 'rev-parse', 'FETCH_HEAD')).toBe(sha);
  });

  test('pushes with an installation token only what its permissions allow', async () => {
    const mint = async (contents: 'read' | 'write') => {
      const { data } = await story.app.apps.createInstallationAccessToken({
        installation_id: story.installationId,
        permissions: { contents },
      });
      return data.token;
    };
    const dir = await clone(await mint('read'));
    await git(dir, 'checkout', '--quiet', '-b', 'topic');
    await commitFile(dir, 'topic.txt', 'one\n');
    expect(await rejection(git(dir, 'push', '--quiet', 'origin', 'topic'))).toContain('403');
    await git(dir, 'push', '--quiet', cloneUrl(story, await mint('write')), 'topic');
    expect(await tipOf(story, 'topic')).toBe(await git(dir, 'rev-parse', 'HEAD'));
  });

  test('is refused on a protected branch, until the commit has passed', async () => {
    const dir = await clone();
    story.sandbox.protect('ada/engine', 'main', { requiredChecks: [{ context: 'ci' }] });
    const sha = await commitFile(dir, 'direct.txt', 'direct\n');
    expect(await rejection(git(dir, 'push', '--quiet', 'origin', 'main'))).toContain(
      'Required status check "ci" is expected.',
    );
    await git(dir, 'push', '--quiet', 'origin', 'main:topic');
    await story.bot.checks.create({ ...story.target, name: 'ci', head_sha: sha, conclusion: 'success' });
    await git(dir, 'push', '--quiet', 'origin', 'main');
    expect(await tipOf(story, 'main')).toBe(sha);
    await git(dir, 'commit', '--quiet', '--amend', '--message', 'rewritten');
    expect(await rejection(git(dir, 'push', '--force', 'origin', 'main'))).toContain('Cannot force-push');
  });
});

describe('CI', () => {
  let ci: Ci;
  beforeEach(async () => {
    ci = await startCi(story.sandbox);
  });
  afterEach(() => ci.close());

  async function runsAt(ref: string, filter: 'latest' | 'all' = 'all') {
    await ci.idle();
    const { data } = await story.ada.checks.listForRef({ ...story.target, ref, filter });
    return data.check_runs;
  }
  const PASSING = "import test from 'node:test';\ntest('adds', () => {});\n";
  const FAILING = "import test from 'node:test';\ntest('adds', () => { throw new Error('off by one'); });\n";

  test('runs the tests of what was pushed, and says how they ended', async () => {
    const dir = await clone();
    await writeFile(join(dir, 'package.json'), '{"type":"module"}\n');
    const passing = await commitFile(dir, 'sum.test.js', PASSING);
    await git(dir, 'push', '--quiet', 'origin', 'main:good');
    await writeFile(join(dir, 'sum.test.js'), '');
    const failing = await commitFile(dir, 'sum.test.js', FAILING);
    await git(dir, 'push', '--quiet', 'origin', 'main:bad');
    const [good] = await runsAt(passing);
    expect(good).toMatchObject({ name: 'ci', status: 'completed', conclusion: 'success' });
    expect(good?.app?.slug).toBe('github-actions');
    const [bad] = await runsAt(failing);
    expect(bad).toMatchObject({ conclusion: 'failure' });
    expect(bad?.output.text).toContain('off by one');
  });

  test('is neutral without a package, silent on prepared branches, and runs again only when asked', async () => {
    const sha = await pushFile(story, 'plain', 'plain.txt', 'plain\n');
    const [neutral] = await runsAt(sha);
    expect(neutral?.conclusion).toBe('neutral');

    const { ada, target } = story;
    await ada.git.createRef({ ...target, ref: 'refs/heads/copy', sha });
    expect(await runsAt(sha)).toHaveLength(1);
    await ada.checks.rerequestRun({ ...target, check_run_id: neutral?.id ?? 0 });
    expect(await runsAt(sha)).toHaveLength(2);
    expect(await runsAt(sha, 'latest')).toHaveLength(1);

    const silent = await pushFile(story, 'queue/prepare/1', 'silent.txt', 'silent\n');
    expect(await runsAt(silent)).toHaveLength(0);
  });

  test('kills what is running when it is closed', async () => {
    const dir = await clone();
    await appendFile(join(dir, 'package.json'), '{"type":"module"}\n');
    const home = createServer().listen(0, '127.0.0.1');
    await once(home, 'listening');
    const address = home.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    const called = once(home, 'connection');
    const sha = await commitFile(dir, 'endless.test.js', endlessTest(port));
    await git(dir, 'push', '--quiet', 'origin', 'main:endless');
    const [line]: Socket[] = await called;
    const ended =
      line === undefined
        ? null
        : once(
            line.on('error', () => line.destroy()),
            'close',
          );
    await ci.close();
    // Its end of the line closes only because the process is gone.
    await ended;
    home.close();
    await story.sandbox.idle();
    const { data } = await story.ada.checks.listForRef({ ...story.target, ref: sha });
    expect(data.check_runs.every((run) => run.status !== 'completed')).toBe(true);
  });
});
