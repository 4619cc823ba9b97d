import { describe, expect, it } from 'vitest';
import { deleteRef } from '../../src/github/delete-ref.ts';
import { classifyFailure } from '../../src/github/failure.ts';
import { pushBranchWithEmptyCommit } from '../../src/github/push-branch-with-empty-commit.ts';
import { pushCandidate } from '../../src/github/push-candidate.ts';
import { commitBody, onRepo, openClient, refBody, repo, sha, useNock } from './github-world.ts';

useNock();

const failureOf = async (call: Promise<unknown>) =>
  classifyFailure(
    await call.then(
      () => null,
      (error: unknown) => error,
    ),
  );
const refPath = (branch: string) => `/git/ref/heads%2F${encodeURIComponent(branch)}`;
const answerRef = (branch: string, to: string | null) =>
  to === null
    ? onRepo().get(refPath(branch)).reply(404, {})
    : onRepo()
        .get(refPath(branch))
        .reply(200, refBody(`heads/${branch}`, to));
const answerCommit = (id: string, tree: string, parents: string[], message?: string) =>
  onRepo()
    .get(`/git/commits/${id}`)
    .reply(200, commitBody(id, tree, parents, message));
const exists = { message: 'Reference already exists' };

describe('pushBranchWithEmptyCommit', () => {
  const branch = 'agent/1-count';
  const [base, tree, own, other] = [sha('b'), sha('0'), sha('1'), sha('2')];
  const opening = { branch, baseSha: base, message: 'Start\n\nTask: 1' };
  const answerMake = () =>
    onRepo()
      .post('/git/commits', { message: opening.message, tree, parents: [base] })
      .reply(201, commitBody(own, tree, [base], opening.message));

  it('makes commit and branch', async () => {
    const client = openClient();
    answerRef(branch, null);
    answerCommit(base, tree, []);
    answerMake();
    onRepo()
      .post('/git/refs', { ref: `refs/heads/${branch}`, sha: own })
      .reply(201, {});
    expect(await pushBranchWithEmptyCommit(client, repo, opening)).toEqual({ sha: own, found: false });
  });

  it('finds its own commit at the tip, or below what was pushed since', async () => {
    const client = openClient();
    answerRef(branch, own);
    answerCommit(base, tree, []);
    answerCommit(own, tree, [base], `${opening.message}\n`);
    expect(await pushBranchWithEmptyCommit(client, repo, opening)).toEqual({ sha: own, found: false });

    answerRef(branch, other);
    answerCommit(base, tree, []);
    answerCommit(other, sha('9'), [own]);
    answerCommit(own, tree, [base], opening.message);
    expect(await pushBranchWithEmptyCommit(client, repo, opening)).toEqual({ sha: own, found: false });
  });

  it('knows the opening of an earlier request again, made from an older base and with other trailers', async () => {
    const client = openClient();
    answerRef(branch, own);
    answerCommit(base, tree, []);
    answerCommit(own, sha('3'), [sha('4')], 'Start\n\nTask: 1\nCorrelation-Id: another');
    answerCommit(sha('4'), sha('3'), []);
    expect(await pushBranchWithEmptyCommit(client, repo, opening)).toEqual({ sha: own, found: false });
  });

  it('leaves alone a branch with something else', async () => {
    const client = openClient();
    answerRef(branch, other);
    answerCommit(base, tree, []);
    answerCommit(other, sha('9'), [base], opening.message);
    expect(await pushBranchWithEmptyCommit(client, repo, opening)).toEqual({ sha: other, found: true });
  });

  it('puts its commit on a branch that has nothing on it', async () => {
    const client = openClient();
    answerRef(branch, base);
    answerCommit(base, tree, []);
    answerMake();
    onRepo()
      .patch(`/git/refs/heads%2F${encodeURIComponent(branch)}`, { sha: own, force: false })
      .reply(200, {});
    expect(await pushBranchWithEmptyCommit(client, repo, opening)).toEqual({ sha: own, found: false });
  });

  it('looks again when somebody was faster', async () => {
    const client = openClient();
    answerRef(branch, null);
    answerCommit(base, tree, []);
    answerMake();
    onRepo().post('/git/refs').reply(422, exists);
    answerRef(branch, other);
    answerCommit(base, tree, []);
    answerCommit(other, sha('9'), [base]);
    expect(await pushBranchWithEmptyCommit(client, repo, opening)).toEqual({ sha: other, found: true });
  });

  it('is unclear after a 5xx that had an effect, and finds it on the next run', async () => {
    const client = openClient();
    answerRef(branch, null);
    answerCommit(base, tree, []);
    answerMake();
    onRepo().post('/git/refs').reply(502, {});
    expect(await failureOf(pushBranchWithEmptyCommit(client, repo, opening))).toEqual({ kind: 'unclear' });
    answerRef(branch, own);
    answerCommit(base, tree, []);
    answerCommit(own, tree, [base], opening.message);
    expect(await pushBranchWithEmptyCommit(client, repo, opening)).toEqual({ sha: own, found: false });
  });

  it('surfaces a rule that forbids the branch', async () => {
    const client = openClient();
    answerRef(branch, null);
    answerCommit(base, tree, []);
    answerMake();
    onRepo().post('/git/refs').reply(422, { message: 'Repository rule violations found' });
    expect(await failureOf(pushBranchWithEmptyCommit(client, repo, opening))).toMatchObject({
      kind: 'refused',
    });
  });
});

describe('pushCandidate', () => {
  const [base, one, two, m1, m2, tree] = [sha('b'), sha('1'), sha('2'), sha('c'), sha('d'), sha('0')];
  const [prepare, build] = ['signalbox/prepare/main/4', 'signalbox/build/main/4'];
  const plan = {
    prepareRef: prepare,
    buildRef: build,
    baseSha: base,
    heads: [
      { sha: one, message: 'Merge #1' },
      { sha: two, message: 'Merge #2' },
    ],
  };
  const merge = (head: string) =>
    onRepo().post('/merges', (body) => body.head === head && body.base === prepare);
  const create = (branch: string, to: string) =>
    onRepo().post('/git/refs', { ref: `refs/heads/${branch}`, sha: to });
  const force = (branch: string, to: string) =>
    onRepo().patch(`/git/refs/heads%2F${encodeURIComponent(branch)}`, { sha: to, force: true });
  const made = { kind: 'made', sha: m2, tree, steps: [m1, m2] };
  const answerMerges = () => {
    merge(one).reply(201, commitBody(m1, sha('8'), [base, one]));
    merge(two).reply(201, commitBody(m2, tree, [m1, two]));
    answerCommit(m2, tree, [m1, two]);
  };

  it('merges in order and pushes the result once', async () => {
    const client = openClient();
    answerRef(prepare, null);
    create(prepare, base).reply(201, {});
    answerMerges();
    answerRef(build, null);
    create(build, m2).reply(201, {});
    expect(await pushCandidate(client, repo, plan)).toEqual(made);
  });

  it('sets back branches that are elsewhere', async () => {
    const client = openClient();
    answerRef(prepare, sha('9'));
    force(prepare, base).reply(200, {});
    answerMerges();
    answerRef(build, sha('e'));
    answerCommit(sha('e'), sha('7'), [base]);
    force(build, m2).reply(200, {});
    expect(await pushCandidate(client, repo, plan)).toEqual(made);
  });

  it('keeps an earlier build of the same ancestry and tree without pushing again', async () => {
    const client = openClient();
    const [e1, e2] = [sha('e'), sha('f')];
    answerRef(prepare, base);
    answerMerges();
    answerRef(build, e2);
    answerCommit(e2, tree, [e1, two]).persist();
    answerCommit(e1, sha('8'), [base, one]);
    answerCommit(m2, tree, [m1, two]);
    answerCommit(m1, sha('8'), [base, one]);
    const kept = await pushCandidate(client, repo, plan);
    expect(kept).toEqual({ kind: 'made', sha: e2, tree, steps: [e1, e2] });
  });

  it('replaces an earlier build of the same tree with another ancestry', async () => {
    const client = openClient();
    answerRef(prepare, base);
    answerMerges();
    answerRef(build, sha('e'));
    answerCommit(sha('e'), tree, [base]);
    answerCommit(sha('e'), tree, [base]);
    answerCommit(m2, tree, [m1, two]);
    force(build, m2).reply(200, {});
    expect(await pushCandidate(client, repo, plan)).toEqual(made);
  });

  const conflict = (head: string) => merge(head).reply(409, { message: 'Merge conflict' });

  it('names the head that conflicts with the base itself', async () => {
    const client = openClient();
    answerRef(prepare, base);
    merge(one).reply(201, commitBody(m1, sha('8'), [base, one]));
    conflict(two);
    answerRef(prepare, m1);
    force(prepare, base).reply(200, {});
    conflict(two);
    expect(await pushCandidate(client, repo, plan)).toEqual({ kind: 'conflict', headSha: two, with: [] });
  });

  it('names whom a head conflicts with, when it does so with a head before it alone', async () => {
    const client = openClient();
    answerRef(prepare, base);
    merge(one).reply(201, commitBody(m1, sha('8'), [base, one]));
    conflict(two);
    answerRef(prepare, m1);
    force(prepare, base).reply(200, {});
    merge(two).reply(201, commitBody(sha('5'), sha('8'), [base, two]));
    answerRef(prepare, sha('5'));
    force(prepare, base).reply(200, {});
    merge(one).reply(201, commitBody(m1, sha('8'), [base, one]));
    conflict(two);
    expect(await pushCandidate(client, repo, plan)).toEqual({ kind: 'conflict', headSha: two, with: [one] });
  });

  it('goes on from the commits of a candidate that holds the first heads already', async () => {
    const client = openClient();
    answerCommit(m1, sha('8'), [base, one]);
    answerRef(prepare, null);
    create(prepare, m1).reply(201, {});
    merge(two).reply(201, commitBody(m2, tree, [m1, two]));
    answerCommit(m2, tree, [m1, two]);
    answerRef(build, null);
    create(build, m2).reply(201, {});
    expect(await pushCandidate(client, repo, { ...plan, steps: [m1] })).toEqual(made);
  });

  it('goes on when a head is contained already', async () => {
    const client = openClient();
    answerRef(prepare, base);
    merge(one).reply(204);
    answerRef(prepare, base);
    merge(two).reply(201, commitBody(m2, tree, [base, two]));
    answerCommit(m2, tree, [base, two]);
    answerRef(build, m2);
    expect(await pushCandidate(client, repo, plan)).toEqual({ ...made, steps: [base, m2] });
  });

  it('is unclear when the prepare branch was moved by somebody', async () => {
    const client = openClient();
    answerRef(prepare, base);
    merge(one).reply(201, commitBody(m1, sha('8'), [sha('9'), one]));
    expect(await failureOf(pushCandidate(client, repo, plan))).toEqual({ kind: 'unclear' });
  });

  it.each([
    ['passing 409', 409, { message: 'You are not authorized to push to this branch' }],
    ['502', 502, {}],
  ])('is unclear after %s, with one request', async (_, status, body) => {
    const client = openClient();
    answerRef(prepare, base);
    merge(one).reply(status, body);
    expect(await failureOf(pushCandidate(client, repo, plan))).toEqual({ kind: 'unclear' });
  });

  it('is gone when a head is gone', async () => {
    const client = openClient();
    answerRef(prepare, base);
    merge(one).reply(404, { message: 'Head does not exist' });
    expect(await failureOf(pushCandidate(client, repo, plan))).toEqual({ kind: 'gone' });
  });
});

describe('deleteRef', () => {
  const ask = () => onRepo().delete('/git/refs/heads%2Fx');
  it('deletes, or finds it gone', async () => {
    const client = openClient();
    ask().reply(204);
    expect(await deleteRef(client, repo, 'heads/x')).toBe('deleted');
    ask().reply(404, {});
    expect(await deleteRef(client, repo, 'heads/x')).toBe('already');
    ask().reply(422, { message: 'Reference does not exist' });
    expect(await deleteRef(client, repo, 'heads/x')).toBe('already');
  });
  it('does not take a protected branch for a deleted one', async () => {
    const client = openClient();
    ask().reply(422, { message: 'Cannot delete this protected branch' });
    expect(await failureOf(deleteRef(client, repo, 'heads/x'))).toMatchObject({ kind: 'refused' });
  });
});
