/** Branches that fall behind: who notices, who is brought up to date and when, and what a conflict leads to. */
import { describe, expect, test } from 'vitest';
import type { Effect } from '../../src/core/lane/effects.ts';
import type { Fact } from '../../src/core/lane/facts.ts';
import { emptyLane, fold } from '../../src/core/lane/fold.ts';
import {
  activeBuild,
  approve,
  checks,
  command,
  finishWork,
  judge,
  kinds,
  type LaneDriver,
  makeCandidate,
  openLane,
  openWork,
  policy,
  pull,
  request,
} from './lane-driver.ts';

type Update = Extract<Effect, { kind: 'update-branch' }>;

/** Nobody claims anything, so that two tasks can be at work on the same file. */
function lane(content: { queue?: object; limits?: object } = {}): LaneDriver {
  const made = openLane();
  made.presence = [{ agent: 'default', worker: 'w-1', seenAt: made.at }];
  made.see(
    policy({
      schedule: { mode: 'branches' },
      limits: { backoff: ['0s'], ...content.limits },
      queue: { flake_retries: 0, ...content.queue },
      agents: { local: { via: 'pull', capacity: 9 } },
    }),
  );
  made.presence = [{ agent: 'local', worker: 'w-1', seenAt: made.at }];
  return made;
}

function claim(made: LaneDriver, number: number): void {
  openWork(made, number);
  const { attempt } = made.task(number);
  const about = { issue: number, attempt: attempt?.number ?? 0, fence: attempt?.fence ?? 0 };
  const word = { kind: 'claimed' as const, claimId: `claim-${number}-${about.fence}`, worker: 'w-1' };
  made.see({ kind: 'agent', ...about, word });
}

function finish(made: LaneDriver, number: number, headSha = `head-${number}`): void {
  const { attempt } = made.task(number);
  const about = { issue: number, attempt: attempt?.number ?? 0, fence: attempt?.fence ?? 0 };
  made.see(pull(made.task(number), { headSha, draft: false }));
  made.see({ kind: 'agent', ...about, word: { kind: 'done', head: headSha } });
  judge(made, number);
}

function start(made: LaneDriver, number: number, file = 'src/a.js'): void {
  request(made, number, { spec: { owns: [file] } });
  claim(made, number);
}

/** #1 lands; it changed src/a.js. */
function landFirst(made: LaneDriver): Fact[] {
  made.see(approve(101));
  makeCandidate(made);
  const { number, sha, tree } = activeBuild(made);
  made.see(checks(sha ?? '', 'success'));
  const result = { kind: 'landed' as const, sha: sha ?? '', tree: tree ?? '', blobs: { 'src/a.js': 'x' } };
  return made.see({ kind: 'landing', build: number, result });
}

function updates(made: LaneDriver): Update[] {
  return made.pending.flatMap(({ effect }) => (effect.kind === 'update-branch' ? [effect] : []));
}

function report(made: LaneDriver, result: { kind: 'updated'; sha: string } | { kind: 'conflict' }): Fact[] {
  const effect = made.take('update-branch');
  if (effect?.kind !== 'update-branch') throw new Error('the update is not wanted any more');
  const { issue, headSha, baseSha } = effect;
  return made.see({ kind: 'branch-update', issue, headSha, baseSha, result });
}

/** Both have finished, on the same file unless said; #1 has landed. */
function behind(content: Parameters<typeof lane>[0] = {}, file = 'src/a.js'): LaneDriver {
  const made = lane(content);
  start(made, 1);
  start(made, 2, file);
  finish(made, 1);
  finish(made, 2);
  landFirst(made);
  return made;
}

describe('a branch is behind', () => {
  test('when something lands in files of its task, and it is said whose', () => {
    const made = behind();
    const [note] = made.task(2).record.behind;
    expect(note).toMatchObject({ sha: 'candidate-1', by: [{ issue: 1, pull: 101 }] });
    expect(note?.paths).toEqual(['src/a.js']);
  });

  test('not when something lands elsewhere', () => {
    expect(behind({}, 'src/b.js').task(2).record.behind).toEqual([]);
  });

  test('when somebody pushes to the base in its files', () => {
    const made = lane();
    start(made, 1);
    expect(kinds(made.see({ kind: 'base', sha: 'pushed', paths: ['src/b.js'] }))).toEqual(['base-moved']);
    const facts = made.see({ kind: 'base', sha: 'again', paths: ['src/a.js', 'src/b.js'] });
    expect(kinds(facts)).toContain('base-overlapped');
    expect(made.task(1).record.behind).toMatchObject([{ sha: 'again', paths: ['src/a.js'], by: [] }]);
  });
});

describe('a branch is brought up to date', () => {
  test('before anybody reviews it: the merge is its head, is judged anew, and it is behind no more', () => {
    const made = behind();
    expect(updates(made)).toMatchObject([
      { issue: 2, headSha: 'head-2', baseSha: 'candidate-1', asked: null },
    ]);
    const facts = report(made, { kind: 'updated', sha: 'merge-2' });
    expect(kinds(facts)).toEqual(['head-moved', 'branch-updated']);
    expect(made.task(2)).toMatchObject({ state: 'in-review', record: { behind: [] } });
    expect(made.task(2).pull).toMatchObject({ headSha: 'merge-2', verdict: null, checks: [] });
    expect(updates(made)).toEqual([]);
    expect(made.journal.reduce(fold, emptyLane)).toEqual(made.state);
  });

  test('and nothing is news when it had the base already, or when the push was heard of first', () => {
    const made = behind();
    expect(kinds(report(made, { kind: 'updated', sha: 'head-2' }))).toEqual(['branch-updated']);
    const other = behind();
    other.see(pull(other.task(2), { headSha: 'merge-2' }));
    const [stale] = updates(other);
    const about = { issue: 2, headSha: stale?.headSha ?? '', baseSha: stale?.baseSha ?? '' };
    const seen = {
      kind: 'branch-update' as const,
      ...about,
      result: { kind: 'updated' as const, sha: 'merge-2' },
    };
    expect(kinds(other.see(seen))).toEqual(['branch-updated']);
    expect(other.see({ ...seen, result: { kind: 'updated', sha: 'elsewhere' } })).toEqual([]);
  });

  test.each([
    ['never', 'in-review', 0],
    ['before-review', 'in-review', 1],
    ['before-queue', 'in-review', 1],
    ['never', 'approved', 0],
    ['before-review', 'approved', 0],
    ['before-queue', 'approved', 1],
  ] as const)('by the policy %s, when it is %s: %i times', (update_branches, state, times) => {
    const made = lane({ queue: { update_branches } });
    start(made, 1);
    start(made, 2);
    finish(made, 1);
    finish(made, 2);
    if (state === 'approved') {
      made.see(checks('head-2', 'pending'));
      made.see(approve(102));
    }
    expect(made.task(2).state).toBe(state);
    landFirst(made);
    expect(updates(made)).toHaveLength(times);
    if (times === 0 || state !== 'approved') return;
    // Whoever approved has not seen the merge.
    const facts = report(made, { kind: 'updated', sha: 'merge-2' });
    expect(kinds(facts)).toContain('approval-voided');
    expect(made.task(2)).toMatchObject({ state: 'in-review', approvals: [] });
  });

  test('never while an agent is at work on it, and when it is done', () => {
    const made = lane();
    start(made, 1);
    start(made, 2);
    finish(made, 1);
    landFirst(made);
    expect(made.task(2).record.behind).toHaveLength(1);
    expect(updates(made)).toEqual([]);
    const typed = made.see(command(102, { index: 0, name: 'rebase' }));
    expect(typed).toMatchObject([{ kind: 'command-decided', outcome: 'refused' }]);
    finish(made, 2);
    expect(updates(made)).toHaveLength(1);
  });

  test('not once an agent has it again, and not while it is in the queue', () => {
    const made = behind();
    made.see(command(102, { index: 0, name: 'retry' }));
    expect(made.take('update-branch')).toBeNull();
    const queued = lane();
    start(queued, 1);
    finish(queued, 1);
    queued.see(approve(101));
    expect(queued.see(command(101, { index: 0, name: 'rebase' }))).toMatchObject([{ outcome: 'refused' }]);
  });

  test('not on hold, unless somebody asks for it', () => {
    const made = lane();
    start(made, 1);
    start(made, 2);
    finish(made, 1);
    finish(made, 2);
    made.see(command(102, { index: 0, name: 'hold', why: null }));
    landFirst(made);
    expect(updates(made)).toEqual([]);
    made.see(command(102, { index: 0, name: 'rebase' }));
    expect(updates(made)).toHaveLength(1);
  });
});

describe('/rebase', () => {
  test('asks for it at once, whatever the policy says, and each time anew', () => {
    const made = behind({ queue: { update_branches: 'never' } });
    for (const head of ['head-2', 'merge-2']) {
      made.pass(1_000);
      expect(kinds(made.see(command(102, { index: 0, name: 'rebase' })))).toEqual([
        'update-asked',
        'command-decided',
      ]);
      expect(updates(made)).toMatchObject([{ headSha: head, asked: made.at }]);
      report(made, { kind: 'updated', sha: 'merge-2' });
      expect(made.task(2).record.updateAsked).toBeNull();
    }
  });

  test('is refused where there is nothing to bring up to date', () => {
    const made = lane();
    request(made, 1, { spec: { owns: ['src/a.js'] } });
    const refused = made.see(command(1, { index: 0, name: 'rebase' }));
    expect(refused).toMatchObject([{ kind: 'command-decided', outcome: 'refused' }]);
  });
});

describe('a conflict with the base', () => {
  test('is given to the agent as a new attempt, with what it met', () => {
    const made = behind();
    const facts = report(made, { kind: 'conflict' });
    const found = facts.find((fact) => fact.kind === 'update-conflicted');
    expect(found).toMatchObject({
      after: 'agent',
      reason: 'its branch conflicts with #101, which has landed',
      evidence: { others: [{ issue: 1, pull: 101 }], paths: ['src/a.js'] },
    });
    expect(kinds(facts)).toEqual(expect.arrayContaining(['attempt-ended', 'task-assigned']));
    expect(made.task(2).record.ejections).toMatchObject([
      { code: 'conflict', headSha: 'head-2', isSettled: true },
    ]);
    expect(made.pending.filter(({ effect }) => effect.kind === 'notify')).toHaveLength(1);
  });

  test('with the same work twice asks a person, in one comment', () => {
    const made = behind();
    report(made, { kind: 'conflict' });
    claim(made, 2);
    finish(made, 2, 'head-2b');
    const notices = () => made.pending.filter(({ effect }) => effect.kind === 'notify').length;
    const before = notices();
    const facts = report(made, { kind: 'conflict' });
    expect(facts.find((fact) => fact.kind === 'update-conflicted')).toMatchObject({ after: 'person' });
    expect(made.task(2).state).toBe('escalated');
    expect(notices()).toBe(before + 1);
  });

  test('is tried once for one head, and again when there is another', () => {
    const made = behind({ limits: { returns: 0 } });
    expect(report(made, { kind: 'conflict' })).toMatchObject([
      { kind: 'update-conflicted', after: 'author' },
    ]);
    expect(made.task(2).state).toBe('in-review');
    made.see({ kind: 'base', sha: 'later', paths: ['src/a.js'] });
    expect(updates(made)).toEqual([]);
    made.see(pull(made.task(2), { headSha: 'settled' }));
    expect(updates(made)).toMatchObject([{ headSha: 'settled', baseSha: 'later' }]);
  });

  test('of work that people do is theirs to settle, and their branch moves on their word only', () => {
    const made = openLane();
    made.see(policy({ schedule: { mode: 'branches' }, queue: { flake_retries: 0 } }));
    for (const number of [1, 2]) {
      request(made, number, { spec: { owns: ['src/a.js'] } });
      openWork(made, number);
      finishWork(made, number);
    }
    landFirst(made);
    expect(made.task(2).record.behind).toHaveLength(1);
    expect(updates(made)).toEqual([]);
    made.see(command(102, { index: 0, name: 'rebase' }));
    expect(report(made, { kind: 'conflict' })).toMatchObject([
      { kind: 'update-conflicted', after: 'author' },
    ]);
    expect(made.task(2).state).toBe('in-review');
  });

  test('that is heard of when the branch has moved on says nothing', () => {
    const made = behind();
    const effect = made.take('update-branch');
    made.see(pull(made.task(2), { headSha: 'other' }));
    if (effect?.kind !== 'update-branch') throw new Error('no update');
    const { issue, headSha, baseSha } = effect;
    expect(
      made.see({ kind: 'branch-update', issue, headSha, baseSha, result: { kind: 'conflict' } }),
    ).toEqual([]);
  });
});
