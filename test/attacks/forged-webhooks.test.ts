/**
 * Real webhooks over HTTP that lie: signed wrongly, replayed, or signed rightly and not true. A delivery is a hint to
 * look; whatever else it says is not believed. The numbers are those of the threat list.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { form, startWorld, type World } from '../stories/world.ts';
import { commentPayload, forge, named, signatureOf } from './forge.ts';

let world: World;
let issue: number;
let pull: number;
let branch: string;

beforeAll(async () => {
  world = await startWorld({ draftsAllowed: false });
  issue = await world.request('mary', 'The target', form({ owns: ['docs/target.md'] }));
  const row = await world.until(issue, (each) => each.pull !== null, 'has a PR');
  pull = row.pull ?? 0;
  branch = row.branch ?? '';
  await world.push(branch, 'Change', { 'docs/target.md': 'target\n' });
  await world.until(issue, (each) => each.state === 'in-review', 'is in review');
  await world.sandbox.idle();
});
afterAll(async () => {
  await world.proveReplay();
  await world.close();
});

async function reactions(comment: number): Promise<string[]> {
  const { data } = await world.as.mary.reactions.listForIssueComment({ ...world.repo, comment_id: comment });
  return data.map((reaction) => reaction.content);
}

const stateNow = async () => (await world.view()).plan.find((row) => row.issue === issue)?.state;
const deliveries = async () => {
  await world.rest();
  return world.countDeliveries();
};

describe('what is not signed by GitHub is not even recorded', () => {
  const approve = async () => commentPayload(world, { id: await world.say('rita', pull, 'Nice work.') });

  test('S01 without a signature', async () => {
    const before = await deliveries();
    const headers = { 'x-hub-signature-256': undefined };
    expect(await forge(world, { event: 'issue_comment', payload: { action: 'created' }, headers })).toBe(401);
    expect(await deliveries()).toBe(before);
  });

  test('S01 signed with another secret', async () => {
    const before = await deliveries();
    const secret = 'development-development';
    expect(await forge(world, { event: 'issue_comment', payload: { action: 'created' }, secret })).toBe(401);
    expect(await deliveries()).toBe(before);
  });

  test('S01 signed with SHA-1 only', async () => {
    const forged = { event: 'issues', payload: { action: 'labeled' }, algorithm: 'sha1' as const };
    expect(await forge(world, forged)).toBe(401);
  });

  test('S02 signed with an empty secret', async () => {
    expect(await forge(world, { event: 'issues', payload: { action: 'labeled' }, secret: '' })).toBe(401);
  });

  test('S03 larger than GitHub ever sends', async () => {
    const payload = `{"text":"${'x'.repeat(26 * 1024 * 1024)}"}`;
    const answer = await forge(world, { event: 'issues', payload }).catch((error: unknown) => error);
    // The door may close before all of it has come in.
    if (typeof answer === 'number') expect(answer).toBe(413);
    else expect(answer).toBeInstanceOf(TypeError);
    expect((await fetch(`${world.url}/healthz`)).status).toBe(200);
  });

  test('S05 another body under a signature and GUID that were seen', async () => {
    const guid = randomUUID();
    const payload = JSON.stringify(await approve());
    expect(await forge(world, { event: 'issue_comment', payload, guid })).toBe(202);
    const before = await deliveries();
    const altered = payload.replace('Nice work.', '/approve ok');
    const headers = { 'x-hub-signature-256': signatureOf(payload) };
    expect(await forge(world, { event: 'issue_comment', payload: altered, guid, headers })).toBe(401);
    expect(await deliveries()).toBe(before);
  });
});

describe('what is signed and says nothing', () => {
  test('S04 a GUID that was worked through has no effect again, whatever it says now', async () => {
    const guid = randomUUID();
    const zen = { zen: 'Keep it logically awesome.', ...(await named(world)) };
    expect(await forge(world, { event: 'ping', payload: zen, guid })).toBe(202);
    const before = await deliveries();
    const payload = { action: 'deleted', installation: { id: world.installationId, account: {} } };
    expect(await forge(world, { event: 'installation', payload, guid })).toBe(202);
    expect(await deliveries()).toBe(before);
    await world.rest();
    expect(await stateNow()).toBe('in-review');
  });

  test.each([
    ['a key twice', '{"action":"created","action":"deleted"}'],
    ['a prototype', '{"__proto__":{"action":"created"},"constructor":{"prototype":{"x":1}}}'],
    ['ten thousand levels', `{"a":${'['.repeat(10_000)}${']'.repeat(10_000)}}`],
    ['lone surrogates', '{"action":"created","repository":{"name":"\\ud800","owner":{"login":"\\udfff"}}}'],
    ['no object', '[]'],
    ['null', 'null'],
  ])('S06 %s is refused or inert', async (_, payload) => {
    const status = await forge(world, { event: 'issue_comment', payload });
    expect([202, 400, 422]).toContain(status);
    await world.rest();
    expect(({} as { x?: number }).x).toBeUndefined();
    expect(await stateNow()).toBe('in-review');
  });

  test('S07 an event or an action that nobody knows is accepted and has no effect', async () => {
    const payload = { action: 'exploded', ...(await named(world)) };
    expect(await forge(world, { event: 'warp_core', payload })).toBe(202);
    expect(await forge(world, { event: 'issues', payload: { ...payload, issue: { number: issue } } })).toBe(
      202,
    );
    await world.rest();
    expect(await stateNow()).toBe('in-review');
  });

  test('S08 an event of this repository under another installation changes nothing here', async () => {
    const comment = await world.say('mary', pull, 'A remark.');
    const payload = {
      ...(await commentPayload(world, { id: comment, changes: { body: '/approve' } })),
      installation: { id: 999_999 },
    };
    expect(await forge(world, { event: 'issue_comment', payload })).toBe(202);
    await world.rest();
    expect(await stateNow()).toBe('in-review');
    expect(await reactions(comment)).toEqual([]);
  });
});

describe('what is signed and not true', () => {
  test('S10 a comment that says /approve only in the payload approves nothing', async () => {
    const id = await world.say('walt', pull, 'I have not looked at it yet.');
    const payload = await commentPayload(world, { id, changes: { body: '/approve' } });
    expect(await forge(world, { event: 'issue_comment', payload })).toBe(202);
    await world.rest();
    expect(await stateNow()).toBe('in-review');
    expect(await reactions(id)).toEqual([]);
  });

  test('S11 an author_association and a sender that claim more than the role gives', async () => {
    const id = await world.say('rita', pull, '/approve');
    const mary = (await world.as.mary.users.getAuthenticated()).data;
    const changes = { author_association: 'OWNER', user: mary };
    const payload = { ...(await commentPayload(world, { id, changes })), sender: mary };
    expect(await forge(world, { event: 'issue_comment', payload })).toBe(202);
    await world.eventually(async () => (await reactions(id)).includes('confused'), 'rita is refused');
    expect(await stateNow()).toBe('in-review');
  });

  test('S13 an edit that is sent as a new comment', async () => {
    const id = await world.say('walt', pull, 'An innocent remark.');
    // GitHub tells seconds only: until the next one, an edit could not be told from the comment as it was written.
    const edited = async () => {
      const of = { ...world.repo, comment_id: id, body: '/approve' };
      const { data } = await world.as.walt.issues.updateComment(of);
      return data.updated_at !== data.created_at;
    };
    await world.eventually(edited, 'an edit in another second');
    for (const action of ['edited', 'created']) {
      const payload = await commentPayload(world, { id, action });
      expect(await forge(world, { event: 'issue_comment', payload })).toBe(202);
    }
    await world.rest();
    expect(await stateNow()).toBe('in-review');
    expect(await reactions(id)).toEqual([]);
  });

  test('S14 a comment that is gone', async () => {
    const id = await world.say('walt', pull, 'Soon gone.');
    const payload = await commentPayload(world, { id, changes: { body: '/approve' } });
    await world.as.walt.issues.deleteComment({ ...world.repo, comment_id: id });
    expect(await forge(world, { event: 'issue_comment', payload })).toBe(202);
    await world.rest();
    expect(await stateNow()).toBe('in-review');
  });

  test('S16 a comment of our own, sent as a person’s', async () => {
    const [own] = await world.ours(pull);
    const walt = (await world.as.walt.users.getAuthenticated()).data;
    const changes = { user: walt, body: '/approve' };
    const payload = { ...(await commentPayload(world, { id: own?.id ?? 0, changes })), sender: walt };
    expect(await forge(world, { event: 'issue_comment', payload })).toBe(202);
    await world.rest();
    expect(await stateNow()).toBe('in-review');
    expect(await reactions(own?.id ?? 0)).toEqual([]);
  });

  test('S22 a head that the pull request does not have', async () => {
    const { data } = await world.as.mary.pulls.get({ ...world.repo, pull_number: pull });
    const forgedPull = {
      ...data,
      head: { ...data.head, sha: 'f'.repeat(40) },
      merged: true,
      state: 'closed',
    };
    const payload = { action: 'closed', number: pull, pull_request: forgedPull, ...(await named(world)) };
    expect(await forge(world, { event: 'pull_request', payload })).toBe(202);
    await world.rest();
    expect(await stateNow()).toBe('in-review');
  });

  test('S27 a check run that passed only in the payload', async () => {
    const head = await world.tipOf(branch);
    const run = {
      id: 1,
      name: 'lint',
      head_sha: head,
      conclusion: 'success',
      status: 'completed',
      app: { id: 15_368 },
    };
    const payload = { action: 'completed', check_run: run, ...(await named(world)) };
    expect(await forge(world, { event: 'check_run', payload })).toBe(202);
    await world.rest();
    const [own] = await world.ours(pull);
    expect(own?.body).not.toContain('lint');
  });

  test('S43 a push that claims another base', async () => {
    const payload = { ref: 'refs/heads/main', after: 'f'.repeat(40), commits: [], ...(await named(world)) };
    expect(await forge(world, { event: 'push', payload })).toBe(202);
    await world.rest();
    expect((await world.view()).baseSha).toBe(await world.tipOf('main'));
  });

  test('a label that nobody has set starts nothing', async () => {
    const { data } = await world.as.rita.issues.create({ ...world.repo, title: 'Mine', body: 'please' });
    const label = { name: 'agent-ready' };
    const forgedIssue = { ...data, labels: [label] };
    const sender = (await world.as.mary.users.getAuthenticated()).data;
    const payload = { action: 'labeled', issue: forgedIssue, label, sender, ...(await named(world)) };
    expect(await forge(world, { event: 'issues', payload })).toBe(202);
    await world.rest();
    expect((await world.view()).plan.some((row) => row.issue === data.number)).toBe(false);
    expect(await world.ours(data.number)).toEqual([]);
  });
});
