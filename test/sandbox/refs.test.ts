import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Story } from './start-story.ts';
import { openPull, pushFile, refusal, startStory, tipOf } from './start-story.ts';

let story: Story;
beforeEach(async () => {
  story = await startStory();
});
afterEach(() => story.close());

const ZERO = '0'.repeat(40);
const UPDATE_REFS = `mutation Land($input: UpdateRefsInput!) { updateRefs(input: $input) { clientMutationId } }`;

interface RefUpdate {
  name: string;
  afterOid: string;
  beforeOid?: string;
  force?: boolean;
}

async function updateRefs(refUpdates: RefUpdate[]): Promise<void> {
  const { data } = await story.bot.repos.get(story.target);
  const input = { repositoryId: data.node_id, refUpdates, clientMutationId: 'me' };
  const answer = await story.bot.graphql(UPDATE_REFS, { input });
  expect(answer).toEqual({ updateRefs: { clientMutationId: 'me' } });
}

describe('REST refs', () => {
  test('are found, missing, not created twice, and moved forward only', async () => {
    const { bot, target } = story;
    const main = await tipOf(story, 'main');
    const ahead = await pushFile(story, 'ahead', 'a.txt', 'a\n');
    expect(await refusal(bot.git.getRef({ ...target, ref: 'heads/absent' }))).toMatchObject({ status: 404 });
    const twice = bot.git.createRef({ ...target, ref: 'refs/heads/ahead', sha: main });
    expect((await refusal(twice)).message).toContain('Reference already exists');
    const back = bot.git.updateRef({ ...target, ref: 'heads/ahead', sha: main, force: false });
    expect((await refusal(back)).message).toContain('Update is not a fast forward');
    await bot.git.updateRef({ ...target, ref: 'heads/main', sha: ahead });
    expect(await tipOf(story, 'main')).toBe(ahead);
    await bot.git.updateRef({ ...target, ref: 'heads/ahead', sha: main, force: true });
    const { data: matching } = await bot.git.listMatchingRefs({ ...target, ref: 'heads/' });
    expect(matching.map((ref) => [ref.ref, ref.object.sha])).toEqual([
      ['refs/heads/ahead', main],
      ['refs/heads/main', ahead],
    ]);
  });

  test('trees and commits are written through the API', async () => {
    const { bot, target } = story;
    const main = await tipOf(story, 'main');
    const { data: tree } = await bot.git.createTree({
      ...target,
      base_tree: main,
      tree: [
        { path: 'src/deep/new.js', mode: '100644', type: 'blob', content: 'new\n' },
        { path: 'README.md', mode: '100644', type: 'blob', sha: null },
      ],
    });
    const { data: commit } = await bot.git.createCommit({
      ...target,
      message: 'by hand',
      tree: tree.sha,
      parents: [main],
    });
    const { data: compared } = await bot.repos.compareCommitsWithBasehead({
      ...target,
      basehead: `main...${commit.sha}`,
    });
    expect(compared).toMatchObject({ status: 'ahead', ahead_by: 1 });
    expect(compared.files?.map((file) => [file.status, file.filename])).toEqual([
      ['removed', 'README.md'],
      ['added', 'src/deep/new.js'],
    ]);
    const { data: raw } = await bot.repos.getContent({
      ...target,
      path: 'src/deep/new.js',
      ref: commit.sha,
      mediaType: { format: 'raw' },
    });
    expect(raw).toBe('new\n');
  });
});

describe('GraphQL updateRefs', () => {
  test('moves only from the named commit', async () => {
    const main = await tipOf(story, 'main');
    const ahead = await pushFile(story, 'ahead', 'a.txt', 'a\n');
    const name = 'refs/heads/main';
    await updateRefs([{ name, beforeOid: main, afterOid: ahead }]);
    const stale = updateRefs([{ name, beforeOid: main, afterOid: main, force: true }]);
    await expect(stale).rejects.toThrow('was expected to be at');
    expect(await tipOf(story, 'main')).toBe(ahead);
  });

  test('moves all or none, creates only what is absent, deletes', async () => {
    const main = await tipOf(story, 'main');
    const ahead = await pushFile(story, 'ahead', 'a.txt', 'a\n');
    const [one, two] = ['refs/heads/one', 'refs/heads/ahead'];
    const half = updateRefs([
      { name: one, beforeOid: ZERO, afterOid: main },
      { name: two, beforeOid: ZERO, afterOid: main },
    ]);
    await expect(half).rejects.toThrow('was expected to be at');
    expect(await refusal(tipOf(story, 'one'))).toMatchObject({ status: 404 });
    await updateRefs([
      { name: one, beforeOid: ZERO, afterOid: main },
      { name: two, beforeOid: ahead, afterOid: ZERO },
    ]);
    expect(await tipOf(story, 'one')).toBe(main);
    expect(await refusal(tipOf(story, 'ahead'))).toMatchObject({ status: 404 });
  });

  test('an inline mutation makes a draft ready', async () => {
    const { bot, ada, target } = story;
    await pushFile(story, 'one', 'one.txt', 'one\n');
    const { data: pull } = await ada.pulls.create({
      ...target,
      title: 'one',
      head: 'one',
      base: 'main',
      draft: true,
    });
    expect(await refusal(bot.pulls.merge({ ...target, pull_number: pull.number }))).toMatchObject({
      status: 405,
    });
    const answer = await bot.graphql(
      `mutation { ready: markPullRequestReadyForReview(input: {pullRequestId: "${pull.node_id}"}) { pullRequest { isDraft } } }`,
    );
    expect(answer).toEqual({ ready: { pullRequest: { isDraft: false } } });
  });
});

describe('a protected branch', () => {
  const EXPECTED = 'Required status check "ci" is expected.';

  test('is moved only to a commit that passed, by every way in', async () => {
    const { bot, ada, target, sandbox, appId } = story;
    const main = await tipOf(story, 'main');
    const sha = await pushFile(story, 'one', 'one.txt', 'one\n');
    const pull_number = await openPull(story, 'one');
    sandbox.protect('ada/engine', 'main', { requiredChecks: [{ context: 'ci', appId }] });

    const { data: rules } = await bot.repos.getBranchRules({ ...target, branch: 'main' });
    expect(rules.map((rule) => rule.type)).toEqual(['required_status_checks']);
    const { data: checks } = await ada.repos.getStatusChecksProtection({ ...target, branch: 'main' });
    expect(checks.checks).toEqual([{ context: 'ci', app_id: appId }]);

    const merge = await refusal(bot.pulls.merge({ ...target, pull_number }));
    expect(merge).toMatchObject({ status: 405, message: expect.stringContaining(EXPECTED) });
    const direct = await refusal(bot.git.updateRef({ ...target, ref: 'heads/main', sha }));
    expect(direct).toMatchObject({ status: 422, message: expect.stringContaining(EXPECTED) });
    await expect(updateRefs([{ name: 'refs/heads/main', beforeOid: main, afterOid: sha }])).rejects.toThrow(
      EXPECTED,
    );

    const run = { ...target, name: 'ci', head_sha: sha };
    await bot.checks.create({ ...run, status: 'completed', conclusion: 'success' });
    await updateRefs([{ name: 'refs/heads/main', beforeOid: main, afterOid: sha }]);
    const { data: pull } = await ada.pulls.get({ ...target, pull_number });
    expect(pull.merged).toBe(true);
  });

  test('lets an App with a bypass through', async () => {
    const sha = await pushFile(story, 'one', 'one.txt', 'one\n');
    const requiredChecks = [{ context: 'ci' }];
    story.sandbox.protect('ada/engine', 'main', { requiredChecks, bypassApps: ['conductor'] });
    await story.bot.git.updateRef({ ...story.target, ref: 'heads/main', sha });
    expect(await tipOf(story, 'main')).toBe(sha);
  });
});
