/** What people, bots and edits try with comments. Each test's name starts with its number on the threat list. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { form, startWorld, type World } from '../stories/world.ts';
import { reactionsOn } from './target.ts';

let world: World;
let issue: number;
let pull: number;

beforeAll(async () => {
  world = await startWorld({ draftsAllowed: false });
  issue = await world.request('mary', 'The target', form({ owns: ['docs/target.md'] }));
  const row = await world.until(issue, (each) => each.pull !== null, 'has a PR');
  pull = row.pull ?? 0;
  await world.push(row.branch ?? '', 'Change', { 'docs/target.md': 'target\n' });
  await world.until(issue, (each) => each.state === 'in-review', 'is in review');
});
afterAll(async () => {
  await world.proveReplay();
  await world.close();
});

const reactions = (comment: number) => reactionsOn(world, comment);

const reacted = (comment: number, content: 'rocket' | 'confused') =>
  world.eventually(async () => {
    const seen = await reactions(comment);
    if (content === 'rocket' && seen.includes('confused'))
      throw new Error(`refused: ${(await allAnswers()).join('\n')}`);
    return seen.includes(content);
  }, `${content} on ${comment}`);

const allAnswers = async () =>
  [...(await answersAfter(issue, 0)), ...(await answersAfter(pull, 0))].slice(-3);

const answersAfter = async (under: number, comment: number) =>
  (await world.ours(under)).filter(({ id }) => id > comment).map(({ body }) => body);

const answered = (under: number, comment: number, words: string) =>
  world.eventually(
    async () => (await answersAfter(under, comment)).find((body) => body.includes(words)),
    `an answer with "${words}"`,
  );

const stateNow = async () => (await world.view()).plan.find((row) => row.issue === issue)?.state;

describe('who may', () => {
  test('S10 a reader and somebody from outside get 😕 and one short denial', async () => {
    const outsider = world.guest('oscar');
    const { data } = await outsider.issues.createComment({
      ...world.repo,
      issue_number: pull,
      body: '/approve',
    });
    for (const comment of [await world.say('rita', pull, '/approve'), data.id]) {
      await reacted(comment, 'confused');
      const denial = await answered(pull, comment, 'people with write access');
      expect(denial.length).toBeLessThan(300);
    }
    expect(await stateNow()).toBe('in-review');
  });

  test('S10 /merge is another bot’s word: a hint, and nothing merged', async () => {
    const comment = await world.say('rita', pull, '/merge');
    await reacted(comment, 'confused');
    await answered(pull, comment, '/approve [sha]');
    expect(await stateNow()).toBe('in-review');
  });

  test('S11 triage is not write, whatever the association', async () => {
    for (const typed of ['/approve', '/hold', '/cancel', '/escalate because']) {
      const comment = await world.say('tess', pull, typed);
      await reacted(comment, 'confused');
      await answered(pull, comment, 'people with write access');
    }
    const freeze = await world.say('walt', pull, '/freeze because');
    await reacted(freeze, 'confused');
    await answered(pull, freeze, 'maintainers and administrators');
    expect((await world.view()).frozen).toBeNull();
  });

  test('S12 when GitHub does not tell the permission, nothing is done and trying again is offered', async () => {
    world.sandbox.faults.request = ({ path, phase }) =>
      phase === 'before' && path.endsWith('/permission') ? { when: 'before', answer: 422 } : undefined;
    const comment = await world.say('walt', pull, '/approve');
    await answered(pull, comment, 'type it again');
    await reacted(comment, 'confused');
    delete world.sandbox.faults.request;
    expect(await stateNow()).toBe('in-review');
  });

  test('S12 when GitHub fails only for a while, the command is carried out after all', async () => {
    let failures = 0;
    world.sandbox.faults.request = ({ path, phase }) => {
      if (phase !== 'before' || !path.endsWith('/permission') || failures >= 2) return undefined;
      failures += 1;
      return { when: 'before', answer: 502 };
    };
    const comment = await world.say('walt', issue, '/hold a moment');
    await reacted(comment, 'rocket');
    delete world.sandbox.faults.request;
    await reacted(await world.say('walt', issue, '/unhold'), 'rocket');
    expect(failures).toBe(2);
  });
});

describe('what counts as a command', () => {
  test('S13 a comment edited into a command is ignored, edited before it was read too', async () => {
    const before = await world.say('walt', pull, 'Good.');
    await world.as.walt.issues.updateComment({ ...world.repo, comment_id: before, body: '/approve' });
    const late = await world.say('walt', pull, 'Fine.');
    await world.sandbox.idle();
    await world.as.walt.issues.updateComment({ ...world.repo, comment_id: late, body: '/approve' });
    await world.rest();
    expect(await stateNow()).toBe('in-review');
    expect(await reactions(before)).toEqual([]);
    expect(await reactions(late)).toEqual([]);
  });

  test('S14 a command deleted before it was read is not carried out', async () => {
    world.sandbox.faults.delivery = ({ event }) => (event === 'issue_comment' ? { delayMs: 300 } : 'deliver');
    const comment = await world.say('walt', pull, '/approve');
    await world.as.walt.issues.deleteComment({ ...world.repo, comment_id: comment });
    await world.sandbox.idle();
    delete world.sandbox.faults.delivery;
    await world.rest();
    expect(await stateNow()).toBe('in-review');
  });

  test.each([
    ['a code block', '```\n/approve\n```'],
    ['a quote', '> /approve'],
    ['an HTML comment', 'Hm. <!--\n/approve\n-->'],
    ['the mail that is answered', 'No.\n\nOn Mon, Walt <walt@example.org> wrote:\n/approve'],
    ['a fold', '<details>\n\n/approve\n\n</details>'],
    ['the middle of a line', 'Please /approve it'],
  ])('S15 a command in %s is none', async (_, body) => {
    const comment = await world.say('walt', pull, body);
    await world.rest();
    expect(await reactions(comment)).toEqual([]);
    expect(await stateNow()).toBe('in-review');
  });

  test('S16 what bots write is no command, our own answers least of all', async () => {
    const bot = world.bot('helper');
    const { data } = await bot.issues.createComment({ ...world.repo, issue_number: pull, body: '/approve' });
    const help = await world.say('walt', pull, '/help');
    await answered(pull, help, '| Command | Who |');
    await world.rest();
    expect(await reactions(data.id)).toEqual([]);
    expect(await stateNow()).toBe('in-review');
  });

  test('S18 of five hundred commands five are read, and one sentence says so', async () => {
    const comment = await world.say('walt', pull, '/unhold\n'.repeat(500));
    const told = await answered(pull, comment, 'last 495 commands');
    expect(told).toContain('a comment may have five');
    await world.rest();
    expect(await answersAfter(pull, comment)).toHaveLength(6);
  });

  test.each(['/\u0430pprove', '/app\u200brove', '/ａｐｐｒｏｖｅ'])(
    'S19 the look-alike %j gets a hint and approves nothing',
    async (typed) => {
      const comment = await world.say('walt', pull, typed);
      await reacted(comment, 'confused');
      await answered(pull, comment, 'Did you mean `/approve [sha]`');
      expect(await stateNow()).toBe('in-review');
    },
  );
});

describe('loops and floods', () => {
  test('S17 an account that answers every answer with a command is not answered any more', async () => {
    const first = await world.as.rita.issues.createComment({
      ...world.repo,
      issue_number: issue,
      body: '/help',
    });
    let last = first.data.id;
    await reacted(last, 'rocket');
    let replies = 0;
    for (; replies < 30; replies++) {
      const comment = await world.say('rita', issue, '/help');
      await world.eventually(async () => (await reactions(comment)).length >= 2, 'a decision');
      last = comment;
      if ((await reactions(comment)).includes('confused')) break;
    }
    const limited = await answered(issue, last, 'within an hour');
    expect(limited).toContain('not answered until an hour has passed');
    expect(replies).toBeLessThan(12);
    const silent = await world.say('rita', issue, '/status');
    await reacted(silent, 'confused');
    await world.rest();
    expect(await answersAfter(issue, silent)).toEqual([]);
  });
});

test('S20 an approval does not survive a push, however it comes about', async () => {
  await reacted(await world.say('walt', pull, '/hold for the test'), 'rocket');
  await reacted(await world.say('walt', pull, '/approve'), 'rocket');
  await world.until(issue, (row) => row.state === 'approved', 'is approved');
  const { branch } = await world.until(issue, () => true, 'is there');
  await world.push(branch ?? '', 'One more thing', { 'docs/target.md': 'another\n' });
  const row = await world.until(issue, (each) => each.state === 'in-review', 'is in review again');
  expect(row.reason).toContain('the head moved');
});

test('/cancel is final until the label is set anew; holds and freezes are told everywhere', async () => {
  await reacted(await world.say('mary', issue, '/freeze the audit @org/everyone'), 'rocket');
  expect((await world.view()).frozen).toMatchObject({ by: 'mary' });
  const page = await (await fetch(`${world.url}/lanes/acme/engine/main`)).text();
  expect(page).toContain('the audit');
  await reacted(await world.say('mary', issue, '/unfreeze'), 'rocket');
  await reacted(await world.say('walt', issue, '/cancel'), 'rocket');
  await world.until(issue, (row) => row.state === 'cancelled', 'is cancelled');
  const closed = async () =>
    (await world.as.mary.pulls.get({ ...world.repo, pull_number: pull })).data.state === 'closed';
  await world.eventually(closed, 'its PR is closed');
  await world.as.mary.issues.update({ ...world.repo, issue_number: issue, title: 'The target, again' });
  await world.sandbox.idle();
  expect(await stateNow()).toBe('cancelled');
  const said = async () =>
    (await world.ours(issue)).some(
      ({ body }) => body.includes('walt typed') && body.includes('To start anew'),
    );
  await world.eventually(said, 'the comment says by whom, and how it comes back');
  // GitHub tells seconds only: a label set in the second of the /cancel counts as the one that was there.
  const isTakenUp = async () => {
    await world.as.mary.issues.removeLabel({ ...world.repo, issue_number: issue, name: 'agent-ready' });
    await world.as.mary.issues.addLabels({ ...world.repo, issue_number: issue, labels: ['agent-ready'] });
    await world.rest();
    return (await stateNow()) !== 'cancelled';
  };
  await world.eventually(isTakenUp, 'it is taken up again');
});
