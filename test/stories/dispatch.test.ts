/** Agents that are workflows: dispatched with inputs, known by their OIDC token, cancelled when their fence is old. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { StartAnswer } from '../../src/protocol/agent-contract.ts';
import type { WorkflowRun } from '../../src/sandbox/actions.ts';
import { call, errorOf } from '../server/agent-client.ts';
import { startRunner } from './runner.ts';
import { form, startWorld, type World } from './world.ts';

let world: World;

const workflow = (name: string) => `name: ${name}
run-name: agent \${{ inputs.task }}#\${{ inputs.attempt }}
on:
  workflow_dispatch:
    inputs:
      task: { required: true }
      attempt: { required: true }
      issue: { required: true }
      branch: { required: true }
      base_sha: { required: true }
      spec_sha: { required: true }
jobs: {}
`;

const policy = `schedule: { grace: 0ms }
agents: { claude: { via: dispatch, workflow: agent-claude.yml, capacity: 9 } }
limits: { running: 9, attempts: 2, backoff: [1ms] }
`;

beforeAll(async () => {
  const files = {
    '.github/workflows/agent-claude.yml': workflow('claude'),
    '.github/workflows/other.yml': workflow('other'),
  };
  world = await startWorld({ policy, files });
});
afterEach(() => world.proveReplay());
afterAll(() => world.close());

const runsOf = (issue: number) =>
  world.sandbox.actions.runs().filter((run) => run.inputs.issue === String(issue));

/** Has a task dispatched, and answers its run. */
async function dispatched(title: string, path: string): Promise<{ issue: number; run: WorkflowRun }> {
  const issue = await world.request('mary', title, form({ owns: [path] }));
  const run = await world.eventually(async () => runsOf(issue)[0], 'the workflow is dispatched');
  await world.sandbox.actions.start(run);
  return { issue, run };
}

const post = async (token: string, path: string, body: object) => call(world, path, body, token);
const oidc = (run: WorkflowRun, changes: Record<string, string | number | null> = {}) =>
  world.sandbox.actions.oidcToken(run, world.url, changes);
const openRunner = (run: WorkflowRun) => startRunner(world.sandbox, world.url, run);
const inputsOf = ({ inputs }: WorkflowRun) => ({ task: inputs.task, attempt: inputs.attempt });

/** Starts the run over the agent API, as its first job does. */
async function start(run: WorkflowRun) {
  const token = await oidc(run);
  const brief = await world.eventually(async () => {
    const answer = await post(token, '/start', inputsOf(run));
    return answer.status === 200 ? StartAnswer.parse(answer.body).task : null;
  }, 'the run is known');
  const { task, attempt, fence, version } = brief;
  return { token, brief, fields: (sequence: number) => ({ task, attempt, fence, version, sequence }) };
}

describe('an agent that is a workflow', () => {
  test('is started once with names and hashes, gets its brief by its own token, and lands its work', async () => {
    const { issue, run } = await dispatched('Make one bigger', 'src/one.js');
    expect(Object.keys(run.inputs).sort()).toEqual([
      'attempt',
      'base_sha',
      'branch',
      'issue',
      'spec_sha',
      'task',
    ]);
    expect(JSON.stringify(run.inputs)).not.toContain('As the title says');
    expect(run).toMatchObject({ workflow: 'agent-claude.yml', branch: 'main' });

    const { token, brief, fields } = await start(run);
    expect(brief).toMatchObject({
      issue,
      branch: run.inputs.branch,
      spec: { requirements: 'As the title says.' },
    });
    expect(brief).not.toHaveProperty('git');
    expect((await post(token, '/heartbeat', { ...fields(1), head: null })).status).toBe(200);
    await world.until(issue, (row) => row.worker === `run ${run.id}`, 'is worked on by the run');

    // The job with the write token pushes with it, which starts no CI.
    const pushing = world.sandbox.actions.githubToken(run, { contents: 'write' });
    const head = await world.pushAs(pushing, brief.branch, 'One is ten', {
      'src/one.js': 'export const one = 10;\n',
    });
    expect((await post(token, '/report', { ...fields(2), kind: 'done', head })).body).toEqual({
      state: 'in-review',
    });
    await world.sandbox.actions.finish(run, 'success');
    const tip = await world.eventually(async () => {
      const now = await world.tipOf(brief.branch);
      return now === head ? null : now;
    }, 'Signalbox has the checks run');
    const passed = async () => (await world.checkOf(tip, 'ci'))?.conclusion === 'success';
    await world.eventually(passed, 'CI has run on the work');
    await world.say('walt', brief.pull, '/approve');
    await world.until(issue, (row) => row.state === 'completed', 'has landed');
    expect(runsOf(issue)).toHaveLength(1);
  });

  test('is cancelled when its task is, and its token is good for nothing then', async () => {
    const { issue, run } = await dispatched('Make two bigger', 'src/two.js');
    const { token, fields } = await start(run);
    await world.as.mary.issues.removeLabel({ ...world.repo, issue_number: issue, name: 'agent-ready' });
    await world.eventually(async () => run.conclusion === 'cancelled', 'the run is cancelled');
    const late = await post(token, '/report', { ...fields(1), kind: 'done', head: 'a'.repeat(40) });
    expect(late.status).toBe(409);
    expect(errorOf(late).todo).toContain('push nothing');
  });

  test('that ends without a word has failed, and another attempt starts', async () => {
    const { issue, run } = await dispatched('Write a page', 'docs/page.md');
    await start(run);
    await world.sandbox.actions.finish(run, 'failure');
    const second = await world.eventually(async () => runsOf(issue)[1], 'a second run is started');
    expect(second.inputs.attempt).not.toBe(run.inputs.attempt);
    const old = await post(await oidc(run), '/start', inputsOf(run));
    expect(old.status).toBe(409);
    expect((await post(await oidc(run), '/start', inputsOf(second))).status).toBe(403);
  });

  test('whose run nobody told us of is found and not started again', async () => {
    world.sandbox.faults.request = ({ path, write, phase }) =>
      phase === 'after' && write && path.endsWith('/dispatches') ? { when: 'after', answer: 502 } : undefined;
    const { issue, run } = await dispatched('Write another', 'docs/other.md');
    delete world.sandbox.faults.request;
    const { fields, token } = await start(run);
    expect((await post(token, '/heartbeat', { ...fields(1), head: null })).status).toBe(200);
    expect(runsOf(issue)).toHaveLength(1);
  });
});

describe('a token of a workflow run', () => {
  let run: WorkflowRun;
  let fields: (sequence: number) => object;
  beforeAll(async () => {
    run = (await dispatched('Write the last', 'docs/last.md')).run;
    fields = (await start(run)).fields;
  });

  test.each([
    ['for another audience', { aud: 'https://elsewhere.example' }, 401],
    ['of another issuer', { iss: 'https://elsewhere.example' }, 401],
    ['that has expired', { exp: 1_600_000_000 }, 401],
    ['without a run', { run_id: null }, 401],
    ['of another repository', { repository_id: '1' }, 403],
    ['of another run', { run_id: '4711' }, 403],
    [
      'of a workflow on another branch',
      { workflow_ref: 'acme/engine/.github/workflows/agent-claude.yml@refs/heads/x' },
      403,
    ],
    ['of another workflow', { workflow_ref: 'acme/engine/.github/workflows/other.yml@refs/heads/main' }, 403],
    ['of a run that a push started', { event_name: 'push' }, 403],
    ['of a run on another branch', { ref: 'refs/heads/agent/1-x' }, 403],
  ])('%s can do nothing', async (_, changes, status) => {
    const token = await oidc(run, changes);
    for (const [path, body] of [
      ['/start', inputsOf(run)],
      ['/heartbeat', { ...fields(1), head: null }],
      ['/release', fields(1)],
      ['/claim', { agent: 'claude', worker: 'w', claim_id: '3e3a13e4-20ca-4716-8c6a-992c1c8af32d' }],
    ] as const) {
      const answer = await post(token, path, body);
      expect([path, answer.status]).toEqual([path, path === '/claim' && status === 403 ? 403 : status]);
    }
  });
});

describe('the actions that people use in their workflows', () => {
  test('get the brief, pack what the agent left, push it and report', async () => {
    const { issue, run } = await dispatched('Use the actions', 'docs/actions.md');
    const runner = await openRunner(run);
    try {
      await runner.script('start.js');
      const brief = await runner.read('signalbox/brief.md');
      expect(brief).toContain('As the title says.');
      expect(brief).toContain('docs/actions.md');
      const from = await runner.checkOut(run.inputs.branch ?? '');
      await runner.script('pack.js', { SIGNALBOX_ISSUE: String(issue), SIGNALBOX_START_SHA: from }).then(
        () => expect.unreachable('nothing has changed yet'),
        (error: unknown) => expect(String(error)).toContain('changed nothing'),
      );
      await runner.write('docs/actions.md', 'by an agent\n');
      await runner.script('pack.js', { SIGNALBOX_ISSUE: String(issue), SIGNALBOX_START_SHA: from });
      await runner.script('push.js', { SIGNALBOX_AGENT_RESULT: 'success' });
      await world.until(issue, (row) => row.state === 'in-review', 'is in review');
      expect(await world.tipOf(run.inputs.branch ?? '')).not.toBe(from);
    } finally {
      await runner.close();
    }
  });

  test('report an agent that has failed', async () => {
    const { issue, run } = await dispatched('Fail at it', 'docs/fail.md');
    const runner = await openRunner(run);
    try {
      await runner.script('push.js', { SIGNALBOX_AGENT_RESULT: 'failure' });
      await world.eventually(async () => runsOf(issue)[1], 'another attempt is started');
      await world.eventually(async () => run.conclusion === 'cancelled', 'the failed run is cancelled');
    } finally {
      await runner.close();
    }
  });
});
