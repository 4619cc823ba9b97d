import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { ClaimAnswer, ContractError } from '../../src/protocol/agent-contract.ts';
import { call as callWith, errorOf } from './agent-client.ts';
import { assignTask } from './assigned-task.ts';
import { closeAll, type OpenServer, openServer } from './open-server.ts';

const agentToken = 'sbx-agent-token-0123456789';

afterEach(closeAll);

const open = () => openServer({ agentToken });

const call = (server: OpenServer, path: string, body: unknown) => callWith(server, path, body, agentToken);

const claim = () => ({ agent: 'default', worker: 'w1', claim_id: randomUUID() });

describe('the token of the agents', () => {
  it.each([
    ['is missing', undefined],
    ['is wrong', 'Bearer sbx-agent-token-012345678x'],
    ['is empty', 'Bearer '],
    ['is sent another way', `Basic ${Buffer.from(`x:${agentToken}`).toString('base64')}`],
  ])('is asked for with 401 when it %s', async (_, authorization) => {
    const { url, database } = await open();
    for (const path of ['/claim', '/heartbeat', '/report', '/anything']) {
      const response = await fetch(`${url}/api/agent/v1${path}`, {
        method: 'POST',
        headers: authorization === undefined ? {} : { authorization },
        body: JSON.stringify(claim()),
      });
      expect(response.status).toBe(401);
      expect(ContractError.parse(await response.json()).error.code).toBe('unauthorized');
    }
    expect(await database.db.selectFrom('presence').selectAll().execute()).toEqual([]);
  });

  it('is not needed on the server: without one only the own tokens of agents are good', async () => {
    const server = await openServer({ agentToken: null });
    const answer = await call(server, '/claim', claim());
    expect(answer.status).toBe(401);
    expect(errorOf(answer).todo).toContain('signalbox agent-token create');
  });
});

describe('a call that does not fit the contract', () => {
  const fence = { task: '1.1', attempt: 1, fence: 1, version: 1, sequence: 1 };

  it.each([
    ['/claim', 'no JSON', 'the body'],
    ['/claim', { ...claim(), claim_id: 'mine' }, 'claim_id'],
    ['/claim', { ...claim(), worker: '' }, 'worker'],
    ['/claim', { ...claim(), capacity: 3 }, 'capacity'],
    ['/heartbeat', { ...fence, fence: '1', head: null }, 'fence'],
    ['/heartbeat', fence, 'head'],
    ['/report', { ...fence, kind: 'won' }, 'kind'],
    ['/report', { ...fence, kind: 'done', head: 'abc' }, 'head'],
    ['/report', { ...fence, kind: 'failed', error: { class: 'bad luck', message: '' } }, 'error.class'],
  ])('%s %j is answered with 400 and names %s', async (path, body, field) => {
    const answer = await call(await open(), path, body);
    expect(answer.status).toBe(400);
    expect(errorOf(answer)).toMatchObject({ code: 'invalid', message: expect.stringContaining(field) });
  });

  it('is refused with 413 when it is larger than 256 kB', async () => {
    const answer = await call(await open(), '/report', `{"task":"${'x'.repeat(300 * 1024)}"}`);
    expect(answer.status).toBe(413);
    expect(errorOf(answer).code).toBe('too-large');
  });
});

describe('a claim when there is nothing to do', () => {
  it('is answered with no task and when to ask again, and the worker counts as present', async () => {
    const server = await open();
    const answer = await call(server, '/claim', claim());
    expect(answer.status).toBe(200);
    const { task, retry_after_seconds } = ClaimAnswer.parse(answer.body);
    expect(task).toBeNull();
    expect(retry_after_seconds).toBeGreaterThan(0);
    const present = await server.database.db.selectFrom('presence').select(['agent', 'worker']).execute();
    expect(present).toEqual([{ agent: 'default', worker: 'w1' }]);
  });

  it('may be made again and again without counting the worker twice', async () => {
    const server = await open();
    for (let time = 0; time < 3; time++) await call(server, '/claim', claim());
    expect(await server.database.db.selectFrom('presence').selectAll().execute()).toHaveLength(1);
  });
});

describe('a call about a task', () => {
  const done = { version: 1, sequence: 2, kind: 'done', head: 'a'.repeat(40) };

  it.each(['1.99', '99.1', 'nonsense', '', '1.1.1'])(
    'that does not exist (%j) is answered with 404 and what to do',
    async (task) => {
      const server = await open();
      await assignTask(server.engine);
      const heartbeat = await call(server, '/heartbeat', {
        task,
        attempt: 1,
        fence: 1,
        version: 1,
        sequence: 1,
        head: null,
      });
      const report = await call(server, '/report', { task, attempt: 1, fence: 1, ...done });
      for (const answer of [heartbeat, report]) {
        expect(answer.status).toBe(404);
        expect(errorOf(answer)).toMatchObject({ code: 'unknown-task', todo: expect.stringMatching(/\w/) });
      }
    },
  );

  it('with the present fence renews the lease', async () => {
    const server = await open();
    const { task, attempt, fence } = await assignTask(server.engine);
    const answer = await call(server, '/heartbeat', {
      task,
      attempt,
      fence,
      version: 1,
      sequence: 1,
      head: null,
    });
    expect(answer).toMatchObject({ status: 200, body: { lease_expires_at: expect.stringMatching(/Z$/) } });
  });

  it('with an old fence is answered with 409 and changes nothing', async () => {
    const server = await open();
    const { task, attempt, fence, readState } = await assignTask(server.engine);
    const before = await readState();
    const old = { task, attempt, fence: fence - 1, version: 1, sequence: 1 };
    const heartbeat = await call(server, '/heartbeat', { ...old, head: null });
    const report = await call(server, '/report', { ...old, kind: 'done', head: 'a'.repeat(40) });
    for (const answer of [heartbeat, report]) {
      expect(answer.status).toBe(409);
      expect(errorOf(answer)).toMatchObject({
        code: 'fenced',
        todo: expect.stringContaining('push nothing'),
      });
    }
    expect(await readState()).toEqual(before);
  });
});
