import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Receiver } from './receiver.ts';
import { startReceiver } from './receiver.ts';
import type { Story } from './start-story.ts';
import { openPull, pushFile, startStory } from './start-story.ts';

let story: Story;
let receiver: Receiver;
beforeEach(async () => {
  receiver = await startReceiver();
  story = await startStory({ webhookUrl: receiver.url });
  await story.sandbox.idle();
});
afterEach(async () => {
  await story.close();
  await receiver.close();
});

async function openIssues(...titles: string[]): Promise<void> {
  for (const title of titles) await story.ada.issues.create({ ...story.target, title });
  await story.sandbox.idle();
}

function titles(): unknown[] {
  return receiver.received
    .filter(({ name }) => name === 'issues')
    .map(({ payload }) => {
      const { issue } = payload;
      return typeof issue === 'object' && issue !== null && 'title' in issue ? issue.title : null;
    });
}

test('are signed, unique, and in the order of what happened', async () => {
  await pushFile(story, 'one', 'one.txt', 'one\n');
  await openPull(story, 'one');
  await pushFile(story, 'one', 'one.txt', 'two\n');
  await story.ada.issues.addLabels({ ...story.target, issue_number: 1, labels: ['agent-ready'] });
  await story.sandbox.idle();
  expect(receiver.names()).toEqual([
    'installation.created',
    'create',
    'push',
    'check_suite.requested',
    'push',
    'check_suite.requested',
    'pull_request.opened',
    'push',
    'check_suite.requested',
    'pull_request.synchronize',
    'pull_request.labeled',
  ]);
  expect(receiver.received.every((one) => one.valid)).toBe(true);
  expect(new Set(receiver.received.map((one) => one.guid)).size).toBe(receiver.received.length);
  expect(receiver.received.at(-1)?.payload).toMatchObject({
    installation: { id: story.installationId },
    repository: { full_name: 'ada/engine' },
    sender: { login: 'ada' },
    label: { name: 'agent-ready' },
  });
});

test('tell an App of its own actions too', async () => {
  const sha = await pushFile(story, 'one', 'one.txt', 'one\n');
  const { data: run } = await story.bot.checks.create({ ...story.target, name: 'mine', head_sha: sha });
  await story.bot.checks.update({ ...story.target, check_run_id: run.id, conclusion: 'success' });
  await story.ada.checks.rerequestRun({ ...story.target, check_run_id: run.id });
  await story.sandbox.idle();
  expect(receiver.names().slice(-4)).toEqual([
    'check_run.created',
    'check_run.completed',
    'check_suite.completed',
    'check_run.rerequested',
  ]);
});

test('can be dropped and duplicated', async () => {
  story.sandbox.faults.delivery = ({ index }) =>
    index === 1 ? 'drop' : index === 2 ? 'duplicate' : 'deliver';
  await openIssues('first', 'second');
  expect(titles()).toEqual(['first', 'second', 'second'].slice(1));
  const guids = receiver.received.slice(1).map((one) => one.guid);
  expect(new Set(guids).size).toBe(1);
  expect(story.sandbox.deliveries().map((one) => one.status)).toEqual([202, null, 202]);
});

test('can come late and in reverse', async () => {
  story.sandbox.faults.reorderWindow = 3;
  await openIssues('first', 'second', 'third');
  expect(titles()).toEqual(['third', 'second', 'first']);
  story.sandbox.faults = { delivery: ({ index }) => (index === 4 ? { delayMs: 20 } : 'deliver') };
  await openIssues('fourth', 'fifth');
  expect(titles().toSorted().slice(0, 2)).toEqual(['fifth', 'first']);
  expect(titles()).toHaveLength(5);
});

test('that failed are listed, stay failed, and are delivered again under the same GUID', async () => {
  receiver.answer = 500;
  await openIssues('first');
  const list = async () => (await story.app.apps.listWebhookDeliveries()).data;
  const [failed] = await list();
  expect(failed).toMatchObject({ event: 'issues', action: 'opened', status_code: 500, redelivery: false });
  receiver.answer = 202;
  await story.app.apps.redeliverWebhookDelivery({ delivery_id: failed?.id ?? 0 });
  await story.sandbox.idle();
  const [again] = await list();
  expect(again).toMatchObject({ guid: failed?.guid, status_code: 202, redelivery: true });
  expect(titles()).toEqual(['first', 'first']);
});

test('to an App that is not there fail, and reach it when it is back', async () => {
  story.sandbox.setWebhook('conductor', { url: 'http://127.0.0.1:1/hook', secret: 'x'.repeat(20) });
  await openIssues('unheard');
  expect(story.sandbox.deliveries().at(-1)).toMatchObject({ event: 'issues', status: 502 });
  expect(titles()).toEqual([]);
});

test('tell an App of its installation: repositories, suspension, end', async () => {
  const { ada, app, sandbox, installationId } = story;
  const { id: repository_id } = await sandbox.addRepo({ owner: 'ada', name: 'other', files: { a: 'a' } });
  sandbox.install('conductor', 'ada', ['other']);
  const selection = { installation_id: installationId, repository_id };
  await ada.apps.removeRepoFromInstallationForAuthenticatedUser(selection);
  await app.apps.suspendInstallation({ installation_id: installationId });
  await app.apps.unsuspendInstallation({ installation_id: installationId });
  await app.apps.deleteInstallation({ installation_id: installationId });
  await sandbox.idle();
  expect(receiver.names()).toEqual([
    'installation.created',
    'installation_repositories.added',
    'installation_repositories.removed',
    'installation.suspend',
    'installation.unsuspend',
    'installation.deleted',
  ]);
});
