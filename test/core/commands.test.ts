import { describe, expect, test } from 'vitest';
import type { CommandOutcome, Fact } from '../../src/core/lane/facts.ts';
import type { Permission, SeenCommand } from '../../src/core/lane/observation.ts';
import { queueRows, waitsOf } from '../../src/core/lane/plan-view.ts';
import {
  activeBuild,
  approve,
  checks,
  command,
  finishWork,
  graceMs,
  issue,
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

function inReview(): LaneDriver {
  const lane = openLane();
  request(lane, 1);
  openWork(lane, 1);
  finishWork(lane, 1);
  return lane;
}

function answerIn(facts: readonly Fact[]) {
  const answers = facts.filter((fact) => fact.kind === 'command-decided');
  expect(answers).toHaveLength(1);
  const [answer] = answers;
  return { outcome: answer?.outcome, detail: answer?.detail };
}

const permissions: readonly Permission[] = ['none', 'read', 'triage', 'write', 'maintain', 'admin'];

const commandsAndNeeds: { typed: SeenCommand; needs: Permission; done: CommandOutcome }[] = [
  { typed: { index: 0, name: 'approve', sha: null }, needs: 'write', done: 'done' },
  { typed: { index: 0, name: 'escalate', why: 'unclear' }, needs: 'write', done: 'done' },
  { typed: { index: 0, name: 'status' }, needs: 'read', done: 'done' },
  { typed: { index: 0, name: 'help' }, needs: 'read', done: 'done' },
  {
    typed: { index: 0, name: 'unknown', typed: 'aprove', suggestion: 'approve' },
    needs: 'read',
    done: 'unknown',
  },
  { typed: { index: 0, name: 'why' }, needs: 'read', done: 'done' },
  { typed: { index: 0, name: 'hold', why: null }, needs: 'write', done: 'done' },
  { typed: { index: 0, name: 'unhold' }, needs: 'write', done: 'refused' },
  { typed: { index: 0, name: 'cancel' }, needs: 'write', done: 'done' },
  { typed: { index: 0, name: 'freeze', why: 'release' }, needs: 'maintain', done: 'done' },
  { typed: { index: 0, name: 'unfreeze' }, needs: 'maintain', done: 'refused' },
];

describe('permissions', () => {
  test.each(
    commandsAndNeeds.flatMap((each) =>
      permissions.map((permission) => ({ ...each, permission, of: each.typed.name })),
    ),
  )('$of (needs $needs) by somebody with $permission', ({ typed, needs, done, permission }) => {
    const allowed = permissions.indexOf(permission) >= permissions.indexOf(needs);
    const lane = inReview();
    const before = lane.state;
    const answer = answerIn(lane.see(command(101, typed, { permission })));
    expect(answer.outcome).toBe(allowed ? done : 'denied');
    if (!allowed) {
      expect(answer.detail).toBe(needs);
      expect({ ...lane.state, asked: {} }).toEqual(before);
    }
  });
});

describe('/hold', () => {
  const held = () => {
    const lane = openLane();
    queueTask(lane, 1);
    makeCandidate(lane);
    const facts = lane.see(command(1, { index: 0, name: 'hold', why: 'the release' }));
    return { lane, facts };
  };

  test('takes the entry out of testing and closes the gate, and says who and why', () => {
    const { lane, facts } = held();
    expect(kinds(facts)).toEqual(['hold-set', 'command-decided', 'build-abandoned']);
    expect(lane.task(1).hold).toMatchObject({ by: 'rita', why: 'the release' });
    expect(waitsOf(lane.snapshot, lane.task(1), lane.at)).toContainEqual({
      kind: 'hold',
      what: 'rita holds it: the release',
      since: lane.at,
      command: '/unhold',
    });
    lane.see(checks('head-1', 'success'));
    expect(() => activeBuild(lane)).toThrow('no build');
  });

  test('/unhold lets it go on', () => {
    const { lane } = held();
    lane.see(command(1, { index: 0, name: 'unhold' }));
    expect(lane.task(1).hold).toBeNull();
    expect(activeBuild(lane).entries).toMatchObject([{ issue: 1 }]);
  });

  test('keeps a waiting task from starting', () => {
    const lane = openLane();
    lane.see(issue(1));
    lane.see(command(1, { index: 0, name: 'hold', why: null }));
    lane.pass(graceMs);
    expect(lane.task(1).state).toBe('waiting');
    lane.see(command(1, { index: 0, name: 'unhold' }));
    expect(lane.task(1).state).toBe('assigned');
  });

  test('is apart from the label, which /unhold leaves to people', () => {
    const lane = inReview();
    lane.see(issue(1, { held: true }));
    const answer = answerIn(lane.see(command(1, { index: 0, name: 'unhold' })));
    expect(answer).toMatchObject({ outcome: 'refused', detail: expect.stringContaining('agent-hold') });
    lane.see(command(1, { index: 0, name: 'hold', why: null }));
    lane.see(issue(1, { held: false }));
    expect(lane.task(1)).toMatchObject({ held: false, hold: { by: 'rita' } });
  });

  test('of a task that is over, or about to be, is refused', () => {
    const lane = openLane();
    queueTask(lane, 1);
    makeCandidate(lane);
    lane.see(checks(activeBuild(lane).sha ?? '', 'success'));
    const hold: SeenCommand = { index: 0, name: 'hold', why: null };
    expect(answerIn(lane.see(command(1, hold))).detail).toContain('landing at this moment');
    landCandidate(lane);
    expect(answerIn(lane.see(command(1, hold))).detail).toContain('completed');
  });
});

describe('/freeze', () => {
  const freeze: SeenCommand = { index: 0, name: 'freeze', why: 'the release' };
  const byMary = { by: 'mary', permission: 'maintain' } as const;

  test('lets the queue go on testing and nothing land, until /unfreeze', () => {
    const lane = openLane();
    lane.see(command(1, freeze, byMary));
    queueTask(lane, 1);
    makeCandidate(lane);
    const build = activeBuild(lane);
    lane.see(checks(build.sha ?? '', 'success'));
    lane.pass(7 * 24 * 3_600_000);
    expect(lane.state.builds[build.number]).toMatchObject({ state: 'passed', open: true });
    expect(lane.effects.map(({ effect }) => effect.kind)).not.toContain('land');
    expect(queueRows(lane.snapshot, lane.at)[0]?.waitsOn[0]).toMatchObject({
      kind: 'freeze',
      what: 'mary has frozen landings: the release',
      command: '/unfreeze',
    });
    lane.see(command(1, { index: 0, name: 'unfreeze' }, byMary));
    expect(activeBuild(lane)).toMatchObject({ number: build.number, state: 'landing' });
    expect(lane.pending.map(({ effect }) => effect.kind)).toContain('land');
  });

  test('that comes while a landing is booked withholds it; what was proved stays, and lands later', () => {
    const lane = openLane();
    queueTask(lane, 1);
    makeCandidate(lane);
    const { number, sha } = activeBuild(lane);
    lane.see(checks(sha ?? '', 'success'));
    lane.see(command(1, freeze, byMary));
    lane.see({ kind: 'landing', build: number, result: { kind: 'withheld' } });
    expect(lane.state.builds[number]).toMatchObject({ state: 'passed', tries: 1 });
    lane.see(command(1, { index: 0, name: 'unfreeze' }, byMary));
    expect(lane.state.builds[number]).toMatchObject({ state: 'landing', tries: 2 });
    landCandidate(lane);
    expect(lane.task(1).state).toBe('completed');
  });

  test('may be typed where there is no task, and said again with another reason', () => {
    const lane = openLane();
    lane.see(command(77, freeze, byMary));
    lane.see(command(77, { ...freeze, why: 'the audit' }, byMary));
    expect(lane.state.frozen).toMatchObject({ by: 'mary', why: 'the audit' });
  });
});

describe('/cancel', () => {
  const typed: SeenCommand = { index: 0, name: 'cancel' };
  const at = (time: string) => ({ writtenAt: `2026-01-01T${time}Z` });
  const labelled = (time: string) => ({
    labelledAt: `2026-01-01T${time}Z`,
  });

  test('frees everything and closes the pull request; the label that is still there changes nothing', () => {
    const lane = inReview();
    lane.see(command(1, typed, at('10:00:00')));
    expect(lane.task(1)).toMatchObject({ state: 'cancelled', claims: [], attempt: null });
    expect(lane.pending.map(({ effect }) => effect.kind)).toContain('close-pull');
    lane.see(issue(1, labelled('09:59:59')));
    lane.see(issue(1, labelled('10:00:00')));
    lane.see(issue(1));
    expect(lane.task(1).state).toBe('cancelled');
  });

  test('is over when the label is set anew, though nobody saw it off', () => {
    const lane = inReview();
    lane.see(command(1, typed, at('10:00:00')));
    lane.see(issue(1, labelled('10:00:01')));
    expect(lane.task(1)).toMatchObject({ state: 'waiting', dismissedAt: null });
  });

  test('is over when the label was seen off, where nobody keeps when it was set', () => {
    const lane = inReview();
    lane.see(command(1, typed));
    lane.see(issue(1, { ready: false, labelledBy: null }));
    expect(lane.task(1)).toMatchObject({ state: 'cancelled', dismissedAt: null });
    lane.see(issue(1, { labelledBy: null }));
    expect(lane.task(1).state).toBe('waiting');
  });

  test('of a task that is over, or about to be, is refused', () => {
    const lane = openLane();
    queueTask(lane, 1);
    makeCandidate(lane);
    lane.see(checks(activeBuild(lane).sha ?? '', 'success'));
    expect(answerIn(lane.see(command(1, typed))).detail).toContain('landing at this moment');
    landCandidate(lane);
    expect(answerIn(lane.see(command(1, typed))).detail).toContain('completed');
  });
});

describe('the limit of answers', () => {
  const ask = (lane: LaneDriver, name: 'status' | 'why' | 'help', by = 'rita') =>
    lane.see(command(101, { index: 0, name }, { by, permission: 'read', writtenAt: lane.at }));
  const replies = (lane: LaneDriver) => lane.effects.filter(({ effect }) => effect.kind === 'reply').length;

  test('ten an hour are answered, the eleventh is told so, and the rest get a sign', () => {
    const lane = inReview();
    for (let count = 0; count < 10; count++) expect(answerIn(ask(lane, 'status')).outcome).toBe('done');
    expect(answerIn(ask(lane, 'why'))).toEqual({ outcome: 'limited', detail: '10' });
    expect(replies(lane)).toBe(11);
    for (let count = 0; count < 50; count++) expect(answerIn(ask(lane, 'help')).outcome).toBe('limited');
    expect(replies(lane)).toBe(11);
    expect(lane.effects.filter(({ effect }) => effect.kind === 'react')).toHaveLength(61);
    expect(answerIn(ask(lane, 'status', 'maria')).outcome).toBe('done');
    lane.pass(3_600_000);
    expect(answerIn(ask(lane, 'status')).outcome).toBe('done');
  });

  test('counts refusals of permission and hints as well, and never what people with the right command', () => {
    const lane = inReview();
    const mistyped: SeenCommand = { index: 0, name: 'unknown', typed: '/aprove', suggestion: '/approve' };
    const writtenAt = lane.at;
    for (let count = 0; count < 6; count++) {
      lane.see(approve(101, { permission: 'read', writtenAt }));
      lane.see(command(101, mistyped, { permission: 'read', writtenAt }));
    }
    expect(replies(lane)).toBe(11);
    expect(answerIn(lane.see(approve(101, { writtenAt }))).outcome).toBe('done');
  });

  test('forgets those who asked longest ago when very many ask', () => {
    const lane = inReview();
    for (let count = 0; count < 600; count++) ask(lane, 'help', `person-${count}`);
    expect(Object.keys(lane.state.asked)).toHaveLength(500);
    expect(lane.state.asked).toHaveProperty('person-599');
  });
});

describe('/approve', () => {
  test('binds the approval to head, version and policy', () => {
    const lane = inReview();
    lane.see(approve(101));
    expect(lane.task(1)).toMatchObject({
      state: 'approved',
      approvals: [{ headSha: 'head-1', version: 1, policyHash: lane.state.policyHash, by: 'rita' }],
    });
  });

  test('counts under the issue as well as under the pull request', () => {
    const lane = inReview();
    expect(answerIn(lane.see(approve(1))).outcome).toBe('done');
  });

  test.each([
    { sha: 'head-1', outcome: 'done' },
    { sha: 'HEAD', outcome: 'done' },
    { sha: 'other', outcome: 'refused' },
  ])('of the commit $sha is $outcome', ({ sha, outcome }) => {
    const lane = inReview();
    expect(answerIn(lane.see(command(101, { index: 0, name: 'approve', sha }))).outcome).toBe(outcome);
    expect(lane.task(1).state).toBe(outcome === 'done' ? 'approved' : 'in-review');
  });

  const refusals: { what: string; says: string; lane: () => LaneDriver; under?: number }[] = [
    { what: 'something that is no task', says: 'not a task', lane: openLane, under: 77 },
    {
      what: 'a task without a pull request',
      says: 'no open pull request',
      lane: () => {
        const lane = openLane();
        request(lane, 1);
        return lane;
      },
      under: 1,
    },
    {
      what: 'a branch with only the opening commit',
      says: 'no changes yet',
      lane: () => {
        const lane = openLane();
        request(lane, 1);
        openWork(lane, 1);
        return lane;
      },
    },
    {
      what: 'a branch that an agent still works on',
      says: 'still working',
      lane: () => {
        const lane = openLane();
        lane.presence = [{ agent: 'default', worker: 'w', seenAt: new Date(lane.now + 3_000).toISOString() }];
        request(lane, 1);
        openWork(lane, 1);
        finishWork(lane, 1);
        return lane;
      },
    },
    {
      what: 'a closed pull request',
      says: 'no open pull request',
      lane: () => {
        const lane = inReview();
        lane.see(pull(lane.task(1), { open: false }));
        return lane;
      },
    },
    {
      what: 'a completed task',
      says: 'the task is completed',
      lane: () => {
        const lane = openLane();
        queueTask(lane, 1);
        land(lane);
        return lane;
      },
    },
    {
      what: 'a cancelled task',
      says: 'the task is cancelled',
      lane: () => {
        const lane = inReview();
        lane.see(issue(1, { ready: false }));
        return lane;
      },
    },
  ];

  test.each(refusals)('of $what is refused: $says', ({ lane: make, says, under }) => {
    const lane = make();
    const before = lane.state;
    const answer = answerIn(lane.see(approve(under ?? 101)));
    expect(answer.outcome).toBe('refused');
    expect(answer.detail).toContain(says);
    expect(lane.state).toEqual(before);
  });

  test('of a task that was escalated while it waited, and owns nothing, is refused', () => {
    const lane = inReview();
    lane.see(issue(1, { ready: false }));
    lane.see(issue(1, { held: true }));
    lane.see(command(1, { index: 0, name: 'escalate', why: 'wait' }));
    expect(lane.task(1)).toMatchObject({ state: 'escalated', claims: [], pull: { open: true } });
    const answer = answerIn(lane.see(approve(101)));
    expect(answer).toMatchObject({ outcome: 'refused', detail: expect.stringContaining('does not own') });
  });

  test('by the person who requested the task counts, unless the policy says otherwise', () => {
    const lane = inReview();
    expect(answerIn(lane.see(approve(101, { by: 'maria' }))).outcome).toBe('done');
    const strict = openLane();
    strict.see(policy({ gate: { labeller_may_approve: false } }));
    request(strict, 1);
    openWork(strict, 1);
    finishWork(strict, 1);
    const answer = answerIn(strict.see(approve(101, { by: 'maria' })));
    expect(answer).toMatchObject({ outcome: 'refused', detail: expect.stringContaining('someone else') });
    expect(answerIn(strict.see(approve(101, { by: 'rita' }))).outcome).toBe('done');
  });

  test('of an escalated task with changes is the answer to its escalation', () => {
    const lane = inReview();
    lane.see(command(101, { index: 0, name: 'escalate', why: 'look at it' }));
    expect(lane.task(1).state).toBe('escalated');
    lane.see(approve(101));
    expect(lane.task(1)).toMatchObject({ state: 'approved', escalation: null });
    expect(lane.task(1).entry).not.toBeNull();
  });

  test('of a new head, seen together with that head, gives the entry its new head as well', () => {
    const lane = openLane();
    queueTask(lane, 1);
    const facts = lane.see(pull(lane.task(1), { headSha: 'newer' }), approve(101));
    expect(kinds(facts)).toContain('build-abandoned');
    expect(lane.task(1)).toMatchObject({ state: 'approved', approvals: [{ headSha: 'newer' }] });
    const changes = [{ path: 'src/a.js', change: 'modified' as const, mode: '100644' }];
    lane.see({ kind: 'diff', issue: 1, headSha: 'newer', baseSha: 'base-0', changes });
    lane.see(checks('newer', 'success'));
    expect(lane.task(1).entry?.headSha).toBe('newer');
    expect(activeBuild(lane).entries).toMatchObject([{ headSha: 'newer' }]);
  });
});

describe('/escalate', () => {
  test('needs a reason', () => {
    const lane = inReview();
    expect(answerIn(lane.see(command(101, { index: 0, name: 'escalate', why: '' }))).outcome).toBe('refused');
  });

  test('frees the agent, keeps the claims and takes the entry out of the queue', () => {
    const lane = openLane();
    queueTask(lane, 1);
    makeCandidate(lane);
    const facts = lane.see(command(1, { index: 0, name: 'escalate', why: 'wrong design' }));
    expect(kinds(facts)).toEqual(['escalated', 'command-decided', 'build-abandoned']);
    expect(lane.task(1)).toMatchObject({
      state: 'escalated',
      attempt: null,
      entry: null,
      approvals: [],
      claims: ['src/a.js'],
      escalation: { trigger: 'asked-by-a-person', context: 'wrong design', by: 'rita', from: 'approved' },
    });
  });

  test('of a completed task is refused', () => {
    const lane = openLane();
    queueTask(lane, 1);
    land(lane);
    const answer = answerIn(lane.see(command(1, { index: 0, name: 'escalate', why: 'too late' })));
    expect(answer).toMatchObject({ outcome: 'refused', detail: 'the task is completed' });
  });
});

describe('what a command leads to on GitHub', () => {
  test.each<{ typed: SeenCommand; content: string; replies: boolean }>([
    { typed: { index: 0, name: 'approve', sha: null }, content: 'rocket', replies: false },
    { typed: { index: 0, name: 'approve', sha: 'other' }, content: 'confused', replies: true },
    { typed: { index: 0, name: 'status' }, content: 'rocket', replies: true },
    {
      typed: { index: 0, name: 'unknown', typed: 'aprove', suggestion: 'approve' },
      content: 'confused',
      replies: true,
    },
    // It may be meant for another bot.
    {
      typed: { index: 0, name: 'unknown', typed: 'x', suggestion: null },
      content: 'confused',
      replies: false,
    },
  ])('$typed: $content, a reply: $replies', ({ typed, content, replies }) => {
    const lane = inReview();
    lane.see(command(101, typed));
    const effects = lane.pending.map((booked) => booked.effect);
    expect(effects).toContainEqual(expect.objectContaining({ kind: 'react', content }));
    expect(effects.some((effect) => effect.kind === 'reply')).toBe(replies);
  });
});
