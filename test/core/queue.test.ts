import { describe, expect, test } from 'vitest';
import type { Fact } from '../../src/core/lane/facts.ts';
import type { Task } from '../../src/core/lane/state.ts';
import { isActive, isRunning } from '../../src/core/queue/build-state.ts';
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

/** A candidate that has passed and is on its way to the base branch. */
function passed(): LaneDriver {
  const lane = testing();
  lane.see(checks('candidate-1', 'success'));
  expect(activeBuild(lane).state).toBe('landing');
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
    expect(orderEntries(lane.state).map((task) => task.issue)).toEqual([3, 1, 2]);
  });

  test('lets arrival decide in a circle, and loses nobody', () => {
    const lane = openLane();
    queueTask(lane, 1);
    queueTask(lane, 2, b);
    lane.see(issue(1, { blockedBy: [2] }), issue(2, { ...b, blockedBy: [1] }));
    expect(
      orderEntries(lane.state)
        .map((task) => task.issue)
        .sort(),
    ).toEqual([1, 2]);
  });

  test('serves a higher priority first, and whoever has waited for too many landings before that', () => {
    const lane = openLane();
    lane.see(policy({ queue: { starvation: 1, builds: 1 } }));
    queueTask(lane, 1);
    queueTask(lane, 2, { ...b, labels: ['priority:low'] });
    queueTask(lane, 3, { ...c, labels: ['priority:high'] });
    const order = () => orderEntries(lane.state).map((task) => task.issue);
    expect(order()).toEqual([3, 1, 2]);
    land(lane);
    queueTask(lane, 4, { spec: { owns: ['src/d.js'] }, labels: ['priority:high'] });
    expect(order()).toEqual([2, 3, 4].filter((each) => order().includes(each)));
    expect(order().at(-1)).toBe(4);
  });
});

describe('candidates', () => {
  test('are of an entry at its approved head on the present base', () => {
    const lane = openLane();
    queueTask(lane, 1);
    expect(Object.values(lane.state.builds)).toMatchObject([
      {
        number: 1,
        state: 'preparing',
        base: 0,
        baseSha: 'base-0',
        parent: null,
        entries: [{ issue: 1, pull: 101, headSha: 'head-1', order: 1 }],
      },
    ]);
  });

  test('several are tested at once, as many as the policy allows', () => {
    const lane = crowd(6, { queue: { builds: 3 } });
    expect(running(lane)).toHaveLength(3);
    const covered = running(lane).flatMap(({ entries }) => entries.map(({ issue: each }) => each));
    expect(new Set(covered).size).toBeGreaterThan(3);
  });

  test('with `serial` there is one at a time, of one entry', () => {
    const lane = crowd(4, { queue: { policy: 'serial' } });
    expect(running(lane)).toMatchObject([{ entries: [{ issue: 1 }] }]);
  });

  test('one that holds all of another goes on from its commits, so that either can land first', () => {
    const lane = crowd(3, { queue: { builds: 4 } });
    const child = Object.values(lane.state.builds).find(({ parent }) => parent !== null);
    const parent = lane.state.builds[child?.parent ?? 0];
    expect(child?.entries.slice(0, parent?.entries.length)).toEqual(parent?.entries);
    const made = lane.pending.filter(({ effect }) => effect.kind === 'make-candidate');
    expect(made.map(({ effect }) => 'build' in effect && effect.build)).not.toContain(child?.number);
    makeCandidate(lane, parent?.number);
    const effect = lane.pending
      .map((booked) => booked.effect)
      .find((each) => each.kind === 'make-candidate' && each.build === child?.number);
    expect(effect).toMatchObject({ steps: [`candidate-${parent?.number}`] });
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
    const first = activeBuild(lane).number;
    lane.see(issue(1, { held: true }));
    expect(lane.task(1).entry).not.toBeNull();
    expect(lane.state.builds[first]).toMatchObject({ state: 'abandoned' });
    expect(running(lane).flatMap(({ entries }) => entries)).toMatchObject([{ issue: 2 }]);
    lane.see(issue(1, { held: false }));
    expect(running(lane).flatMap(({ entries }) => entries.map((entry) => entry.issue))).toContain(1);
  });

  test('landing completes the task, frees its paths and starts the next candidate on the new base', () => {
    const lane = passed();
    queueTask(lane, 2, b);
    expect(running(lane)).toEqual([]);
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
    expect(activeBuild(lane).state).toBe('landing');
  });

  test('checks that the policy does not ask for are not kept, and a red one of them ejects nobody', () => {
    const lane = testing();
    const nightly = { name: 'nightly', conclusion: 'failure' as const, url: null };
    const ci = { name: 'ci', conclusion: 'success' as const, url: null };
    lane.see({ kind: 'checks', sha: 'head-1', checks: [nightly, ci] });
    lane.see({ kind: 'checks', sha: 'candidate-1', checks: [nightly, ci] });
    expect(lane.task(1).pull?.checks).toEqual([ci]);
    expect(activeBuild(lane)).toMatchObject({ state: 'landing', checks: [ci] });
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
  ])(
    'leaves a candidate that is $state to say what it can, and what lands is built on the new base',
    ({ lane: make }) => {
      const lane = make();
      lane.see({ kind: 'base', sha: 'outside' });
      const build = lane.state.builds[1];
      if (build?.state === 'preparing') makeCandidate(lane, 1);
      if (lane.state.builds[1]?.state === 'testing') lane.see(checks('candidate-1', 'success'));
      expect(lane.state.landings).toEqual([]);
      const { number } = activeBuild(lane);
      expect(activeBuild(lane)).toMatchObject({ number, baseSha: 'outside', base: 1, state: 'preparing' });
      land(lane);
      expect(lane.state.landings).toMatchObject([{ build: number }]);
    },
  );

  test('is not believed while a candidate may be landing: the landing itself tells', () => {
    const lane = passed();
    expect(lane.see({ kind: 'base', sha: 'outside' })).toEqual([]);
    const facts = lane.see({ kind: 'landing', build: 1, result: { kind: 'base-is', sha: 'outside' } });
    expect(kinds(facts)).toEqual(['landing-missed', 'base-moved', 'build-started']);
    expect(lane.state.landings).toEqual([]);
    expect(activeBuild(lane)).toMatchObject({ number: 2, baseSha: 'outside', state: 'preparing' });
  });

  test('freezes the lane where the policy says so', () => {
    const lane = openLane();
    lane.see(policy({ queue: { outside_push: 'freeze' } }));
    lane.see({ kind: 'base', sha: 'outside' });
    expect(lane.state.frozen).toMatchObject({
      by: 'signalbox',
      why: 'outside was pushed to main past the queue',
    });
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
    expect(lane.state.builds[1]?.state).toBe('landing');
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

describe('a landing', () => {
  test('takes along every entry of its candidate, in order, and none twice', () => {
    const lane = crowd(3, { queue: { builds: 4 } });
    const largest = running(lane).reduce((a, one) => (one.entries.length > a.entries.length ? one : a));
    for (const { number } of running(lane)) makeCandidate(lane, number);
    lane.see(checks(`candidate-${largest.number}`, 'success'));
    expect(activeLanding(lane)?.flight?.entries).toEqual(largest.entries);
    landCandidate(lane);
    const landed = lane.state.landings.flatMap(({ entries }) => entries.map((entry) => entry.issue));
    expect(landed).toEqual(largest.entries.map((entry) => entry.issue));
    expect(lane.state.queue.from + lane.state.queue.steps.length).toBe(landed.length);
  });

  test('is not made of a candidate whose checks have changed; it counts for nothing then', () => {
    const lane = passed();
    const facts = lane.see({
      kind: 'landing',
      build: 1,
      result: { kind: 'unproven', why: 'ci runs again' },
    });
    expect(kinds(facts)).toEqual(['build-interrupted', 'build-started']);
    expect(lane.state.landings).toEqual([]);
  });

  test('after which an earlier patch is missing freezes the lane and names the culprit', () => {
    const lane = passed();
    landCandidate(lane);
    const [landing] = lane.state.landings;
    const facts = lane.see({ kind: 'audit', build: 1, vanished: [{ build: 7, path: 'src/lost.js' }] });
    expect(kinds(facts)).toEqual(['landing-audited', 'lane-frozen']);
    expect(lane.state.frozen?.why).toBe(`${landing?.sha} undid what build 7 had landed in src/lost.js`);
    expect(lane.see({ kind: 'audit', build: 1, vanished: [] })).toEqual([]);
  });
});

describe('conflicts', () => {
  test('with the base branch eject', () => {
    const lane = queued();
    const facts = lane.see({ kind: 'candidate', build: 1, result: { kind: 'conflict', issue: 1, with: [] } });
    expect(ejection(facts)).toMatchObject({ issue: 1, code: 'conflict' });
    expect(ejection(facts)?.reason).toBe('it conflicts with the base branch');
    expect(lane.task(1)).toMatchObject({ state: 'in-review', entry: null });
  });

  test('with a base that is past eject nobody', () => {
    const lane = queued();
    lane.see({ kind: 'base', sha: 'outside' });
    const result = { kind: 'conflict' as const, issue: 1, with: [] };
    if (lane.state.builds[1]?.state === 'preparing') lane.see({ kind: 'candidate', build: 1, result });
    expect(lane.task(1).entry).not.toBeNull();
  });

  test('with an entry ahead hold the later one until the first has landed', () => {
    const lane = crowd(2, { queue: { builds: 1 } });
    const { number, entries } = activeBuild(lane);
    expect(entries.map((entry) => entry.issue)).toEqual([1, 2]);
    const facts = lane.see({
      kind: 'candidate',
      build: number,
      result: { kind: 'conflict', issue: 2, with: [1] },
    });
    expect(kinds(facts)).toContain('conflict-found');
    expect(ejection(facts)).toBeUndefined();
    expect(activeBuild(lane).entries.map((entry) => entry.issue)).toEqual([1]);
    land(lane);
    const again = activeBuild(lane);
    const ended = lane.see({
      kind: 'candidate',
      build: again.number,
      result: { kind: 'conflict', issue: 2, with: [] },
    });
    expect(ejection(ended)?.reason).toContain('it conflicts with #101, which has landed');
  });

  test('with an entry ahead that leaves are over', () => {
    const lane = crowd(2, { queue: { builds: 1 } });
    const { number } = activeBuild(lane);
    lane.see({ kind: 'candidate', build: number, result: { kind: 'conflict', issue: 2, with: [1] } });
    lane.see(pull(lane.task(1), { open: false }));
    expect(activeBuild(lane).entries.map((entry) => entry.issue)).toEqual([2]);
  });
});

describe('ejection', () => {
  test('one red run is no blame yet: it is tested again on its own, and a pass lands it', () => {
    const lane = testing();
    expect(ejection(lane.see(checks('candidate-1', 'failure')))).toBeUndefined();
    expect(activeBuild(lane)).toMatchObject({ number: 2, purpose: 'retest', entries: [{ issue: 1 }] });
    land(lane);
    expect(lane.task(1).state).toBe('completed');
    expect(lane.state.queue.history.flakes).toEqual({ chances: 2, events: 1 });
  });

  test('a check that stays red ejects with its name, link and evidence, and the next entry has its turn', () => {
    const lane = testing();
    queueTask(lane, 2, b);
    const facts = testAll(lane, new Set([1]));
    const [first, second] = ejection(facts)?.evidence?.builds ?? [];
    expect(ejection(facts)).toMatchObject({
      issue: 1,
      code: 'checks-failed',
      evidence: {
        builds: [first, second],
        checks: [{ url: `https://ci/${first}` }, { url: `https://ci/${second}` }],
        attemptsLeft: 0,
      },
    });
    expect(ejection(facts)?.reason).toMatch(/failed 2 times; .*check ci ended with failure .*https:\/\/ci\//);
    expect(lane.task(1)).toMatchObject({ state: 'in-review', approvals: [], entry: null });
    expect(lane.task(2).state).toBe('completed');
    expect(lane.pending.map((booked) => booked.effect.kind)).toContain('notify');
  });

  test('without retries one red run is enough; neutral and skipped are not proof on a candidate either', () => {
    const lane = openLane();
    lane.see(policy({ queue: { flake_retries: 0 } }));
    queueTask(lane, 1);
    makeCandidate(lane);
    expect(ejection(lane.see(checks('candidate-1', 'neutral')))).toMatchObject({ code: 'checks-failed' });
  });

  test('a run that was cancelled blames nobody and is made again, and not for ever', () => {
    const lane = queued();
    const cancelled = () => {
      makeCandidate(lane);
      const { sha } = activeBuild(lane);
      const check = { name: 'ci', conclusion: 'cancelled' as const, url: null };
      return lane.see({ kind: 'checks', sha: sha ?? '', checks: [check] });
    };
    for (let count = 0; count < 3; count++) {
      expect(kinds(cancelled())).toEqual(['build-reported', 'build-interrupted', 'build-started']);
    }
    expect(ejection(cancelled())).toMatchObject({ code: 'interrupted' });
    expect(lane.state.queue.history.durations).toEqual([]);
  });

  test('a check that never ends is waited for as long as the policy says, and tried again; then it ejects by its name', () => {
    const lane = openLane();
    lane.see(policy({ queue: { check_timeout: '10m' } }));
    queueTask(lane, 1);
    const wait = () => {
      makeCandidate(lane);
      lane.see(checks(activeBuild(lane).sha ?? '', 'pending'));
      expect(lane.pass(10 * 60_000 - 1)).toEqual([]);
      return lane.pass(1);
    };
    for (let count = 0; count < 3; count++) expect(ejection(wait())).toBeUndefined();
    const facts = wait();
    expect(ejection(facts)).toMatchObject({ code: 'check-timeout' });
    expect(ejection(facts)?.reason).toContain('the check ci did not finish');
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

/** So many entries that none has been tested yet, ahead of a build of each. */
function crowd(count: number, content: unknown): LaneDriver {
  const lane = openLane();
  lane.see(policy({ ...(content as object), limits: { running: 50, in_review: 50 } }));
  lane.see(command(1, { index: 0, name: 'freeze', why: 'setting out' }, { permission: 'maintain' }));
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  for (const number of numbers) {
    request(lane, number, { spec: { owns: [`src/${number}.js`] } });
    openWork(lane, number);
    finishWork(lane, number);
    lane.see(checks(`head-${number}`, 'pending'), approve(100 + number));
  }
  lane.see(...numbers.map((number) => checks(`head-${number}`, 'success')));
  lane.see(command(1, { index: 0, name: 'unfreeze' }, { permission: 'maintain' }));
  return lane;
}

/** CI tests whatever is built until the queue is empty: candidates with a bad entry fail, the others pass and land. */
function testAll(lane: LaneDriver, bad: ReadonlySet<number>): Fact[] {
  const facts: Fact[] = [];
  for (let round = 0; round < 100; round++) {
    const [build] = Object.values(lane.state.builds).filter(isActive);
    if (!build) facts.push(...lane.pass(60_000));
    else if (build.state === 'preparing') facts.push(...makeCandidate(lane, build.number));
    else if (build.state === 'landing') facts.push(...landCandidate(lane));
    else {
      const conclusion = build.entries.some((entry) => bad.has(entry.issue)) ? 'failure' : 'success';
      const check = { name: 'ci', conclusion, url: `https://ci/${build.number}` } as const;
      facts.push(...lane.see({ kind: 'checks', sha: build.sha ?? '', checks: [check] }));
    }
  }
  return facts;
}

function running(lane: LaneDriver) {
  return Object.values(lane.state.builds).filter(isRunning);
}

function activeLanding(lane: LaneDriver) {
  return Object.values(lane.state.builds).find(({ state }) => state === 'landing');
}

function queued(): LaneDriver {
  const lane = openLane();
  queueTask(lane, 1);
  expect((lane.state.tasks[1] as Task).entry).not.toBeNull();
  return lane;
}
