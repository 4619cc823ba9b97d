/** What is tried with the content of a branch: files that run, files that hide, and commits from elsewhere. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { GatedWorker } from '../stories/gated-worker.ts';
import { form, startWorld, type World } from '../stories/world.ts';
import {
  arbiterOn,
  commitTo,
  openTarget,
  reactionsOn,
  type Target,
  type TreePart,
  waitsFor,
  waitsOf,
  workedOn,
  writeCommit,
} from './target.ts';

const agentToken = 'an-agent-token-of-sufficient-length';
const codeowners = '/.github/ @mary\n';
const policy = `schedule: { grace: 0ms }
limits: { running: 50, in_review: 50 }
agents:
  hands: { via: adopt }
  robot: { via: pull }
`;

let world: World;
let dir: string;
/** What repository content would make if anything of it were run. */
let trace: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'signalbox-diffs-'));
  trace = join(dir, 'executed');
  world = await startWorld({
    policy,
    agentToken,
    draftsAllowed: false,
    files: {
      '.github/CODEOWNERS': codeowners,
      '.github/workflows/ci.yml': 'on: push\n',
      'tools/run.sh': 'echo run\n',
    },
  });
  await world.sandbox.addRepo({ owner: 'acme', name: 'vault', files: { 'x.txt': 'x\n' }, private: true });
  const ready = async () => (await world.view().catch(() => null))?.baseSha ?? null;
  await world.eventually(ready, 'the lane is open');
});
afterEach(() => world.proveReplay());
afterAll(async () => {
  await world.close();
  await rm(dir, { recursive: true, force: true });
});

const text = async (sha: string, conclusion: 'success' | 'failure') =>
  (await arbiterOn(world, sha, conclusion)).output.text ?? '';

/** A task of somebody's own hands, in review with what the parts say. */
async function made(title: string, owns: string[], parts: TreePart[]): Promise<Target> {
  const target = await openTarget(world, title, owns);
  const head = await commitTo(world, world.as.walt, { branch: target.branch, message: title, parts });
  await world.until(target.issue, (row) => row.state === 'in-review', 'is in review');
  return { ...target, head };
}

async function typed(by: 'mary' | 'walt', under: number, body: string): Promise<'rocket' | 'confused'> {
  const comment = await world.say(by, under, body);
  return world.eventually(async () => {
    const seen = await reactionsOn(world, comment);
    return seen.includes('rocket') ? 'rocket' : seen.includes('confused') ? 'confused' : null;
  }, `${body} is decided`);
}

const close = (issue: number) =>
  world.as.mary.issues.update({
    ...world.repo,
    issue_number: issue,
    state: 'closed',
    state_reason: 'not_planned',
  });

describe('files that decide what runs, or who decides', () => {
  test('S30 workflows and composite actions go to people, even in a task that owns everything', async () => {
    const target = await made(
      'Everything',
      ['**'],
      [
        { path: '.github/workflows/ci.yml', content: 'on: pull_request_target\n' },
        { path: 'tools/setup/action.yml', content: 'runs: { using: composite }\n' },
      ],
    );
    const told = await text(target.head, 'failure');
    for (const path of ['.github/workflows/ci.yml', 'tools/setup/action.yml'])
      expect(told).toContain(`\`protected\` | \`${path}\``);
    expect(await typed('walt', target.pull, '/approve')).toBe('rocket');
    expect(await typed('walt', target.pull, '/override protected I say so')).toBe('confused');
    await waitsFor(world, target.issue, 'signalbox/arbiter has 2 findings');
    expect((await world.view()).queue).toEqual([]);
    await close(target.issue);
  });

  test('S31 a PR that makes rules for itself is judged by those of the base branch', async () => {
    const target = await made(
      'My rules',
      ['.github/signalbox.yml', '.github/CODEOWNERS'],
      [
        {
          path: '.github/signalbox.yml',
          content: 'gate: { approvals: 0, codeowners: false }\nautonomy: { default: out-of-the-loop }\n',
        },
        { path: '.github/CODEOWNERS', content: '* @walt\n' },
      ],
    );
    await arbiterOn(world, target.head, 'success');
    expect(await typed('walt', target.pull, '/approve')).toBe('rocket');
    await waitsFor(world, target.issue, '@mary must approve .github/CODEOWNERS and 1 more');
    expect((await world.view()).queue).toEqual([]);
    await close(target.issue);
  });

  test('S33 a rename is judged by the name that goes as well as by the name that comes', async () => {
    const target = await made(
      'Rename',
      ['docs/**'],
      [
        { path: '.github/CODEOWNERS', sha: null },
        { path: 'docs/owners.txt', content: codeowners },
        { path: 'src/two.js', sha: null },
        { path: 'docs/two.js', content: 'export const two = 2;\n' },
      ],
    );
    const told = await text(target.head, 'failure');
    expect(told).toContain('`protected` | `.github/CODEOWNERS`');
    expect(told).toContain('`scope` | `.github/CODEOWNERS`');
    expect(told).toContain('`scope` | `src/two.js`');
    await close(target.issue);
  });
});

describe('files that hide', () => {
  test('S32 three thousand files do not hide a workflow, and what was not read in full does not pass', async () => {
    const { data: blob } = await world.as.walt.git.createBlob({ ...world.repo, content: 'x\n' });
    const many = Array.from({ length: 3_000 }, (_, n): TreePart => ({ path: `a/${n}.txt`, sha: blob.sha }));
    const target = await made(
      'Many',
      ['a/**'],
      [...many, { path: '.github/workflows/z.yml', content: 'on: push\n' }],
    );
    const told = await text(target.head, 'failure');
    expect(told).toContain('`scope` | `.github/workflows/z.yml`');
    expect(told).toContain('`protected` | `.github/workflows/z.yml`');
    expect(told).toContain('the diff could not be read completely');
    expect(told).toContain('| `size` | **');
    await close(target.issue);
  });

  test('S34 a link, a submodule and a name that differs in case alone are refused', async () => {
    const target = await made(
      'Links',
      ['docs/**', 'src/ONE.js'],
      [
        { path: 'docs/link', mode: '120000', content: '../../../etc/passwd' },
        { path: 'docs/module', mode: '160000', sha: 'a'.repeat(40) },
        { path: 'src/ONE.js', content: 'export const one = 2;\n' },
      ],
    );
    const told = await text(target.head, 'failure');
    expect(told).toContain('`docs/link` | a symbolic link');
    expect(told).toContain('`docs/module` | a submodule');
    expect(told).toContain('differs from src/one.js in the case of letters only');
    await close(target.issue);
  });
});

describe('commits on the way', () => {
  const secret = `ghp_${'aB3dE5gH1jK7'.repeat(3)}`;

  test('S48 a secret that a later commit takes away is found in the commit that brought it', async () => {
    const target = await openTarget(world, 'Oops', ['docs/**']);
    const commit = (message: string, parts: TreePart[]) =>
      commitTo(world, world.as.walt, { branch: target.branch, message, parts });
    await commit('First', [{ path: 'docs/first.md', content: 'first\n' }]);
    const leaking = await commit('Set up', [
      { path: 'docs/setup.md', content: `Set up\n\ntoken: ${secret}\n` },
    ]);
    await commit('Take it away', [{ path: 'docs/setup.md', content: 'Set up\n' }]);
    const head = await commit(`Say ${secret}`, [{ path: 'docs/second.md', content: 'second\n' }]);
    const told = await text(head, 'failure');
    expect(told).toContain(`GitHub token, in line 3 as of commit ${leaking.slice(0, 12)}`);
    expect(told).toContain(`GitHub token, in the message of commit ${head.slice(0, 12)}`);
    expect(told).toContain('| `secrets` | **2 findings to settle** |');
    expect(told).not.toContain(secret);
    // Rewritten without them, the branch is clean.
    const ref = { ...world.repo, ref: `heads/${target.branch}` };
    const clean = await writeCommit(world, world.as.walt, {
      branch: 'main',
      message: 'All of it',
      parts: [{ path: 'docs/setup.md', content: 'Set up\n' }],
    });
    await world.as.walt.git.updateRef({ ...ref, sha: clean, force: true });
    await arbiterOn(world, clean, 'success');
    await close(target.issue);
  });

  test('S48 what the base branch had before is not held against a branch that merges it', async () => {
    const target = await openTarget(world, 'Behind', ['docs/**']);
    await commitTo(world, world.as.walt, {
      branch: target.branch,
      message: 'Work',
      parts: [{ path: 'docs/behind.md', content: 'x\n' }],
    });
    const onMain = await world.push('main', 'Somebody else leaks', { 'lib/leak.js': `// ${secret}\n` });
    const { data } = await world.as.walt.repos.merge({ ...world.repo, base: target.branch, head: 'main' });
    const next = {
      branch: target.branch,
      message: 'More',
      parts: [{ path: 'docs/behind.md', content: 'y\n' }],
    };
    const head = await commitTo(world, world.as.walt, next);
    expect([data.parents.map(({ sha }) => sha)[1], await text(head, 'success')]).toEqual([
      onMain,
      expect.not.stringContaining('secret:'),
    ]);
    await close(target.issue);
  });
});

describe('commits from elsewhere', () => {
  test('S38 a commit that is in the repository and on no branch of the PR’s is no head', async () => {
    const target = await workedOn(world, {
      title: 'Impostor',
      owns: ['docs/impostor.md'],
      files: { 'docs/impostor.md': 'x\n' },
    });
    // What a fork's push leaves behind: GitHub serves the object under this repository's name.
    const impostor = await writeCommit(world, world.as.walt, {
      branch: target.branch,
      message: 'From a fork',
      parts: [{ path: 'docs/impostor.md', content: 'evil\n' }],
    });
    expect(await typed('walt', target.pull, `/approve ${impostor}`)).toBe('confused');
    expect(await waitsOf(world, target.issue)).toContain('nobody has approved this commit');
    expect(await world.checkOf(impostor, 'signalbox/arbiter')).toBeUndefined();
    await close(target.issue);
  });
});

describe('dependencies', () => {
  test('S50 a circle, an edge to itself and one to a repository that cannot be seen are named and held', async () => {
    const first = await world.as.mary.issues.create({ ...world.repo, title: 'A', body: '' });
    const a = first.data.number;
    const second = await world.as.mary.issues.create({
      ...world.repo,
      title: 'B',
      body: form({ owns: ['docs/b.md'], dependsOn: [a] }),
    });
    const b = second.data.number;
    await world.as.mary.issues.update({
      ...world.repo,
      issue_number: a,
      body: form({ owns: ['docs/a.md'], dependsOn: [b] }),
    });
    const label = (number: number) =>
      world.as.mary.issues.addLabels({ ...world.repo, issue_number: number, labels: ['agent-ready'] });
    await label(a);
    await label(b);
    await waitsFor(world, a, `it waits for itself: #${a} → #${b} → #${a}`);
    await waitsFor(world, b, `it waits for itself: #${b} → #${a} → #${b}`);

    const alone = await world.as.mary.issues.create({ ...world.repo, title: 'C', body: '' });
    const c = alone.data.number;
    await world.as.mary.issues.update({
      ...world.repo,
      issue_number: c,
      body: form({ owns: ['docs/c.md'], dependsOn: [c] }),
    });
    await label(c);
    await world.eventually(
      async () => (await world.ours(c)).some(({ body }) => body.includes(`#${c}`) && /itself/.test(body)),
      'an edge to itself is named',
    );

    const body = `${form({ owns: ['docs/d.md'] }).replace('_No response_', 'acme/vault#1')}`;
    const { data: d } = await world.as.mary.issues.create({ ...world.repo, title: 'D', body });
    await label(d.number);
    await waitsFor(world, d.number, 'acme/vault#1 was not found');
    const view = await world.view();
    for (const issue of [a, b, d.number])
      expect(view.plan.find((row) => row.issue === issue)?.state).toBe('waiting');
    for (const issue of [a, b, c, d.number]) await close(issue);
  });
});

describe('files that git or a shell would run', () => {
  test('S35 attributes, hooks and configuration in the repository are content and nothing more', {
    timeout: 120_000,
  }, async () => {
    const touch = `touch ${trace}`;
    const target = await made(
      'Traps',
      ['**'],
      [
        { path: '.gitattributes', content: '* filter=trap diff=trap merge=trap\n' },
        {
          path: '.gitconfig',
          content: `[core]\n\tfsmonitor = ${touch}\n[filter "trap"]\n\tsmudge = ${touch}\n\tclean = ${touch}\n`,
        },
        { path: '.gitmodules', content: `[submodule "x"]\n\tpath = x\n\turl = ./x\n\tupdate = !${touch}\n` },
        { path: '.githooks/post-checkout', mode: '100755', content: `#!/bin/sh\n${touch}\n` },
        { path: '.husky/pre-commit', mode: '100755', content: `#!/bin/sh\n${touch}\n` },
        { path: 'hooks/update', mode: '100755', content: `#!/bin/sh\n${touch}\n` },
      ],
    );
    const told = await text(target.head, 'failure');
    for (const path of ['.gitattributes', '.gitmodules', '.githooks/post-checkout', '.husky/pre-commit'])
      expect(told).toContain(`\`protected\` | \`${path}\``);
    // Even when a maintainer accepts all of it, and candidates and workers work on top of it.
    expect(await typed('mary', target.pull, '/override protected to see what happens')).toBe('rocket');
    expect(await typed('mary', target.pull, '/approve')).toBe('rocket');
    await world.until(target.issue, (row) => row.state === 'completed', 'has landed');

    const worker = await GatedWorker.open({
      dir,
      url: world.url,
      token: agentToken,
      agent: 'robot',
      script: 'mkdir -p docs; echo done > docs/robot.md',
    });
    worker.start(null);
    const { data: issue } = await world.as.mary.issues.create({
      ...world.repo,
      title: 'On traps',
      body: form({ owns: ['docs/robot.md'] }),
    });
    await world.as.mary.issues.addLabels({
      ...world.repo,
      issue_number: issue.number,
      labels: ['agent:robot', 'agent-ready'],
    });
    await world
      .until(issue.number, (row) => row.state === 'in-review', 'is in review by a worker')
      .catch((cause: unknown) => {
        throw new Error(worker.said.slice(-2_000), { cause });
      })
      .finally(() => worker.close());
    expect(worker.said).toContain('"pushed"');
    expect(existsSync(trace)).toBe(false);
  });
});
