import { describe, expect, test } from 'vitest';
import type { CommandOutcome, Fact } from '../../src/core/lane/facts.ts';
import type { Permission, SeenCommand } from '../../src/core/lane/observation.ts';
import {
  activeBuild,
  approve,
  checks,
  command,
  finishWork,
  issue,
  kinds,
  type LaneDriver,
  land,
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
  { typed: { index: 0, name: 'not-yet', typed: 'retry', needs: 'write' }, needs: 'write', done: 'not-yet' },
  {
    typed: { index: 0, name: 'not-yet', typed: 'freeze', needs: 'maintain' },
    needs: 'maintain',
    done: 'not-yet',
  },
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
      expect(lane.state).toEqual(before);
    }
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
