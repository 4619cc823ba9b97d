/** What people type and label, and who may. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { form, startWorld, type World } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld({ draftsAllowed: false });
});
afterAll(async () => {
  await world.proveReplay();
  await world.close();
});

const reactions = async (comment: number): Promise<string[]> => {
  const { data } = await world.as.mary.reactions.listForIssueComment({ ...world.repo, comment_id: comment });
  return data.map((reaction) => reaction.content);
};

const reacted = (comment: number, content: string) =>
  world.eventually(
    async () => ((await reactions(comment)).includes(content) ? true : null),
    `${content} on ${comment}`,
  );

const repliesAfter = async (under: number, comment: number) =>
  (await world.ours(under)).filter(({ id }) => id > comment);

describe('slash commands', () => {
  let issue: number;
  let pull: number;

  beforeAll(async () => {
    issue = await world.request('mary', 'A task to talk about', form({ owns: ['docs/talk.md'] }));
    const row = await world.until(issue, (each) => each.pull !== null, 'has a PR');
    pull = row.pull ?? 0;
    await world.push(row.branch ?? '', 'Talk', { 'docs/talk.md': 'talk\n' });
    await world.until(
      issue,
      (each) => each.state === 'in-review',
      'is in review: without drafts the first push is the sign',
    );
  });

  test('/approve by somebody who can only read is refused with one short answer, and approves nothing', async () => {
    const comment = await world.say('rita', pull, '/approve');
    await reacted(comment, 'confused');
    const [answer, ...more] = await world.eventually(async () => {
      const replies = await repliesAfter(pull, comment);
      return replies.length > 0 ? replies : null;
    }, 'an answer');
    expect(answer?.body).toContain('write access');
    expect(more).toEqual([]);
    expect((await world.view()).plan.find((row) => row.issue === issue)?.state).toBe('in-review');
  });

  test('/approve of another commit than the head is refused', async () => {
    const comment = await world.say('walt', pull, '/approve 0123456789');
    await reacted(comment, 'confused');
    const answered = async () =>
      (await repliesAfter(pull, comment)).find(({ body }) => body.includes('head commit is now'));
    await world.eventually(answered, 'an answer that names the head');
  });

  test('/status and /help answer on the issue too, and a command that cannot be carried out says why', async () => {
    const status = await world.say('rita', issue, '/status');
    const help = await world.say('rita', issue, '/help');
    const later = await world.say('walt', issue, '/unhold');
    await reacted(status, 'rocket');
    await reacted(help, 'rocket');
    await reacted(later, 'confused');
    await world.eventually(async () => (await repliesAfter(issue, status)).length === 3, 'three answers');
    const bodies = (await repliesAfter(issue, status)).map(({ body }) => body).join('\n');
    expect(bodies).toContain('In review');
    expect(bodies).toContain('/escalate');
    expect(bodies).toContain('it is not on hold');
  });

  test('a mistyped command is answered with what was probably meant', async () => {
    const comment = await world.say('walt', pull, '/aprove');
    const answered = async () =>
      (await repliesAfter(pull, comment)).find(({ body }) => body.includes('/approve'));
    await world.eventually(answered, 'a suggestion');
  });

  test('commands in code and quotes, in edits and by bots are not heard', async () => {
    const quoted = await world.say(
      'walt',
      pull,
      '> /escalate quoted\n\n```\n/escalate in code\n```\nNothing to see.',
    );
    const edited = await world.say('walt', pull, 'An innocent remark.');
    await world.as.walt.issues.updateComment({
      ...world.repo,
      comment_id: edited,
      body: '/escalate by an edit',
    });
    const marker = await world.say('walt', pull, '/help');
    await reacted(marker, 'rocket');
    expect(await reactions(quoted)).toEqual([]);
    expect(await reactions(edited)).toEqual([]);
    expect((await world.view()).plan.find((row) => row.issue === issue)?.state).toBe('in-review');
  });

  test('/escalate stops the task, says in one new comment what to type, and /approve takes it up again', async () => {
    const comment = await world.say('walt', issue, '/escalate the design is unclear');
    await reacted(comment, 'rocket');
    await world.until(issue, (row) => row.state === 'escalated', 'is escalated');
    const notice = async () =>
      (await repliesAfter(pull, comment)).find(({ body }) => body.includes('A person is needed'));
    expect((await world.eventually(notice, 'the notice')).body).toContain('the design is unclear');
    const labelled = async () =>
      (await world.as.mary.issues.listLabelsOnIssue({ ...world.repo, issue_number: issue })).data.some(
        (label) => label.name === 'agent-needs-human',
      );
    await world.eventually(labelled, 'the label agent-needs-human');
    await world.say('mary', pull, '/approve');
    await world.until(issue, (row) => row.state === 'completed', 'is completed after all');
  });
});

describe('a webhook that is faster than what it tells of', () => {
  test('is looked into again: a command whose comment cannot be read at first is carried out all the same', async () => {
    let missing = 2;
    world.sandbox.faults.request = ({ method, path }) => {
      if (method !== 'GET' || !/\/issues\/comments\/\d+$/.test(path) || missing === 0) return undefined;
      missing -= 1;
      return { when: 'before', answer: 404 };
    };
    const { data } = await world.as.mary.issues.create({ ...world.repo, title: 'Quick', body: '' });
    const comment = await world.say('mary', data.number, '/help');
    await reacted(comment, 'rocket');
    expect(missing).toBe(0);
    delete world.sandbox.faults.request;
  });
});

describe('requests', () => {
  test('a label set by somebody without write access starts nothing and says why, once', async () => {
    const { data } = await world.as.rita.issues.create({ ...world.repo, title: 'Give me', body: 'please' });
    // Reading gives no right to label on GitHub; triage does, and is still not enough to start agents.
    await world.as.tess.issues.addLabels({
      ...world.repo,
      issue_number: data.number,
      labels: ['agent-ready'],
    });
    const told = await world.eventually(async () => (await world.ours(data.number))[0], 'a refusal');
    expect(told.body).toContain('write access');
    await world.as.mary.issues.update({ ...world.repo, issue_number: data.number, title: 'Give me, please' });
    await world.sandbox.idle();
    expect(await world.ours(data.number)).toHaveLength(1);
    expect((await world.view()).plan.some((row) => row.issue === data.number)).toBe(false);
  });

  test('owned files that cannot be read refuse the request with a sentence about them', async () => {
    const issue = await world.request('mary', 'Escape', form({ owns: ['../outside'] }));
    const told = await world.eventually(async () => (await world.ours(issue))[0], 'a refusal');
    expect(told.body).toContain('../outside');
  });

  test('a policy file that is not understood leaves the policy in force, and the comment says so', async () => {
    await world.push('main', 'A mistake', {
      '.github/signalbox.yml': 'schedule: { grace: 0ms }\nqeue: { builds: 2 }\n',
    });
    await world.eventually(async () => (await world.view()).policyProblem, 'the problem is known');
    const issue = await world.request('mary', 'Under the old policy', form({ owns: ['docs/policy.md'] }));
    const row = await world.until(issue, (each) => each.pull !== null, 'starts all the same');
    expect(row.state).not.toBe('waiting');
    const says = async () => (await world.ours(issue)).some(({ body }) => body.includes('qeue'));
    await world.eventually(says, 'the comment names the key');
  });
});

describe('what a comment says a task waits on', () => {
  test('is brought up to date when a time has come, though nothing has happened', async () => {
    const policy = 'schedule: { grace: 2s }\nlimits: { running: 1 }\n';
    await world.push('main', 'Some grace', { '.github/signalbox.yml': policy });
    await world.eventually(async () => (await world.view()).policyProblem === null, 'the policy is in force');
    expect((await world.view()).plan.some((row) => row.state === 'assigned')).toBe(true);
    const issue = await world.request('mary', 'Wait your turn', form({ owns: ['docs/turn.md'] }));
    const says = async (text: string) => (await world.ours(issue)).some(({ body }) => body.includes(text));
    await world.eventually(() => says('time for late edits'), 'the grace period is told');
    const isOver = async () => (await says('the limit')) && !(await says('time for late edits'));
    await world.eventually(isOver, 'the grace period is not told any more');
  });
});
