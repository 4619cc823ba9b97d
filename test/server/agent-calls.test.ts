import { afterEach, describe, expect, it } from 'vitest';
import { advance } from '../../src/engine/advance.ts';
import { readJournal } from '../../src/ledger/journal.ts';
import { mostCheckpointBytes } from '../../src/protocol/agent-contract.ts';
import { bundle, call, errorOf, getBundle, putBundle } from './agent-client.ts';
import { assignTask } from './assigned-task.ts';
import { closeAll, openServer } from './open-server.ts';

const token = 'sbx-agent-token-0123456789';

afterEach(closeAll);

async function open() {
  const server = await openServer({ agentToken: token });
  const assigned = await assignTask(server.engine);
  const { task, attempt, fence } = assigned;
  const fields = (sequence: number) => ({ task, attempt, fence, version: 1, sequence });
  const facts = async () => (await readJournal(server.engine.db, assigned.key)).map(({ fact }) => fact.kind);
  return {
    server,
    fields,
    facts,
    ...assigned,
    post: (path: string, body: object) => call(server, path, body, token),
  };
}

const failed = { kind: 'failed', error: { class: 'infra', message: 'no disk' } };

describe('a call with a sequence number', () => {
  it('is answered the same when it is repeated, and done once', async () => {
    const { post, fields, facts } = await open();
    const first = await post('/report', { ...fields(1), ...failed });
    expect(first).toEqual({ status: 200, body: { state: expect.any(String) } });
    const before = await facts();
    expect(await post('/report', { ...fields(1), ...failed })).toEqual(first);
    expect(await facts()).toEqual(before);
    expect(before.filter((kind) => kind === 'attempt-ended')).toHaveLength(1);
  });

  it('is done once when it is sent many times at once', async () => {
    const { post, fields, facts } = await open();
    const body = { ...fields(1), trigger: 'unclear', context: 'Which file?', options: ['One', 'Two'] };
    const answers = await Promise.all(Array.from({ length: 8 }, () => post('/escalate', body)));
    for (const answer of answers) expect(answer).toEqual({ status: 200, body: { state: 'escalated' } });
    expect((await facts()).filter((kind) => kind === 'escalated')).toHaveLength(1);
  });

  it('renews the lease once as a heartbeat, whoever repeats it', async () => {
    const { post, fields } = await open();
    const beat = { ...fields(1), head: null };
    const answers = await Promise.all([post('/heartbeat', beat), post('/heartbeat', beat)]);
    expect(answers[0]).toEqual(answers[1]);
    expect(await post('/heartbeat', beat)).toEqual(answers[0]);
    const next = await post('/heartbeat', { ...fields(2), head: null });
    expect(next.status).toBe(200);
    expect(next).not.toEqual(answers[0]);
  });

  it('that another call has used is refused, and nothing is done', async () => {
    const { post, fields, facts } = await open();
    await post('/heartbeat', { ...fields(1), head: null });
    const before = await facts();
    const answer = await post('/report', { ...fields(1), ...failed });
    expect(answer.status).toBe(422);
    expect(errorOf(answer).code).toBe('sequence-used');
    expect(await facts()).toEqual(before);
  });

  it('far behind the latest is refused: its answer is forgotten', async () => {
    const { post, fields } = await open();
    await post('/heartbeat', { ...fields(1), head: null });
    await post('/heartbeat', { ...fields(200), head: null });
    const answer = await post('/heartbeat', { ...fields(1), head: null });
    expect(errorOf(answer).code).toBe('sequence-forgotten');
  });
});

describe('what an agent may say', () => {
  it('a release gives the task back with the reason', async () => {
    const { post, fields, readState } = await open();
    const answer = await post('/release', { ...fields(1), reason: 'Ctrl-C' });
    expect(answer.status).toBe(200);
    expect((await readState()).tasks[1]?.attempt?.number).not.toBe(1);
    const late = await post('/heartbeat', { ...fields(2), head: null });
    expect(late.status).toBe(409);
    expect(errorOf(late).code).toBe('fenced');
  });

  it('an escalation lists the ways on, and takes two to five', async () => {
    const { post, fields, readState } = await open();
    const ask = { trigger: 'unclear', context: 'Which file?' };
    for (const options of [['One'], ['1', '2', '3', '4', '5', '6']]) {
      expect((await post('/escalate', { ...fields(1), ...ask, options })).status).toBe(400);
    }
    await post('/escalate', { ...fields(1), ...ask, options: ['Keep both', 'Drop the old one'] });
    expect((await readState()).tasks[1]?.escalation).toMatchObject({
      trigger: 'unclear',
      context: 'Which file?',
      options: ['Keep both', 'Drop the old one'],
    });
  });

  it('secrets in its words go no further', async () => {
    const { post, fields, readState } = await open();
    const secret = `ghs_123_${'a.B-c'.repeat(100)}`;
    await post('/escalate', { ...fields(1), trigger: 'help', context: `I found ${secret} here` });
    expect(JSON.stringify(await readState())).not.toContain('a.B-c');
    expect((await readState()).tasks[1]?.escalation?.context).toContain('[redacted]');
  });

  it('a request for files asks a person, once for each file', async () => {
    const { post, fields, facts, readState } = await open();
    const ask = { paths: ['./docs/a.md', 'docs/a.md'], why: 'The text is wrong there.' };
    const answer = await post('/request-paths', { ...fields(1), ...ask });
    expect(answer.body).toMatchObject({ outcome: 'asked', paths: ['docs/a.md', 'docs/a.md'] });
    expect((await readState()).tasks[1]?.attempt?.asked).toEqual(['docs/a.md']);
    const again = await post('/request-paths', { ...fields(2), ...ask });
    expect(again.body).toMatchObject({ outcome: 'asked' });
    expect((await facts()).filter((kind) => kind === 'paths-requested')).toHaveLength(1);
  });

  it('a request for files that the task owns is granted, one that cannot be read is refused whole', async () => {
    const { post, fields, facts } = await open();
    const own = await post('/request-paths', { ...fields(1), paths: ['src/a.js'] });
    expect(own.body).toMatchObject({ outcome: 'granted' });
    const wrong = await post('/request-paths', { ...fields(2), paths: ['docs/b.md', '../etc/passwd'] });
    expect(wrong.body).toMatchObject({
      outcome: 'refused',
      paths: [],
      reason: expect.stringContaining('..'),
    });
    expect(await facts()).not.toContain('paths-requested');
  });

  it('one attempt cannot ask without end', async () => {
    const { post, fields, facts } = await open();
    const outcomes: unknown[] = [];
    for (let time = 0; time < 4; time++) {
      const paths = Array.from({ length: 20 }, (_, index) => `docs/${time}-${index}.md`);
      outcomes.push((await post('/request-paths', { ...fields(time + 1), paths })).body);
    }
    expect(outcomes.map((answer) => (answer as { outcome: string }).outcome)).toEqual([
      'asked',
      'asked',
      'refused',
      'refused',
    ]);
    expect((await facts()).filter((kind) => kind === 'paths-requested')).toHaveLength(2);
  });

  it('what it has used is written down with the report', async () => {
    const { post, fields, server, key } = await open();
    await post('/report', { ...fields(1), ...failed, usage: { tokens: 1200, usd: 0.4 } });
    const used = (await readJournal(server.engine.db, key))
      .map(({ fact }) => fact)
      .find((fact) => fact.kind === 'usage-reported');
    expect(used).toMatchObject({ issue: 1, attempt: 1, usage: { tokens: 1200, usd: 0.4 } });
  });
});

describe('a checkpoint', () => {
  const head = 'a'.repeat(40);

  it('is kept, replaced by the next one, and given back byte for byte', async () => {
    const { server, fields } = await open();
    const { sequence: _, ...named } = fields(0);
    expect((await getBundle(server, named, token)).status).toBe(404);
    const odd = Buffer.concat([bundle(''), Buffer.from([0, 255, 10, 13, 128])]);
    expect(await putBundle(server, { ...fields(1), head }, bundle('old'), token)).toMatchObject({
      status: 200,
    });
    expect(await putBundle(server, { ...fields(2), head }, odd, token)).toEqual({
      status: 200,
      body: { head, bytes: odd.length },
    });
    const given = await getBundle(server, named, token);
    expect(Buffer.from(await given.arrayBuffer())).toEqual(odd);
    expect(given.headers.get('x-signalbox-head')).toBe(head);
    expect(given.headers.get('x-signalbox-attempt')).toBe('1');
  });

  it('that is repeated changes nothing, and with other bytes is refused', async () => {
    const { server, fields } = await open();
    const { sequence: _, ...named } = fields(0);
    const first = await putBundle(server, { ...fields(1), head }, bundle('one'), token);
    await putBundle(server, { ...fields(2), head }, bundle('two'), token);
    expect(await putBundle(server, { ...fields(1), head }, bundle('one'), token)).toEqual(first);
    const other = await putBundle(server, { ...fields(1), head }, bundle('three'), token);
    expect(errorOf(other).code).toBe('sequence-used');
    const given = await getBundle(server, named, token);
    expect(Buffer.from(await given.arrayBuffer())).toEqual(bundle('two'));
  });

  it('is refused when it is no bundle or too large', async () => {
    const { server, fields } = await open();
    const text = await putBundle(server, { ...fields(1), head }, Buffer.from('#!/bin/sh\n'), token);
    expect(text.status).toBe(422);
    expect(errorOf(text).code).toBe('bad-bundle');
    const large = await putBundle(
      server,
      { ...fields(1), head },
      Buffer.alloc(mostCheckpointBytes + 1),
      token,
    );
    expect(large.status).toBe(413);
  });

  it('is given to the next attempt of the same agent; one that came too late is kept and given to nobody', async () => {
    const { server, fields, key, post, readState } = await open();
    await putBundle(server, { ...fields(1), head }, bundle('in time'), token);
    await post('/release', { ...fields(2) });
    await advance(server.engine.db, key, []);
    const late = await putBundle(server, { ...fields(3), head }, bundle('too late'), token);
    expect(late.status).toBe(409);
    expect(errorOf(late)).toMatchObject({ code: 'fenced', todo: expect.stringContaining('kept') });
    const present = (await readState()).tasks[1]?.attempt;
    if (!present) throw new Error('there is no next attempt');
    const { number: attempt, fence } = present;
    const given = await getBundle(server, { ...fields(0), attempt, fence, sequence: undefined }, token);
    expect(given.status).toBe(400);
    const { task, version } = fields(0);
    const named = await getBundle(server, { task, version, attempt, fence }, token);
    expect(Buffer.from(await named.arrayBuffer())).toEqual(bundle('in time'));
    const kept = await server.engine.db
      .selectFrom('checkpoint')
      .select(['late', 'bundle'])
      .orderBy('late')
      .execute();
    expect(kept.map((row) => row.bundle.toString())).toEqual([
      String(bundle('in time')),
      String(bundle('too late')),
    ]);
  });
});
