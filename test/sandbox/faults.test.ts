import { afterEach, beforeEach, expect, test } from 'vitest';
import type { SandboxFaults } from '../../src/sandbox/faults.ts';
import type { Story } from './start-story.ts';
import { openPull, pushFile, refusal, startStory } from './start-story.ts';

let story: Story;
beforeEach(async () => {
  story = await startStory();
});
afterEach(() => story.close());

type Ask = Parameters<NonNullable<SandboxFaults['request']>>[0];

async function titles(): Promise<string[]> {
  story.sandbox.faults = {};
  const { data } = await story.ada.issues.listForRepo(story.target);
  return data.map((issue) => issue.title);
}

const create = (title: string) => story.bot.issues.create({ ...story.target, title });

test('a request can fail before its effect', async () => {
  story.sandbox.faults.request = ({ path }) =>
    path.endsWith('/issues') ? { when: 'before', answer: 502 } : undefined;
  expect(await refusal(create('lost'))).toMatchObject({ status: 502 });
  expect(await titles()).toEqual([]);
});

test('a request can fail after its effect, by an answer or by a broken connection', async () => {
  for (const answer of [502, 'disconnect'] as const) {
    story.sandbox.faults.request = ({ path }) =>
      path.endsWith('/issues') ? { when: 'after', answer } : undefined;
    expect((await refusal(create(`kept ${answer}`))).status).toBeGreaterThanOrEqual(500);
  }
  expect(await titles()).toEqual(['kept disconnect', 'kept 502']);
});

test('a merge can land although its answer was lost', async () => {
  await pushFile(story, 'one', 'one.txt', 'one\n');
  const pull_number = await openPull(story, 'one');
  story.sandbox.faults.request = ({ method }) =>
    method === 'PUT' ? { when: 'after', answer: 500 } : undefined;
  await refusal(story.bot.pulls.merge({ ...story.target, pull_number }));
  const { data } = await story.ada.pulls.get({ ...story.target, pull_number });
  expect(data.merged).toBe(true);
});

test('is asked before and after, for Apps only, and may take its time', async () => {
  const asked: Ask[] = [];
  story.sandbox.faults.request = async (request) => {
    await Promise.resolve();
    asked.push(request);
    return undefined;
  };
  await story.ada.issues.create({ ...story.target, title: 'by a person' });
  expect(asked).toEqual([]);
  await create('by the App');
  await story.bot
    .graphql('mutation { convertPullRequestToDraft(input: {pullRequestId: "x"}) { clientMutationId } }')
    .catch(() => null);
  const seen = asked.map(({ method, path, write, phase }) => `${phase} ${method} ${path} ${write}`);
  const token = `POST /app/installations/${story.installationId}/access_tokens true`;
  const issue = 'POST /repos/ada/engine/issues true';
  const graphql = 'POST /graphql true';
  expect(seen).toEqual([token, issue, graphql].flatMap((one) => [`before ${one}`, `after ${one}`]));
  expect(asked.map((one) => one.index)).toEqual([0, 0, 1, 1, 2, 2]);
});
