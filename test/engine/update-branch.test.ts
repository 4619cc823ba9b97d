/** The merge of the base into a task's branch, on a GitHub that answers as a test wants: it may run twice. */
import { describe, expect, test } from 'vitest';
import type { LaneContext } from '../../src/engine/context.ts';
import { updateBranch } from '../../src/engine/update-branch.ts';
import { finishWork, openLane, openWork, request } from '../core/lane-driver.ts';
import { commitBody, onRepo, openClient, refBody, repo, sha, useNock } from '../github/github-world.ts';

useNock();

const [head, base, merge] = [sha('a'), sha('b'), sha('c')];
const branch = 'agent/1-count-the-tasks';
const effect = {
  kind: 'update-branch' as const,
  issue: 1,
  branch,
  headSha: head,
  baseSha: base,
  asked: null,
};
const about = { kind: 'branch-update', issue: 1, headSha: head, baseSha: base };

function context(): LaneContext {
  const ctx: Partial<LaneContext> = { client: openClient(), repo, key: { installationId: 1, laneId: 1 } };
  return { ...ctx, lane: { base: 'main' } } as LaneContext;
}

function state() {
  const lane = openLane();
  request(lane, 1);
  openWork(lane, 1);
  finishWork(lane, 1, head);
  return lane.state;
}

const answerTip = (tip: string) =>
  onRepo()
    .get('/git/ref/heads%2Fagent%2F1-count-the-tasks')
    .reply(200, refBody(`heads/${branch}`, tip));

describe('updating a branch', () => {
  test('merges the base with a message that names the task', async () => {
    answerTip(head);
    let asked: unknown;
    onRepo()
      .post('/merges', (body) => {
        asked = body;
        return true;
      })
      .reply(201, { sha: merge, parents: [{ sha: head }, { sha: base }] });
    const outcome = await updateBranch(context(), effect, state());
    expect(outcome.observations).toEqual([{ ...about, result: { kind: 'updated', sha: merge } }]);
    expect(outcome.looks).toEqual([{ kind: 'pull', subject: '101' }]);
    expect(asked).toMatchObject({ base: branch, head: base });
    expect(asked).toMatchObject({
      commit_message: expect.stringMatching(/^Merge main into agent\/1-count-the-tasks\n\nTask: 1\.1\n/),
    });
  });

  test('finds its own merge when it was cut off, and makes no second one', async () => {
    answerTip(merge);
    onRepo()
      .get(`/git/commits/${merge}`)
      .reply(200, commitBody(merge, sha('d'), [head, base]));
    const outcome = await updateBranch(context(), effect, state());
    expect(outcome.observations).toEqual([{ ...about, result: { kind: 'updated', sha: merge } }]);
  });

  test('touches nothing when somebody has pushed', async () => {
    answerTip(sha('e'));
    onRepo()
      .get(`/git/commits/${sha('e')}`)
      .reply(200, commitBody(sha('e'), sha('d'), [head]));
    const outcome = await updateBranch(context(), effect, state());
    expect(outcome).toEqual({ observations: [], looks: [{ kind: 'pull', subject: '101' }] });
  });

  test('says when git cannot', async () => {
    answerTip(head);
    onRepo().post('/merges').reply(409, { message: 'Merge conflict' });
    const outcome = await updateBranch(context(), effect, state());
    expect(outcome.observations).toEqual([{ ...about, result: { kind: 'conflict' } }]);
  });
});
