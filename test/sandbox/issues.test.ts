import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Receiver } from './receiver.ts';
import { startReceiver } from './receiver.ts';
import type { Story } from './start-story.ts';
import { refusal, startStory, userClient } from './start-story.ts';

let story: Story;
let receiver: Receiver;
beforeEach(async () => {
  receiver = await startReceiver();
  story = await startStory({ webhookUrl: receiver.url });
});
afterEach(async () => {
  await story.close();
  await receiver.close();
});

async function openIssue(title: string) {
  const { data } = await story.ada.issues.create({ ...story.target, title });
  return { ...story.target, issue_number: data.number, id: data.id };
}

test('an issue keeps its timeline: who labelled, closed and renamed it, and when', async () => {
  const { ada, bot } = story;
  const issue = await openIssue('Count');
  await ada.issues.addLabels({ ...issue, labels: ['agent-ready'] });
  await bot.issues.createComment({ ...issue, body: 'Seen.' });
  await ada.issues.addAssignees({ ...issue, assignees: ['ada'] });
  await ada.issues.update({ ...issue, title: 'Count to two', state: 'closed', state_reason: 'not_planned' });
  await ada.issues.update({ ...issue, state: 'open' });
  await ada.issues.removeLabel({ ...issue, name: 'agent-ready' });
  const { data: timeline } = await bot.issues.listEventsForTimeline(issue);
  expect(timeline.map((entry) => entry.event)).toEqual([
    'labeled',
    'commented',
    'assigned',
    'renamed',
    'closed',
    'reopened',
    'unlabeled',
  ]);
  expect(timeline[0]).toMatchObject({ actor: { login: 'ada' }, label: { name: 'agent-ready' } });
  const { data: labels } = await bot.issues.listLabelsForRepo(story.target);
  expect(labels.map((label) => label.name)).toEqual(['agent-ready']);
});

test('lists are filtered by label and state', async () => {
  const { ada, target } = story;
  const one = await openIssue('one');
  await openIssue('two');
  await ada.issues.addLabels({ ...one, labels: ['bug'] });
  const list = async (query: { labels?: string; state?: 'open' | 'closed' | 'all' }) =>
    (await ada.issues.listForRepo({ ...target, ...query })).data.map((issue) => issue.title);
  expect(await list({ labels: 'bug' })).toEqual(['one']);
  await ada.issues.update({ ...one, state: 'closed' });
  expect(await list({})).toEqual(['two']);
  expect(await list({ state: 'all' })).toEqual(['two', 'one']);
});

test('comments are edited by those who may, and reacted to once', async () => {
  const { ada, bot, target, sandbox } = story;
  const issue = await openIssue('Talk');
  const { data: comment } = await ada.issues.createComment({ ...issue, body: '/approve' });
  const eve = userClient(sandbox, sandbox.addUser('eve').token);
  const edit = { ...target, comment_id: comment.id, body: '/cancel' };
  expect(await refusal(eve.issues.updateComment(edit))).toMatchObject({ status: 403 });
  await bot.issues.updateComment(edit);
  const react = () =>
    bot.reactions.createForIssueComment({ ...target, comment_id: comment.id, content: 'eyes' });
  expect((await react()).status).toBe(201);
  expect((await react()).status).toBe(200);
  const { data: all } = await bot.issues.listCommentsForRepo({ ...target, since: comment.created_at });
  expect(all[0]).toMatchObject({ body: '/cancel', reactions: { eyes: 1, total_count: 1 } });
  await ada.issues.deleteComment({ ...target, comment_id: comment.id });
  await sandbox.idle();
  expect(receiver.names().slice(-3)).toEqual([
    'issue_comment.created',
    'issue_comment.edited',
    'issue_comment.deleted',
  ]);
});

test('issues block each other and have parts', async () => {
  const { ada, sandbox } = story;
  const first = await openIssue('first');
  const second = await openIssue('second');
  await ada.issues.addBlockedByDependency({ ...second, issue_id: first.id });
  const { data: blockers } = await ada.issues.listDependenciesBlockedBy(second);
  expect(blockers.map((issue) => issue.title)).toEqual(['first']);
  const circle = ada.issues.addBlockedByDependency({ ...first, issue_id: second.id });
  expect(await refusal(circle)).toMatchObject({ status: 422 });
  await ada.issues.addSubIssue({ ...first, sub_issue_id: second.id });
  const { data: parts } = await ada.issues.listSubIssues(first);
  expect(parts.map((issue) => issue.title)).toEqual(['second']);
  await sandbox.idle();
  expect(receiver.names().slice(-2)).toEqual([
    'issue_dependencies.blocked_by_added',
    'sub_issues.sub_issue_added',
  ]);
});

test('statuses combine, and dispatches reach the App', async () => {
  const { ada, bot, target, sandbox } = story;
  const { data: main } = await ada.git.getRef({ ...target, ref: 'heads/main' });
  const { sha } = main.object;
  await bot.repos.createCommitStatus({ ...target, sha, state: 'pending', context: 'build' });
  await bot.repos.createCommitStatus({ ...target, sha, state: 'success', context: 'build' });
  const { data: combined } = await ada.repos.getCombinedStatusForRef({ ...target, ref: 'main' });
  expect(combined).toMatchObject({ state: 'success', total_count: 1 });
  await ada.repos.createDispatchEvent({ ...target, event_type: 'go', client_payload: { n: 1 } });
  await sandbox.idle();
  expect(receiver.names().slice(-3)).toEqual(['status', 'status', 'repository_dispatch.go']);
});
