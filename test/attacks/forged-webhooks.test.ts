/**
 * Real webhooks over HTTP that lie: signed wrongly, replayed, or signed rightly and not true. A delivery is a hint to
 * look; whatever else it says is not believed. The numbers are those of the threat list.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCheckRun } from '../../src/sandbox/check-changes.ts';
import { form, startWorld, type World } from '../stories/world.ts';
import { commentPayload, forge, named, pullPayload, signatureOf } from './forge.ts';
import { reactionsOn, waitsOf, writeCommit } from './target.ts';

let world: World;
let issue: number;
let pull: number;
let branch: string;

beforeAll(async () => {
  const policy = 'schedule: { grace: 0ms }\ngate: { checks: [ci], apps: { ci: github-actions } }\n';
  world = await startWorld({ policy, draftsAllowed: false });
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

const reactions = (comment: number) => reactionsOn(world, comment);

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

  test('S18 five hundred commands that stand only in the payload', async () => {
    const id = await world.say('walt', pull, 'Thanks.');
    const payload = await commentPayload(world, { id, changes: { body: '/approve\n'.repeat(500) } });
    expect(await forge(world, { event: 'issue_comment', payload })).toBe(202);
    await world.rest();
    expect(await stateNow()).toBe('in-review');
    expect(await reactions(id)).toEqual([]);
  });

  test('S22 a head that the pull request does not have', async () => {
    const changes = { merged: true, state: 'closed', head: { sha: 'f'.repeat(40) } };
    const payload = await pullPayload(world, { pull, action: 'closed', changes });
    expect(await forge(world, { event: 'pull_request', payload })).toBe(202);
    await world.rest();
    expect(await stateNow()).toBe('in-review');
  });

  test('S24 an approving review that nobody has written', async () => {
    const mary = (await world.as.mary.users.getAuthenticated()).data;
    const head = await world.tipOf(branch);
    const written = { id: 1, user: mary, state: 'approved', commit_id: head, author_association: 'OWNER' };
    const review = { ...written, submitted_at: '2099-01-01T00:00:00Z' };
    const payload = { ...(await pullPayload(world, { pull, action: 'submitted' })), review, sender: mary };
    expect(await forge(world, { event: 'pull_request_review', payload })).toBe(202);
    await world.rest();
    expect(await stateNow()).toBe('in-review');
    expect(await waitsOf(world, issue)).toContain('nobody has approved this commit');
  });

  test('S26 a status of our name, and of CI’s, that nobody has set', async () => {
    const sha = await world.tipOf(branch);
    const before = await waitsOf(world, issue);
    for (const context of ['signalbox/arbiter', 'ci']) {
      const payload = { id: 1, sha, context, state: 'success', ...(await named(world)) };
      expect(await forge(world, { event: 'status', payload })).toBe(202);
    }
    await world.rest();
    expect(await waitsOf(world, issue)).toEqual(before);
  });

  test('S27 a check run that passed only in the payload, by an App that it names itself', async () => {
    const sha = await world.tipOf(branch);
    const before = await waitsOf(world, issue);
    const app = { id: world.appId, slug: 'github-actions' };
    for (const name of ['lint', 'signalbox/arbiter']) {
      const run = { id: 1, name, head_sha: sha, conclusion: 'success', status: 'completed', app };
      const payload = { action: 'completed', check_run: run, ...(await named(world)) };
      expect(await forge(world, { event: 'check_run', payload })).toBe(202);
    }
    await world.rest();
    expect(await waitsOf(world, issue)).toEqual(before);
  });

  test('S28 a required job that was skipped and passes in the payload', async () => {
    const head = await world.tipOf(branch);
    const { world: github } = world.sandbox;
    const repo = github.book.repos.get('acme/engine');
    const actions = [...github.book.apps.values()].find(({ slug }) => slug === 'github-actions');
    if (!repo || !actions) throw new Error('no CI');
    const says = (conclusion: 'skipped' | 'success') =>
      github.withLock(repo, () =>
        createCheckRun(github, repo, actions, { name: 'ci', sha: head, status: 'completed', conclusion }),
      );
    await world.eventually(async () => (await world.checkOf(head, 'ci'))?.conclusion, 'CI is over');
    const run = await says('skipped');
    const told = { id: run.id, name: 'ci', head_sha: head, conclusion: 'success', status: 'completed' };
    const payload = { action: 'completed', check_run: told, ...(await named(world)) };
    expect(await forge(world, { event: 'check_run', payload })).toBe(202);
    await world.rest();
    expect((await waitsOf(world, issue)).join()).toContain('ci skipped is not proof');
    await says('success');
    await world.rest();
  });

  test('S31 a push that claims another policy', async () => {
    const commits = [{ id: 'f'.repeat(40), modified: ['.github/signalbox.yml'], added: [], removed: [] }];
    const after = await world.tipOf('main');
    const payload = { ref: 'refs/heads/main', after, commits, ...(await named(world)) };
    expect(await forge(world, { event: 'push', payload })).toBe(202);
    await world.rest();
    expect((await world.view()).policyProblem).toBeNull();
    expect(await waitsOf(world, issue)).toContain('nobody has approved this commit');
  });

  test('S37 a pull request that says its branch is main', async () => {
    const tip = await world.tipOf('main');
    const payload = await pullPayload(world, {
      pull,
      action: 'synchronize',
      changes: { head: { ref: 'main', sha: tip } },
    });
    expect(await forge(world, { event: 'pull_request', payload })).toBe(202);
    await world.rest();
    const row = (await world.view()).plan.find((each) => each.issue === issue);
    expect([row?.branch, row?.state]).toEqual([branch, 'in-review']);
    expect(await world.tipOf('main')).toBe(tip);
  });

  test('S38 a head that is in the repository and not on the branch', async () => {
    const parts = [{ path: 'docs/target.md', content: 'from a fork\n' }];
    const sha = await writeCommit(world, world.as.walt, { branch, message: 'From a fork', parts });
    const payload = await pullPayload(world, { pull, action: 'synchronize', changes: { head: { sha } } });
    expect(await forge(world, { event: 'pull_request', payload })).toBe(202);
    const checks = { action: 'completed', check_suite: { id: 1, head_sha: sha, conclusion: 'success' } };
    expect(
      await forge(world, { event: 'check_suite', payload: { ...checks, ...(await named(world)) } }),
    ).toBe(202);
    await world.rest();
    expect(await world.checkOf(sha, 'signalbox/arbiter')).toBeUndefined();
    expect(await stateNow()).toBe('in-review');
  });

  test('S50 a dependency that is not there', async () => {
    const { data: other } = await world.as.mary.issues.create({ ...world.repo, title: 'Unrelated' });
    const { data: blocked } = await world.as.mary.issues.get({ ...world.repo, issue_number: issue });
    const about = { action: 'blocked_by_added', blocked_issue: blocked, blocking_issue: other };
    const payload = { ...about, ...(await named(world)) };
    expect(await forge(world, { event: 'issue_dependencies', payload })).toBe(202);
    await world.rest();
    expect((await waitsOf(world, issue)).join()).not.toContain(`#${other.number}`);
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

describe('an approval that stands', () => {
  beforeAll(async () => {
    for (const body of ['/hold', '/approve']) {
      const id = await world.say('walt', pull, body);
      await world.eventually(async () => (await reactions(id)).includes('rocket'), `${body} is carried out`);
    }
    await world.until(issue, (row) => row.state === 'approved', 'is approved');
  });

  test('S21 is not taken back by a force-push that never happened', async () => {
    const head = await world.tipOf(branch);
    const moved = { before: 'a'.repeat(40), after: head, forced: true };
    const payload = { ...(await pullPayload(world, { pull, action: 'synchronize' })), ...moved };
    expect(await forge(world, { event: 'pull_request', payload })).toBe(202);
    await world.rest();
    expect(await stateNow()).toBe('approved');
  });

  test('S25 is not taken back by a dismissal that never happened', async () => {
    const walt = (await world.as.walt.users.getAuthenticated()).data;
    const review = { id: 1, user: walt, state: 'dismissed', commit_id: await world.tipOf(branch) };
    const payload = { ...(await pullPayload(world, { pull, action: 'dismissed' })), review, sender: walt };
    expect(await forge(world, { event: 'pull_request_review', payload })).toBe(202);
    await world.rest();
    expect(await stateNow()).toBe('approved');
  });

  test('S29 is not taken back by a rerun that turned red only in the payload', async () => {
    const run = {
      id: 1,
      name: 'ci',
      head_sha: await world.tipOf(branch),
      conclusion: 'failure',
      status: 'completed',
    };
    const payload = { action: 'completed', check_run: run, ...(await named(world)) };
    expect(await forge(world, { event: 'check_run', payload })).toBe(202);
    await world.rest();
    expect(await stateNow()).toBe('approved');
    expect((await waitsOf(world, issue)).join()).not.toContain('ci');
  });

  test('S20 is gone after a push, even when all that is heard of it names the old head', async () => {
    const old = await world.tipOf(branch);
    world.sandbox.faults.delivery = () => 'drop';
    await world.push(branch, 'Unheard of', { 'docs/target.md': 'changed after the approval\n' });
    await world.sandbox.idle();
    delete world.sandbox.faults.delivery;
    expect(await stateNow()).toBe('approved');
    const payload = await pullPayload(world, { pull, action: 'labeled', changes: { head: { sha: old } } });
    expect(await forge(world, { event: 'pull_request', payload })).toBe(202);
    await world.until(issue, (row) => row.state === 'in-review', 'is in review again');
  });
});
