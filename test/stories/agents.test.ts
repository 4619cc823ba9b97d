/** Agents that are none of ours: the contract over HTTP and MCP, with tokens of their own. */
import { randomUUID } from 'node:crypto';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createAgentToken } from '../../src/engine/agent-identity.ts';
import { AgentTask } from '../../src/protocol/agent-contract.ts';
import { operationNames } from '../../src/protocol/agent-operations.ts';
import { form, startWorld, type World } from './world.ts';

let world: World;
let token: string;

const policy = `schedule: { grace: 0ms }
agents: { ada: { via: pull, capacity: 3 } }
`;

beforeAll(async () => {
  world = await startWorld({ policy });
  const ready = async () => (await world.view().catch(() => null))?.baseSha ?? null;
  await world.eventually(ready, 'the lane is open');
  const wish = { agent: 'ada', repositories: ['acme/engine'], note: 'tests', expiresInSeconds: null };
  token = (await createAgentToken(world.db, wish)).token;
});
afterEach(() => world.proveReplay());
afterAll(() => world.close());

async function connect(bearer: string): Promise<Client> {
  const client = new Client({ name: 'an agent', version: '1' });
  const requestInit = { headers: { authorization: `Bearer ${bearer}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(`${world.url}/mcp`), { requestInit }));
  return client;
}

/** Claims over MCP until there is a task. */
async function claim(client: Client): Promise<AgentTask> {
  const given = { agent: 'ada', worker: 'w', claim_id: randomUUID() };
  return world.eventually(async () => {
    const result = await client.callTool({ name: 'claim', arguments: given });
    const { task } = result.structuredContent as { task: unknown };
    return task === null ? null : AgentTask.parse(task);
  }, 'a task is claimed');
}

const fieldsOf = ({ task, attempt, fence, version, next_sequence }: AgentTask, call = 0) => ({
  task,
  attempt,
  fence,
  version,
  sequence: next_sequence + call,
});

const branchTip = async (task: AgentTask) => world.tipOf(task.branch);

/** Whether GitHub still takes the token that came with the task. */
async function isGood({ git }: AgentTask): Promise<boolean> {
  const answer = await fetch(`${world.sandbox.url}/api/v3/repos/acme/engine/branches`, {
    headers: { authorization: `token ${git.token}` },
  });
  return answer.status === 200;
}

describe('over MCP, with the client of the SDK', () => {
  test('the tools are the operations of the contract', async () => {
    const client = await connect(token);
    const { tools } = await client.listTools();
    expect(tools.map((tool) => tool.name)).toEqual(operationNames.map((name) => name.replaceAll('-', '_')));
    await client.close();
  });

  test('an agent works from the claim to done, and its GitHub token ends with that', async () => {
    const issue = await world.request('mary', 'Make one bigger', form({ owns: ['src/one.js'] }));
    const client = await connect(token);
    await client.listTools();
    const task = await claim(client);
    expect(task).toMatchObject({ issue, repo: 'acme/engine', next_sequence: 1, checkpoint: null });
    const beat = await client.callTool({ name: 'heartbeat', arguments: { ...fieldsOf(task), head: null } });
    expect(beat.structuredContent).toEqual({
      lease_expires_at: expect.stringMatching(/Z$/),
      base_moved: [],
    });
    const bundle = Buffer.from('# v2 git bundle\nwork').toString('base64');
    const head = await branchTip(task);
    const saved = { ...fieldsOf(task, 1), head, bundle_base64: bundle };
    expect(await client.callTool({ name: 'save_checkpoint', arguments: saved })).not.toHaveProperty(
      'isError',
      true,
    );
    const { sequence: _, ...named } = fieldsOf(task);
    const loaded = await client.callTool({ name: 'load_checkpoint', arguments: named });
    expect(loaded.structuredContent).toEqual({ attempt: 1, head, bundle_base64: bundle });

    expect(await isGood(task)).toBe(true);
    const done = await world.push(task.branch, 'One is ten', { 'src/one.js': 'export const one = 10;\n' });
    const report = { ...fieldsOf(task, 2), kind: 'done', head: done, usage: { tokens: 5 } };
    const reported = await client.callTool({ name: 'report', arguments: report });
    expect(reported.structuredContent).toEqual({ state: 'in-review' });
    expect(await client.callTool({ name: 'report', arguments: report })).toEqual(reported);
    await world.eventually(async () => !(await isGood(task)), 'the token is revoked');
    expect(await world.db.selectFrom('handed_token').selectAll().execute()).toEqual([]);
    await client.close();
  });

  test('an agent that cannot go on asks a person, and is told when its fence is old', async () => {
    const issue = await world.request('mary', 'Make two bigger', form({ owns: ['src/two.js'] }));
    const client = await connect(token);
    const task = await claim(client);
    expect(task.issue).toBe(issue);
    const sealed = await world.db.selectFrom('handed_token').select('sealed').execute();
    expect(sealed).toHaveLength(1);
    expect(sealed[0]?.sealed).not.toContain(task.git.token);
    const ask = { trigger: 'unclear', context: 'How much bigger?', options: ['Twice', 'Ten times'] };
    const asked = await client.callTool({ name: 'escalate', arguments: { ...fieldsOf(task), ...ask } });
    expect(asked.structuredContent).toEqual({ state: 'escalated' });
    const late = await client.callTool({
      name: 'heartbeat',
      arguments: { ...fieldsOf(task, 1), head: null },
    });
    expect(late.isError).toBe(true);
    expect(JSON.stringify(late.content)).toContain('fenced');
    await world.eventually(async () => !(await isGood(task)), 'the token is revoked');
    const notice = async () => (await world.ours(task.pull)).find((each) => each.body.includes('Ten times'));
    await world.eventually(notice, 'the options are told');
    await client.close();
  });

  test('what does not fit is refused by name, and nobody without a token gets in', async () => {
    const client = await connect(token);
    const wrong = await client.callTool({ name: 'heartbeat', arguments: { task: '1.1' } });
    expect(wrong.isError).toBe(true);
    expect(JSON.stringify(wrong.content)).toContain('invalid');
    await client.close();
    await expect(connect('sbx_wrong')).rejects.toThrow(/401|unauthorized/i);
  });
});

describe('files that the task does not own', () => {
  test('are asked for under the pull request, with the command that gives them', async () => {
    const issue = await world.request('mary', 'Write more', form({ owns: ['docs/one.md'] }));
    const client = await connect(token);
    const task = await claim(client);
    expect(task.issue).toBe(issue);
    const ask = { ...fieldsOf(task), paths: ['docs/two.md'], why: 'It is named there, @everyone' };
    const answer = await client.callTool({ name: 'request_paths', arguments: ask });
    expect(answer.structuredContent).toMatchObject({ outcome: 'asked', paths: ['docs/two.md'] });
    const notice = await world.eventually(
      async () => (await world.ours(task.pull)).find((each) => each.body.includes('asks for more files')),
      'a person is asked',
    );
    expect(notice.body).toContain('`/own docs/two.md`');
    expect(notice.body).not.toContain('@everyone');
    await client.close();
  });
});
