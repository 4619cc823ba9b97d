import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Story } from './start-story.ts';
import { openPull, pushFile, refusal, startStory, tipOf } from './start-story.ts';

let story: Story;
beforeEach(async () => {
  story = await startStory();
});
afterEach(() => story.close());

describe('a pull request', () => {
  test('follows its branch and merges by three-way merge', async () => {
    const { ada, bot, target } = story;
    await pushFile(story, 'left', 'left.txt', 'left\n');
    await pushFile(story, 'right', 'right.txt', 'right\n');
    const left = await openPull(story, 'left');
    const right = await openPull(story, 'right');

    const moved = await pushFile(story, 'left', 'left.txt', 'left, again\n');
    const { data: followed } = await ada.pulls.get({ ...target, pull_number: left });
    expect(followed.head.sha).toBe(moved);
    expect(followed.commits).toBe(2);

    for (const pull_number of [left, right]) {
      const { data } = await bot.pulls.merge({ ...target, pull_number });
      expect(data.merged).toBe(true);
    }
    const { data: tree } = await ada.git.getTree({ ...target, tree_sha: 'main', recursive: '1' });
    expect(tree.tree.map((entry) => entry.path)).toEqual([
      'README.md',
      'left.txt',
      'right.txt',
      'src',
      'src/count.js',
    ]);
    const { data: merged } = await ada.pulls.get({ ...target, pull_number: right });
    expect(merged).toMatchObject({
      state: 'closed',
      merged: true,
      merge_commit_sha: await tipOf(story, 'main'),
    });
    expect(merged.merged_by?.login).toBe('conductor[bot]');
    expect(merged.commits).toBe(1);
  });

  test('is told null at first and then whether it can be merged', async () => {
    const { ada, target } = story;
    await pushFile(story, 'one', 'src/count.js', 'export const count = 2;\n');
    await pushFile(story, 'two', 'src/count.js', 'export const count = 3;\n');
    const one = await openPull(story, 'one');
    const two = await openPull(story, 'two');
    const read = async () => (await ada.pulls.get({ ...target, pull_number: two })).data;
    expect((await read()).mergeable).toBeNull();
    expect(await read()).toMatchObject({ mergeable: true, mergeable_state: 'clean' });

    await ada.pulls.merge({ ...target, pull_number: one });
    expect((await read()).mergeable).toBeNull();
    expect(await read()).toMatchObject({ mergeable: false, mergeable_state: 'dirty' });
    expect((await refusal(ada.pulls.merge({ ...target, pull_number: two }))).status).toBe(405);
    const direct = ada.repos.merge({ ...target, base: 'main', head: 'two' });
    expect(await refusal(direct)).toMatchObject({ status: 409 });
  });

  test('answers 409 to a merge of a head that has moved', async () => {
    const sha = await pushFile(story, 'one', 'one.txt', 'one\n');
    const pull_number = await openPull(story, 'one');
    await pushFile(story, 'one', 'one.txt', 'two\n');
    const merge = story.ada.pulls.merge({ ...story.target, pull_number, sha });
    expect(await refusal(merge)).toMatchObject({
      status: 409,
      message: expect.stringContaining('Head branch was modified'),
    });
  });

  test('counts as merged when its head is pushed to the base, and closes its issue', async () => {
    const { ada, target } = story;
    const { data: issue } = await ada.issues.create({ ...target, title: 'Count to two' });
    const sha = await pushFile(story, 'two', 'src/count.js', 'export const count = 2;\n');
    const pull_number = await openPull(story, 'two', `Closes #${issue.number}`);
    await ada.git.updateRef({ ...target, ref: 'heads/main', sha });

    const { data: pull } = await ada.pulls.get({ ...target, pull_number });
    expect(pull).toMatchObject({ state: 'closed', merged: true, merge_commit_sha: sha });
    const { data: closed } = await ada.issues.get({ ...target, issue_number: issue.number });
    expect(closed).toMatchObject({ state: 'closed', state_reason: 'completed' });
    const { data: events } = await ada.issues.listEvents({ ...target, issue_number: issue.number });
    expect(events.map((event) => event.event)).toEqual(['closed']);
  });

  test.each(['squash', 'rebase'] as const)('can be merged by %s', async (merge_method) => {
    const { ada, target } = story;
    await pushFile(story, 'one', 'one.txt', 'one\n');
    await pushFile(story, 'one', 'one.txt', 'two\n');
    const pull_number = await openPull(story, 'one');
    await pushFile(story, 'main', 'other.txt', 'other\n');
    await ada.pulls.merge({ ...target, pull_number, merge_method });
    const { data: commits } = await ada.repos.listCommits(target);
    expect(commits).toHaveLength(merge_method === 'squash' ? 3 : 4);
    expect(commits.every((commit) => commit.parents.length < 2)).toBe(true);
    const { data: pull } = await ada.pulls.get({ ...target, pull_number });
    expect(pull.merged).toBe(true);
  });

  test('closes when its branch is deleted', async () => {
    await pushFile(story, 'one', 'one.txt', 'one\n');
    const pull_number = await openPull(story, 'one');
    await story.ada.git.deleteRef({ ...story.target, ref: 'heads/one' });
    const { data } = await story.ada.pulls.get({ ...story.target, pull_number });
    expect(data).toMatchObject({ state: 'closed', merged: false });
  });

  test('is refused without commits, without a branch, twice, and as a draft where there are none', async () => {
    const { ada, target } = story;
    const sha = await tipOf(story, 'main');
    await ada.git.createRef({ ...target, ref: 'refs/heads/empty', sha });
    const create = (head: string, draft = false) =>
      refusal(ada.pulls.create({ ...target, title: head, head, base: 'main', draft }));
    expect((await create('empty')).message).toContain('No commits between main and empty');
    expect(await create('absent')).toMatchObject({ status: 422 });
    await pushFile(story, 'one', 'one.txt', 'one\n');
    await openPull(story, 'one');
    expect((await create('one')).message).toContain('A pull request already exists for ada:one');
    const { data: found } = await ada.pulls.list({ ...target, head: 'ada:one' });
    expect(found).toHaveLength(1);

    const plain = await startStory({ draftsAllowed: false });
    await pushFile(plain, 'one', 'one.txt', 'one\n');
    const draft = plain.ada.pulls.create({ ...target, title: 'one', head: 'one', base: 'main', draft: true });
    expect(await refusal(draft)).toMatchObject({ status: 422 });
    await plain.close();
  });

  test('takes its base in by update-branch, reviews, and a dismissal', async () => {
    const { ada, bot, target } = story;
    await pushFile(story, 'one', 'one.txt', 'one\n');
    const pull_number = await openPull(story, 'one');
    await pushFile(story, 'main', 'main.txt', 'main\n');
    await ada.pulls.updateBranch({ ...target, pull_number });
    const { data: files } = await ada.pulls.listFiles({ ...target, pull_number });
    expect(files.map((file) => file.filename)).toEqual(['one.txt']);

    const own = ada.pulls.createReview({ ...target, pull_number, event: 'APPROVE' });
    expect((await refusal(own)).message).toContain('Can not approve your own pull request');
    const { data: review } = await bot.pulls.createReview({ ...target, pull_number, event: 'APPROVE' });
    expect(review.state).toBe('APPROVED');
    const dismissed = await ada.pulls.dismissReview({
      ...target,
      pull_number,
      review_id: review.id,
      message: 'changed my mind',
    });
    expect(dismissed.data.state).toBe('DISMISSED');
  });
});
