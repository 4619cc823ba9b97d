import { describe, expect, test } from 'vitest';
import type { Fact } from '../../src/core/lane/facts.ts';
import type { Task } from '../../src/core/lane/state.ts';
import { orderEntries } from '../../src/core/queue/order.ts';
import {
  activeBuild,
  approve,
  checks,
  command,
  finishWork,
  issue,
  judge,
  kinds,
  type LaneDriver,
  land,
  landCandidate,
  makeCandidate,
  openLane,
  openWork,
  policy,
  pull,
  queueTask,
  request,
} from './lane-driver.ts';

const b = { spec: { owns: ['src/b.js'] } };
const c = { spec: { owns: ['src/c.js'] } };

function testing(): LaneDriver {
  const lane = openLane();
  queueTask(lane, 1);
  makeCandidate(lane);
  return lane;
}

/** A candidate that has passed and is landing. */
function passed(): LaneDriver {
  const lane = testing();
  lane.see(checks('candidate-1', 'success'));
  expect(activeBuild(lane).state).toBe('passed');
  return lane;
}

function ejection(facts: readonly Fact[]) {
  return facts.find((fact) => fact.kind === 'entry-ejected');
}

describe('the order', () => {
  test('is the order of arrival', () => {
    const lane = openLane();
    queueTask(lane, 3);
    queueTask(lane, 1, b);
    queueTask(lane, 2, c);
    expect(orderEntries(lane.state).map((task) => task.issue)).toEqual([3, 1, 2]);
  });

  test('puts a prerequisite before what needs it, whoever came first', () => {
    const lane = openLane();
    queueTask(lane, 1);
    queueTask(lane, 2, b);
    queueTask(lane, 3, c);
    lane.see(issue(1, { blockedBy: [3] }));
    expect(orderEntries(lane.state).map((task) => task.issue)).toEqual([2, 3, 1]);
  });

  test('lets arrival decide in a circle, and loses nobody', () => {
    const lane = openLane();
    queueTask(lane, 1);
    queueTask(lane, 2, b);
    lane.see(issue(1, { blockedBy: [2] }), issue(2, { ...b, blockedBy: [1] }));
    expect(orderEntries(lane.state).map((task) => task.issue)).toEqual([1, 2]);
  });
});

describe('candidates', () => {
  test('there is one at a time, of the first entry at its approved head on the present base', () => {
    const lane = openLane();
    queueTask(lane, 1);
    queueTask(lane, 2, b);
    expect(Object.values(lane.state.builds)).toMatchObject([
      {
        number: 1,
        state: 'preparing',
        baseSha: 'base-0',
        entries: [{ issue: 1, pull: 101, headSha: 'head-1' }],
      },
    ]);
  });

  test('an approved task whose gate is closed is not queued, and nothing is built of it', () => {
    const lane = openLane();
    request(lane, 1);
    openWork(lane, 1);
    finishWork(lane, 1);
    lane.see(checks('head-1', 'pending'), approve(101));
    expect(lane.task(1)).toMatchObject({ state: 'approved', entry: null });
    expect(lane.state.builds).toEqual({});
    lane.see(checks('head-1', 'success'));
    expect(activeBuild(lane).entries).toMatchObject([{ issue: 1 }]);
  });

  test('a queued entry whose gate closed for a while is passed over, and built when it opens again', () => {
    const lane = openLane();
    queueTask(lane, 1);
    queueTask(lane, 2, b);
    lane.see(issue(1, { held: true }));
    expect(lane.task(1).entry).not.toBeNull();
    expect(activeBuild(lane).entries).toMatchObject([{ issue: 2 }]);
    lane.see(issue(1, { held: false }));
    land(lane);
    expect(activeBuild(lane).entries).toMatchObject([{ issue: 1 }]);
  });

  test('landing completes the task, frees its paths and starts the next candidate on the new base', () => {
    const lane = passed();
    queueTask(lane, 2, b);
    const facts = landCandidate(lane);
    expect(kinds(facts)).toEqual(['landed', 'task-completed', 'claims-released', 'build-started']);
    expect(lane.task(1)).toMatchObject({
      state: 'completed',
      claims: [],
      entry: null,
      landedAs: 'candidate-1',
      landedAt: lane.at,
    });
    expect(lane.state).toMatchObject({
      baseSha: 'candidate-1',
      landings: [
        { build: 1, sha: 'candidate-1', tree: 'tree-1', testedTree: 'tree-1', testedSha: 'candidate-1' },
      ],
    });
    expect(activeBuild(lane)).toMatchObject({ number: 2, baseSha: 'candidate-1', entries: [{ issue: 2 }] });
  });

  test('every required check must be green on the candidate itself', () => {
    const lane = openLane();
    lane.see(policy({ gate: { checks: ['ci', 'lint'] } }));
    request(lane, 1);
    openWork(lane, 1);
    finishWork(lane, 1);
    const green = (sha: string, names: string[]) =>
      lane.see({
        kind: 'checks',
        sha,
        checks: names.map((name) => ({ name, conclusion: 'success' as const, url: null })),
      });
    green('head-1', ['ci', 'lint']);
    lane.see(approve(101));
    makeCandidate(lane);
    green('candidate-1', ['ci', 'other']);
    expect(activeBuild(lane).state).toBe('testing');
    green('head-1', ['ci', 'lint']);
    expect(activeBuild(lane).state).toBe('testing');
    green('candidate-1', ['ci', 'lint']);
    expect(activeBuild(lane).state).toBe('passed');
  });

  test('checks that the policy does not ask for are not kept, and a red one of them ejects nobody', () => {
    const lane = testing();
    const nightly = { name: 'nightly', conclusion: 'failure' as const, url: null };
    const ci = { name: 'ci', conclusion: 'success' as const, url: null };
    lane.see({ kind: 'checks', sha: 'head-1', checks: [nightly, ci] });
    lane.see({ kind: 'checks', sha: 'candidate-1', checks: [nightly, ci] });
    expect(lane.task(1).pull?.checks).toEqual([ci]);
    expect(activeBuild(lane)).toMatchObject({ state: 'passed', checks: [ci] });
  });

  test('refs of a build that has ended are cleaned up', () => {
    const lane = passed();
    landCandidate(lane);
    expect(lane.take('clean-build')).toMatchObject({
      refs: ['signalbox/prepare/main/1', 'signalbox/build/main/1'],
    });
  });
});

describe('a base branch that moves', () => {
  test.each([
    { state: 'preparing', lane: () => queued() },
    { state: 'testing', lane: testing },
  ])('abandons a candidate that is $state and starts one on the new base', ({ lane: make }) => {
    const lane = make();
    const facts = lane.see({ kind: 'base', sha: 'outside' });
    expect(kinds(facts)).toEqual(['base-moved', 'build-abandoned', 'build-started']);
    expect(lane.state.builds[1]).toMatchObject({ state: 'abandoned', reason: 'the base branch moved' });
    expect(activeBuild(lane)).toMatchObject({ number: 2, baseSha: 'outside' });
    expect(lane.task(1).entry).not.toBeNull();
  });

  test('is not believed while a candidate may be landing: the landing itself tells', () => {
    const lane = passed();
    expect(lane.see({ kind: 'base', sha: 'outside' })).toEqual([]);
    const facts = lane.see({ kind: 'landing', build: 1, result: { kind: 'base-is', sha: 'outside' } });
    expect(kinds(facts)).toEqual(['build-abandoned', 'base-moved', 'build-started']);
    expect(lane.state.landings).toEqual([]);
    expect(activeBuild(lane)).toMatchObject({ number: 2, baseSha: 'outside', state: 'preparing' });
  });
});

describe('a candidate that has passed', () => {
  test.each<{ what: string; act: (lane: LaneDriver) => Fact[] }>([
    { what: 'the head moves', act: (lane) => lane.see(pull(lane.task(1), { headSha: 'newer' })) },
    { what: 'a check of the head turns red', act: (lane) => lane.see(checks('head-1', 'failure')) },
    { what: 'the PR is closed', act: (lane) => lane.see(pull(lane.task(1), { open: false })) },
    { what: 'the label is removed', act: (lane) => lane.see(issue(1, { ready: false })) },
    { what: 'the issue is closed', act: (lane) => lane.see(issue(1, { open: false })) },
    {
      what: 'the issue is gone',
      act: (lane) => lane.see({ kind: 'issue', issue: 1, seen: null, correlationId: 'c' }),
    },
    { what: 'the task is held', act: (lane) => lane.see(issue(1, { held: true })) },
    { what: 'the policy changes', act: (lane) => lane.see(policy({ gate: { checks: ['ci', 'lint'] } })) },
    {
      what: 'somebody escalates',
      act: (lane) => lane.see(command(1, { index: 0, name: 'escalate', why: 'stop' })),
    },
    { what: 'a day passes', act: (lane) => lane.pass(86_400_000) },
  ])('is not abandoned when $what, and its landing completes the task', ({ act }) => {
    const lane = passed();
    const facts = act(lane);
    expect(kinds(facts)).not.toContain('approval-voided');
    expect(kinds(facts)).not.toContain('task-cancelled');
    expect(lane.state.builds[1]?.state).toBe('passed');
    landCandidate(lane);
    expect(lane.task(1)).toMatchObject({ state: 'completed', landedAs: 'candidate-1', entry: null });
    expect(lane.state.landings).toHaveLength(1);
  });

  test('ends when GitHub refuses the landing, and a person is asked', () => {
    const lane = passed();
    lane.see({ kind: 'effect-refused', effect: 'land', issue: null, build: 1, message: 'protected branch' });
    expect(lane.state.builds[1]).toMatchObject({ state: 'failed', reason: 'protected branch' });
    expect(lane.task(1)).toMatchObject({ state: 'escalated', entry: null });
  });
});

describe('ejection', () => {
  test('a red check on the candidate ejects with the check’s name and link, and the next entry has its turn', () => {
    const lane = testing();
    queueTask(lane, 2, b);
    const facts = lane.see({
      kind: 'checks',
      sha: 'candidate-1',
      checks: [{ name: 'ci', conclusion: 'failure', url: 'https://ci/1' }],
    });
    expect(ejection(facts)).toMatchObject({ issue: 1, code: 'checks-failed' });
    expect(ejection(facts)?.reason).toMatch(/check ci ended with failure .*https:\/\/ci\/1/);
    expect(lane.task(1)).toMatchObject({ state: 'in-review', approvals: [], entry: null });
    expect(lane.state.builds[1]?.state).toBe('failed');
    expect(activeBuild(lane).entries).toMatchObject([{ issue: 2 }]);
    expect(lane.pending.map((booked) => booked.effect.kind)).toContain('notify');
  });

  test('neutral and skipped are not proof on a candidate either', () => {
    expect(ejection(testing().see(checks('candidate-1', 'neutral')))).toMatchObject({
      code: 'checks-failed',
    });
  });

  test('a check that never ends ejects by its name when the time is up, and not before', () => {
    const lane = openLane();
    lane.see(policy({ queue: { check_timeout: '10m' } }));
    queueTask(lane, 1);
    makeCandidate(lane);
    lane.see(checks('candidate-1', 'pending'));
    expect(lane.pass(10 * 60_000 - 1)).toEqual([]);
    const facts = lane.pass(1);
    expect(ejection(facts)).toMatchObject({ code: 'check-timeout' });
    expect(ejection(facts)?.reason).toContain('the check ci did not finish');
  });

  test('a conflict ejects, and says what to do', () => {
    const lane = queued();
    const facts = lane.see({ kind: 'candidate', build: 1, result: { kind: 'conflict' } });
    expect(ejection(facts)).toMatchObject({ issue: 1, code: 'conflict' });
    expect(ejection(facts)?.reason).toContain('bring the branch up to date');
    expect(lane.task(1)).toMatchObject({ state: 'in-review', entry: null });
  });

  test('a head that moves while queued voids the approval, with the old head named', () => {
    const lane = testing();
    const facts = lane.see(pull(lane.task(1), { headSha: 'newer' }));
    expect(kinds(facts)).toEqual(['head-moved', 'approval-voided', 'build-abandoned']);
    expect(lane.task(1)).toMatchObject({ state: 'in-review', approvals: [], entry: null });
    expect(lane.task(1).lastReason).toContain('the head moved from head-1');
  });

  test('a check of the head that turns red while queued ejects', () => {
    const lane = testing();
    const facts = lane.see(checks('head-1', 'failure'));
    expect(ejection(facts)).toMatchObject({ code: 'checks-failed' });
    expect(kinds(facts)).toContain('build-abandoned');
  });

  test('a check of the head that runs again only pauses the entry', () => {
    const lane = testing();
    expect(kinds(lane.see(checks('head-1', 'pending')))).toEqual(['checks-reported', 'build-abandoned']);
    expect(lane.task(1).entry).not.toBeNull();
    lane.see(checks('head-1', 'success'));
    expect(activeBuild(lane).entries).toMatchObject([{ issue: 1 }]);
  });

  test('a PR that is closed while queued leaves the queue, and a person is asked', () => {
    const lane = testing();
    const facts = lane.see(pull(lane.task(1), { open: false }));
    expect(kinds(facts)).toContain('build-abandoned');
    expect(lane.task(1)).toMatchObject({ state: 'escalated', entry: null });
  });

  test('a policy that changes voids the approval', () => {
    const lane = testing();
    const facts = lane.see(policy({ limits: { running: 2 } }));
    expect(kinds(facts)).toEqual(['policy-read', 'approval-voided', 'build-abandoned']);
    expect(lane.task(1).lastReason).toContain('the policy changed');
  });

  test.each([{ approvals: 0 }, { approvals: 1 }])(
    'a red check that the policy no longer asks for ejects nobody: $approvals',
    ({ approvals }) => {
      const lane = openLane();
      request(lane, 1);
      openWork(lane, 1);
      finishWork(lane, 1);
      lane.see(checks('head-1', 'failure'));
      lane.see(policy({ gate: { checks: [], approvals } }));
      judge(lane, 1);
      lane.see(checks('head-1', 'failure'));
      lane.see(approve(101));
      expect(lane.task(1)).toMatchObject({ state: 'approved', lastReason: null });
      expect(activeBuild(lane).entries).toMatchObject([{ issue: 1 }]);
    },
  );

  test('a PR that somebody else merged completes the task without a landing of ours', () => {
    const lane = testing();
    lane.see(pull(lane.task(1), { open: false, merged: true }));
    expect(lane.task(1)).toMatchObject({ state: 'completed', entry: null, claims: [] });
    expect(lane.state.builds[1]?.state).toBe('abandoned');
    expect(lane.state.landings).toEqual([]);
  });
});

function queued(): LaneDriver {
  const lane = openLane();
  queueTask(lane, 1);
  expect((lane.state.tasks[1] as Task).entry).not.toBeNull();
  return lane;
}
