/** `signalbox doctor` against the sandbox: what it reads of a repository, and what it ends with. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runDoctor } from '../../src/engine/doctor.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';

const silent = () => undefined;
const log = { debug: silent, info: silent, warn: silent, error: silent };

let sandbox: Sandbox;
let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'signalbox-doctor-'));
  sandbox = await startSandbox({ dir: join(dir, 'github') });
});
afterEach(async () => {
  await sandbox.close();
  await rm(dir, { recursive: true, force: true });
});

const workflow = (branches: string) =>
  `on:\n  push: { branches: [${branches}] }\njobs:\n  ci: { runs-on: ubuntu-latest }\n`;

async function open(files: Record<string, string>) {
  await sandbox.addRepo({ owner: 'acme', name: 'engine', files });
  const app = sandbox.addApp({ slug: 'signalbox' });
  sandbox.install('signalbox', 'acme', ['acme/engine']);
  const who = { apiUrl: sandbox.url, appId: String(app.id), privateKey: app.privateKey };
  const ask = async (repo: string | null = null) => {
    const { text, ok } = await runDoctor(who, log, { repo, json: true });
    const [line = '{}'] = text.split('\n');
    const { lane, findings } = JSON.parse(line) as {
      lane: string;
      findings: { level: string; code: string }[];
    };
    return { ok, lane, found: findings.map(({ level, code }) => `${level} ${code}`) };
  };
  return { app, who, ask };
}

const agents = 'agents: { local: { via: pull } }\n';

test('a repository that is set up well has no errors', async () => {
  const { app, ask } = await open({
    '.github/workflows/ci.yml': workflow('main, "signalbox/build/**"'),
    '.github/signalbox.yml': `${agents}gate: { apps: { ci: github-actions } }\n`,
  });
  sandbox.protect('acme/engine', 'main', {
    requiredChecks: [{ context: 'ci' }, { context: 'signalbox/arbiter', appId: app.id }],
    bypassApps: ['signalbox'],
  });
  const { ok, lane, found } = await ask();
  expect(lane).toBe('acme/engine@main');
  expect(found.filter((each) => each.startsWith('error') || each.startsWith('warning'))).toEqual([]);
  expect(ok).toBe(true);
});

test('what stands in the way is named, and it does not end well', async () => {
  const { who, ask } = await open({
    '.github/workflows/ci.yml': workflow('main'),
    '.github/signalbox.yml': `${agents}gate: { checks: [ci, lint] }\n`,
  });
  sandbox.protect('acme/engine', 'main', {
    requiredChecks: [{ context: 'signalbox/arbiter' }],
    rules: ['merge_queue', 'required_linear_history'],
  });
  const { ok, found } = await ask('ACME/engine');
  expect(found).toEqual(
    expect.arrayContaining([
      'error merge-queue',
      'error linear-history',
      'error arbiter-unpinned',
      'error check-never-reports',
      'error check-unknown',
      'warning check-unpinned',
    ]),
  );
  expect(ok).toBe(false);
  const words = await runDoctor(who, log, { repo: null, json: false });
  expect(words.text).toContain('add `signalbox/build/**` to `on: push: branches:` in ci.yml');
  const elsewhere = await runDoctor(who, log, { repo: 'acme/other', json: false });
  expect(elsewhere).toEqual({ text: 'The App is not installed in acme/other.', ok: false });
});
