/** Attempts against GitHub: a question and its answer, late work, a stall, and one id through all that was written. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { trace } from '@opentelemetry/api';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { saveBundles } from '../../src/engine/late-bundles.ts';
import { AgentTask } from '../../src/protocol/agent-contract.ts';
import { form, startWorld, type World } from './world.ts';

let world: World;
const finished = new InMemorySpanExporter();
const token = 'a-token-for-agents-of-sufficient-length';
const logged: string[] = [];

const policy = `schedule: { grace: 0ms }
limits: { backoff: [100ms] }
ownership: { lease: 3s, heartbeat: 1s }
agents: { ada: { via: pull, capacity: 3 } }
`;

beforeAll(async () => {
  const spanProcessors = [new SimpleSpanProcessor(finished)];
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors }));
  const log = pino({ level: 'info' }, { write: (line: string) => void logged.push(line) });
  world = await startWorld({ policy, agentToken: token, log });
  const ready = async () => (await world.view().catch(() => null))?.baseSha ?? null;
  await world.eventually(ready, 'the lane is open');
});
afterEach(() => world.proveReplay());
afterAll(() => world.close());

async function call(name: string, body: object): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${world.url}/api/agent/v1/${name}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

/** Claims until there is an attempt at this issue. */
async function claim(issue: number): Promise<AgentTask> {
  return world.eventually(async () => {
    const answer = await call('claim', { agent: 'ada', worker: 'w', claim_id: randomUUID() });
    const { task } = answer.body as { task: unknown };
    const read = task === null ? null : AgentTask.parse(task);
    return read?.issue === issue ? read : null;
  }, `#${issue} is claimed`);
}

const fields = ({ task, attempt, fence, version, next_sequence }: AgentTask, nth = 0) => ({
  task,
  attempt,
  fence,
  version,
  sequence: next_sequence + nth,
});

function commentWith(under: number, text: string): Promise<{ body: string }> {
  return world.eventually(
    async () => (await world.ours(under)).find((each) => each.body.includes(text)),
    `a comment on #${under} says "${text}"`,
  );
}

test('an agent asks, a person picks an option, and the next attempt knows it', {
  timeout: 120_000,
}, async () => {
  const issue = await world.request('mary', 'Make one bigger', form({ owns: ['src/one.js'] }));
  const task = await claim(issue);
  expect(task.spec.guidance).toEqual([]);
  const options = ['Twice as big', 'Ten times as big'];
  const asked = { trigger: 'ambiguity', context: 'How much bigger?', options };
  expect((await call('escalate', { ...fields(task), ...asked })).status).toBe(200);
  await commentWith(task.pull, 'B: Ten times as big');
  expect((await world.view()).escalations).toMatchObject([{ issue, agent: 'ada', options }]);
  const page = await (await fetch(`${world.url}/lanes/acme/engine/main`)).text();
  expect(page).toContain('Human queue');

  await world.say('walt', issue, '/resume B');
  const next = await claim(issue);
  expect(next.attempt).toBe(2);
  expect(next.spec.guidance).toEqual([
    { by: 'walt', question: 'How much bigger?', answer: 'Ten times as big' },
  ]);

  // One id through everything that was written about this request.
  const id = next.correlation_id;
  expect(task.correlation_id).toBe(id);
  await commentWith(issue, id);
  const { data: pull } = await world.as.mary.pulls.get({ ...world.repo, pull_number: next.pull });
  expect(pull.body).toContain(id);
  const { data: commit } = await world.as.mary.git.getCommit({ ...world.repo, commit_sha: pull.head.sha });
  expect(commit.message).toContain(`Correlation-Id: ${id}`);
  const journal = await world.db
    .selectFrom('journal')
    .select('kind')
    .where('correlation_id', '=', id)
    .execute();
  const kinds = journal.map(({ kind }) => kind);
  for (const kind of ['task-requested', 'task-assigned', 'escalated', 'resumed'])
    expect(kinds).toContain(kind);
  const effects = logged.map((line) => JSON.parse(line) as Record<string, unknown>);
  const done = effects.filter(({ correlationId }) => correlationId === id).map(({ effect }) => effect);
  for (const effect of ['open-branch', 'open-pull', 'notify']) expect(done).toContain(effect);
  const spans = finished
    .getFinishedSpans()
    .filter((span) => span.spanContext().traceId === id.replaceAll('-', ''));
  const names = spans.map((span) => span.name);
  for (const name of ['effect open-branch', 'effect notify', 'agent escalate']) expect(names).toContain(name);
  expect(spans.map((span) => span.attributes['signalbox.issue'])).toContain(issue);
  expect((await call('release', { ...fields(next), reason: 'that is all' })).status).toBe(200);
  await world.say('walt', issue, '/cancel');
});

test('what a fenced worker pushes is kept beside the branch, and the next attempt is not touched', {
  timeout: 120_000,
}, async () => {
  const issue = await world.request('mary', 'Make two bigger', form({ owns: ['src/two.js'] }));
  const first = await claim(issue);
  const opened = await world.tipOf(first.branch);
  // The commit exists, and the worker has told of it, before the worker is fenced.
  await world.as.walt.git.createRef({ ...world.repo, ref: 'refs/heads/scratch', sha: opened });
  const late = await world.push('scratch', 'Two is twenty', { 'src/two.js': 'export const two = 20;\n' });
  expect((await call('heartbeat', { ...fields(first), head: late })).status).toBe(200);
  await world.say('walt', issue, '/retry');
  await world.until(issue, (row) => row.attempts === 2, 'has its second attempt');
  expect((await call('heartbeat', { ...fields(first, 1), head: late })).status).toBe(409);

  await world.as.walt.git.updateRef({ ...world.repo, ref: `heads/${first.branch}`, sha: late });
  const kept = `${first.branch}-late-1`;
  await commentWith(first.pull, kept);
  expect(await world.tipOf(kept)).toBe(late);
  expect(await world.tipOf(first.branch)).toBe(opened);

  const second = await claim(issue);
  expect(second.branch).toBe(first.branch);
  const head = await world.push(second.branch, 'Two is three', { 'src/two.js': 'export const two = 3;\n' });
  expect((await call('report', { ...fields(second), kind: 'done', head })).body).toEqual({
    state: 'in-review',
  });
  const { data: files } = await world.as.mary.pulls.listFiles({ ...world.repo, pull_number: second.pull });
  expect(files.map((file) => file.patch ?? '').join()).not.toContain('20');
});

test('a bundle that a fenced worker hands in becomes a branch, and what failed is no start for the next attempt', {
  timeout: 120_000,
}, async () => {
  const issue = await world.request('mary', 'Write about bundles', form({ owns: ['docs/bundles.md'] }));
  const first = await claim(issue);
  const desk = await mkdtemp(join(tmpdir(), 'signalbox-bundle-'));
  const git = async (...args: string[]) =>
    (
      await promisify(execFile)('git', ['-c', 'user.name=ada', '-c', 'user.email=ada@example.org', ...args], {
        cwd: desk,
      })
    ).stdout.trim();
  const url = new URL(first.git.url);
  url.username = 'x-access-token';
  url.password = first.git.token;
  await git('clone', '--quiet', '--branch', first.branch, url.href, '.');
  const bundleWith = async (text: string): Promise<{ head: string; bundle: Buffer<ArrayBuffer> }> => {
    await writeFile(join(desk, 'docs.md'), text);
    await git('add', '--all');
    await git('commit', '--quiet', '--message', text);
    await git('bundle', 'create', '--quiet', 'work.bundle', 'HEAD', `^${first.base_sha}`);
    return { head: await git('rev-parse', 'HEAD'), bundle: await readFile(join(desk, 'work.bundle')) };
  };
  const handIn = async (
    task: AgentTask,
    nth: number,
    { head, bundle }: Awaited<ReturnType<typeof bundleWith>>,
  ) => {
    const query = new URLSearchParams({ ...fields(task, nth), head } as unknown as Record<string, string>);
    const answer = await fetch(`${world.url}/api/agent/v1/checkpoint?${query}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${token}` },
      body: bundle,
    });
    return answer.status;
  };
  expect(await handIn(first, 0, await bundleWith('half'))).toBe(200);

  await world.say('walt', issue, '/retry');
  await world.until(issue, (row) => row.attempts === 2, 'has its second attempt');
  const late = await bundleWith('whole');
  expect(await handIn(first, 1, late)).toBe(409);
  const kept = `${first.branch}-late-1`;
  await commentWith(first.pull, kept);
  expect(await world.tipOf(kept)).toBe(late.head);

  // Of the attempt that a person ended, the agent may go on with what it had saved in time.
  const second = await claim(issue);
  expect(second.checkpoint).toMatchObject({ attempt: 1 });
  expect(await handIn(second, 0, { ...late, bundle: Buffer.from('# v2 git bundle\nbroken') })).toBe(200);
  const error = { class: 'semantic', message: 'the tests do not pass' };
  expect((await call('report', { ...fields(second, 1), kind: 'failed', error })).status).toBe(200);
  const third = await claim(issue);
  expect(third.checkpoint).toBeNull();

  // What git cannot read stays a file.
  const broken = { head: 'b'.repeat(40), bundle: Buffer.from('# v2 git bundle\nbroken') };
  expect(await handIn(second, 2, broken)).toBe(409);
  await commentWith(first.pull, `signalbox bundle acme/engine#${issue}`);
  const folder = join(desk, 'saved');
  const saved = await saveBundles(world.db, { owner: 'acme', repo: 'engine', issue, folder });
  expect(saved.ok).toBe(true);
  expect(await readdir(folder)).toHaveLength(4);
  expect(await readFile(join(folder, `${issue}-attempt-1-${first.fence}-late.bundle`))).toEqual(late.bundle);
  await world.say('walt', issue, '/cancel');
});

test('an attempt without heartbeats gets more time while commits come, and ends when they stop', {
  timeout: 120_000,
}, async () => {
  const body = form({ owns: ['docs/stall.md'] });
  const issue = await world.request('mary', 'Write about stalls', body);
  const task = await claim(issue);
  await world.push(task.branch, 'A first line', { 'docs/stall.md': 'One line.\n' });
  await commentWith(task.pull, 'is given more time');
  await world.until(issue, (row) => row.attempts === 2, 'is tried again');
  await commentWith(task.pull, `${task.branch}-late-1`);
  await world.say('walt', issue, '/cancel');
});
