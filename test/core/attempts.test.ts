/** What becomes of attempts, one rule at a time: stalls, retries, pauses, budgets, questions and late work. */
import { describe, expect, test } from 'vitest';
import type { FactBody } from '../../src/core/lane/facts.ts';
import type { AgentWord, Observation } from '../../src/core/lane/observation.ts';
import { viewLane, waitsOf } from '../../src/core/lane/plan-view.ts';
import { attemptBudget } from '../../src/core/task/budget.ts';
import { readAnswer } from '../../src/core/task/escalation.ts';
import type { AttemptEnd } from '../../src/core/task/record.ts';
import { consequences } from '../../src/core/task/retry.ts';
import { stallOf } from '../../src/core/task/stall.ts';
import {
  kinds as allKinds,
  approve,
  command,
  finishWork,
  issue,
  type LaneDriver,
  openLane,
  openWork,
  policy,
  pull,
  request,
} from './lane-driver.ts';

const minute = 60_000;

/** What happened, but for the claims that are given back with every end of work: ownership.test.ts is about those. */
function kinds(facts: readonly FactBody[]): string[] {
  return allKinds(facts).filter((kind) => kind !== 'claims-released');
}

/** A lane with a worker, under a policy. */
function staffed(content: object = {}): LaneDriver {
  const lane = openLane();
  lane.presence = [{ agent: 'default', worker: 'w-1', seenAt: lane.at }];
  lane.see(policy(content));
  return lane;
}

function says(lane: LaneDriver, number: number, word: AgentWord): Observation {
  const { attempt } = lane.task(number);
  if (!attempt) throw new Error(`#${number} has no attempt`);
  return { kind: 'agent', issue: number, attempt: attempt.number, fence: attempt.fence, word };
}

/** The task is given to the worker, who claims it. */
function claim(lane: LaneDriver, number = 1): void {
  openWork(lane, number);
  lane.see(says(lane, number, { kind: 'claimed', claimId: `claim-${lane.now}`, worker: 'w-1' }));
}

function working(content: object = {}): LaneDriver {
  const lane = staffed(content);
  request(lane, 1);
  claim(lane);
  return lane;
}

type FailureClass = Extract<AgentWord, { kind: 'failed' }>['class'] | 'released';

function fail(lane: LaneDriver, how: FailureClass, message = 'it did not work'): FactBody[] {
  const word: AgentWord =
    how === 'released' ? { kind: how, reason: message } : { kind: 'failed', class: how, message };
  return lane.see(says(lane, 1, word));
}

/** Keeps the worker there while time passes. */
function pass(lane: LaneDriver, ms: number): FactBody[] {
  lane.presence = [{ agent: 'default', worker: 'w-1', seenAt: new Date(lane.now + ms).toISOString() }];
  return lane.pass(ms);
}

function lastOf(lane: LaneDriver, kind: FactBody['kind']): FactBody | undefined {
  return lane.journal.findLast((fact) => fact.kind === kind);
}

describe('a stall', () => {
  /** The lease is 30 minutes; times are minutes after the claim. */
  const cases: {
    name: string;
    leaseEnds: number;
    at: number;
    movedAt?: number;
    run?: 'in-progress';
    extendedAt?: number;
    state?: 'assigned';
    expected: string;
  }[] = [
    { name: 'the lease is young', leaseEnds: 30, at: 29, expected: 'alive' },
    { name: 'no sign at all', leaseEnds: 30, at: 30, expected: 'stalled: lost' },
    { name: 'nobody claimed it', leaseEnds: 30, at: 30, state: 'assigned', expected: 'stalled: unclaimed' },
    { name: 'commits since the last heartbeat', leaseEnds: 30, at: 30, movedAt: 12, expected: 'extend' },
    {
      name: 'commits before the last heartbeat',
      leaseEnds: 40,
      at: 40,
      movedAt: 9,
      expected: 'stalled: lost',
    },
    { name: 'the run goes on', leaseEnds: 30, at: 31, run: 'in-progress', expected: 'extend' },
    { name: 'within the extension', leaseEnds: 30, at: 59, extendedAt: 30, expected: 'alive' },
    {
      name: 'the run alone extends once',
      leaseEnds: 30,
      at: 60,
      run: 'in-progress',
      extendedAt: 30,
      expected: 'stalled: lost',
    },
    {
      name: 'commits since the extension',
      leaseEnds: 30,
      at: 60,
      movedAt: 45,
      extendedAt: 30,
      expected: 'extend',
    },
    {
      name: 'commits before the extension',
      leaseEnds: 30,
      at: 60,
      movedAt: 29,
      extendedAt: 30,
      expected: 'stalled: lost',
    },
    { name: 'a heartbeat after the extension', leaseEnds: 70, at: 69, extendedAt: 30, expected: 'alive' },
    {
      name: 'a run after a heartbeat after an extension',
      leaseEnds: 70,
      at: 70,
      run: 'in-progress',
      extendedAt: 30,
      expected: 'extend',
    },
  ];

  test.each(cases)('$name: $expected', ({ leaseEnds, at, movedAt, run, extendedAt, state, expected }) => {
    const lane = staffed();
    request(lane, 1);
    if (state === undefined) claim(lane);
    const start = lane.now;
    const later = (minutes: number) => new Date(start + minutes * minute).toISOString();
    const task = lane.task(1);
    if (!task.attempt) throw new Error('no attempt');
    const attempt = {
      ...task.attempt,
      movedAt: movedAt === undefined ? null : later(movedAt),
      isRunning: run === 'in-progress',
      extendedAt: extendedAt === undefined ? null : later(extendedAt),
    };
    const snapshot = { ...lane.snapshot, leases: { 1: later(leaseEnds) } };
    const stall = stallOf({ ...task, attempt }, snapshot, later(at));
    expect(stall.kind === 'stalled' ? `stalled: ${stall.end}` : stall.kind).toBe(expected);
  });

  test('of somebody who sends commits and no heartbeats is told, and ends when the commits stop', () => {
    const lane = working({ limits: { minutes: 500 } });
    lane.pass(20 * minute);
    lane.see(says(lane, 1, { kind: 'heartbeat', head: 'local-1' }));
    expect(kinds(lane.pass(11 * minute))).toEqual(['lease-extended']);
    expect(lane.effects.at(-1)?.effect).toMatchObject({ kind: 'notify', fact: { kind: 'lease-extended' } });
    expect(kinds(lane.pass(29 * minute))).toEqual([]);
    expect(kinds(lane.pass(minute))).toEqual(['attempt-ended']);
    expect(lastOf(lane, 'attempt-ended')).toMatchObject({ end: 'lost' });
  });
});

describe('an attempt that ended', () => {
  test('is tried again after 1, 5 and 15 minutes, and then a person is asked', () => {
    const lane = working();
    for (const minutes of [1, 5, 15]) {
      fail(lane, 'semantic');
      expect(waitsOf(lane.snapshot, lane.task(1), lane.at)).toMatchObject([
        { kind: 'backoff', command: '/retry' },
      ]);
      expect(kinds(pass(lane, minutes * minute - 1))).toEqual([]);
      expect(kinds(pass(lane, 1))).toEqual(['task-assigned']);
      claim(lane);
    }
    expect(kinds(fail(lane, 'semantic'))).toEqual(['attempt-ended', 'attempts-exhausted']);
    expect(lane.task(1)).toMatchObject({
      state: 'failed',
      claims: [],
      escalation: { trigger: 'agent-failed', agent: 'default', from: 'waiting' },
    });
    expect(viewLane(lane.snapshot, 1, lane.at).escalations).toMatchObject([
      {
        issue: 1,
        trigger: 'agent-failed',
        tried: [1, 2, 3, 4].map((n) => expect.stringContaining(`attempt ${n} by default`)),
      },
    ]);
  });

  const classes: { how: FailureClass; used: number; state: string; facts: string[] }[] = [
    { how: 'semantic', used: 1, state: 'waiting', facts: ['attempt-ended'] },
    { how: 'infra', used: 0, state: 'waiting', facts: ['attempt-ended'] },
    { how: 'rate-limit', used: 0, state: 'waiting', facts: ['attempt-ended', 'agent-paused'] },
    { how: 'released', used: 0, state: 'assigned', facts: ['attempt-ended', 'task-assigned'] },
    { how: 'budget', used: 0, state: 'escalated', facts: ['escalated'] },
  ];
  test.each(classes)('with class $how uses up $used', ({ how, used, state, facts }) => {
    const lane = working();
    expect(kinds(fail(lane, how))).toEqual(facts);
    expect(lane.task(1)).toMatchObject({ state, record: { used } });
  });

  test.each(Object.entries(consequences))(
    '%s: only what uses up an attempt or is infrastructure backs off',
    (end, row) => {
      expect(row.backsOff).toBe(row.usesUp || (end as AttemptEnd) === 'infra');
    },
  );

  test('for reasons of infrastructure five times in a row goes to a person', () => {
    const lane = working({ limits: { breaker: { agent: 100, repository: 100 } } });
    for (let count = 1; count < 5; count++) {
      fail(lane, 'infra');
      pass(lane, 15 * minute);
      claim(lane);
    }
    expect(kinds(fail(lane, 'infra'))).toEqual(['attempt-ended', 'escalated']);
    expect(lane.task(1)).toMatchObject({ state: 'escalated', record: { used: 0 } });
  });

  test('by a rate limit pauses the agent and not the task: another agent has it at once', () => {
    const lane = openLane();
    const agents = { claude: { via: 'pull' }, codex: { via: 'pull' } };
    lane.see(policy({ agents }));
    lane.presence = ['claude', 'codex'].map((agent) => ({ agent, worker: `${agent}-1`, seenAt: lane.at }));
    request(lane, 1);
    claim(lane);
    const first = lane.task(1).attempt?.agent;
    const word: AgentWord = {
      kind: 'failed',
      class: 'rate-limit',
      message: 'slow down',
      retryAfterMs: 7 * minute,
    };
    expect(kinds(lane.see(says(lane, 1, word)))).toEqual(['attempt-ended', 'agent-paused', 'task-assigned']);
    expect(lane.task(1).attempt?.agent).not.toBe(first);
    expect(lane.state.health[first ?? '']).toMatchObject({
      why: 'rate-limit',
      pausedUntil: new Date(lane.now + 7 * minute).toISOString(),
    });
  });
});

describe('a circuit breaker', () => {
  const quick = {
    limits: { attempts: 9, backoff: ['1s'], breaker: { agent: 2, repository: 9, pause: '10m' } },
  };

  function tripped(): LaneDriver {
    const lane = working(quick);
    fail(lane, 'semantic');
    pass(lane, 1_000);
    claim(lane);
    expect(kinds(fail(lane, 'semantic'))).toEqual(['attempt-ended', 'agent-paused']);
    return lane;
  }

  test('opens after failures in a row, says so, and lets one attempt try when the pause is over', () => {
    const lane = tripped();
    request(lane, 2, { spec: { owns: ['src/b.js'] } });
    expect(waitsOf(lane.snapshot, lane.task(2), lane.at)).toMatchObject([
      { kind: 'breaker', what: expect.stringContaining('2 attempts in a row failed'), command: '/retry' },
    ]);
    expect(kinds(pass(lane, 10 * minute))).toEqual(['task-assigned']);
    expect(waitsOf(lane.snapshot, lane.task(2), lane.at)[0]?.what).toContain('tries one task');
    claim(lane);
    finishWork(lane, 1);
    lane.see(says(lane, 1, { kind: 'done', head: 'head-1' }));
    expect(lane.task(2).state).toBe('assigned');
    expect(lane.state.health.default).toMatchObject({ failures: 0, pausedUntil: null });
  });

  test('opens again when that attempt fails', () => {
    const lane = tripped();
    pass(lane, 10 * minute);
    claim(lane);
    expect(kinds(fail(lane, 'semantic'))).toEqual(['attempt-ended', 'agent-paused']);
  });

  test('is closed by /retry', () => {
    const lane = tripped();
    const facts = lane.see(command(1, { index: 0, name: 'retry' }));
    expect(kinds(facts)).toEqual(['resumed', 'breaker-closed', 'command-decided', 'task-assigned']);
  });

  test('of the repository holds every agent', () => {
    const lane = working({ limits: { backoff: ['1s'], breaker: { agent: 9, repository: 1 } } });
    fail(lane, 'semantic');
    pass(lane, 1_000);
    expect(waitsOf(lane.snapshot, lane.task(1), lane.at)).toMatchObject([
      { kind: 'breaker', what: expect.stringContaining('this repository pauses') },
    ]);
  });
});

describe('a budget', () => {
  test('warns once at 80 % and stops at 100 %', () => {
    const lane = working({ limits: { usd: 5 } });
    const used = (usd: number) => lane.see(says(lane, 1, { kind: 'heartbeat', head: null, usage: { usd } }));
    expect(kinds(used(0.1))).toEqual([]);
    expect(kinds(used(3.9))).toEqual(['usage-reported']);
    expect(kinds(used(4.2))).toEqual(['usage-reported', 'budget-warned']);
    expect(kinds(used(4.6))).toEqual(['usage-reported']);
    expect(kinds(used(5))).toEqual(['usage-reported', 'escalated']);
    expect(lane.task(1).escalation).toMatchObject({ trigger: 'budget' });
    expect(lane.task(1).escalation?.context).toContain('5 of 5 USD');
  });

  test('of minutes runs by the clock of the ledger, for workers only', () => {
    const lane = working({ limits: { minutes: 20 } });
    expect(kinds(lane.pass(16 * minute))).toEqual(['budget-warned']);
    expect(kinds(lane.pass(4 * minute))).toEqual(['escalated']);
    expect(lane.task(1).record.spent.minutes).toBe(20);
    const people = openLane();
    people.see(policy({ limits: { minutes: 20 } }));
    request(people, 1);
    openWork(people, 1);
    people.see(pull(people.task(1), { headSha: 'by-hand' }));
    expect(kinds(people.pass(60 * minute))).toEqual([]);
  });

  test('in the issue bounds the whole task, over its attempts; an answer starts it afresh', () => {
    const lane = staffed({ limits: { backoff: ['1s'] } });
    request(lane, 1, { spec: { budget: { minutes: null, tokens: null, usd: 2 } } });
    claim(lane);
    lane.see(says(lane, 1, { kind: 'failed', class: 'semantic', message: 'no', usage: { usd: 1.5 } }));
    pass(lane, 1_000);
    expect(attemptBudget(lane.state, lane.task(1), lane.at).usd).toBe(0.5);
    claim(lane);
    lane.see(says(lane, 1, { kind: 'heartbeat', head: null, usage: { usd: 0.5 } }));
    expect(lane.task(1)).toMatchObject({ state: 'escalated', escalation: { trigger: 'budget' } });
    lane.see(command(1, { index: 0, name: 'resume', guidance: 'go on' }));
    pass(lane, 1_000);
    expect(attemptBudget(lane.state, lane.task(1), lane.at).usd).toBe(2);
    expect(lane.task(1).record.spent.usd).toBe(2);
  });

  test.each([{ agent_day: { usd: 0.2 } }, { repository_day: { usd: 0.2 } }])(
    'of the day is told of usage that is little for an attempt: %o',
    (limits) => {
      const lane = working({ limits: { usd: 5, ...limits } });
      const word = { kind: 'heartbeat' as const, head: null, usage: { usd: 0.21 } };
      expect(kinds(lane.see(says(lane, 1, word)))).toEqual(['usage-reported']);
      fail(lane, 'infra');
      pass(lane, 20 * minute);
      expect(waitsOf(lane.snapshot, lane.task(1), lane.at)).toMatchObject([{ kind: 'budget' }]);
    },
  );

  test.each([
    { limits: { agent_day: { usd: 1 } }, what: 'default has used its 1 USD of today' },
    { limits: { repository_day: { usd: 1 } }, what: 'this repository has used its 1 USD of today' },
  ])('of the day starts nothing more before midnight: $what', ({ limits, what }) => {
    const lane = working({ limits });
    fail(lane, 'released');
    claim(lane);
    lane.see(says(lane, 1, { kind: 'done', head: 'head-1', usage: { usd: 1 } }));
    request(lane, 2, { spec: { owns: ['src/b.js'] } });
    pass(lane, minute);
    expect(waitsOf(lane.snapshot, lane.task(2), lane.at)).toMatchObject([{ kind: 'budget' }]);
    expect(waitsOf(lane.snapshot, lane.task(2), lane.at)[0]?.what).toContain(what);
    const midnight = Date.parse('2026-01-02T00:00:00.000Z');
    expect(kinds(pass(lane, midnight - lane.now))).toEqual(['task-assigned']);
  });
});

describe('the human queue', () => {
  function asked(): LaneDriver {
    const lane = working({ escalate: { stale: '4h', to: ['@acme/leads'] } });
    const options = ['Use the old API', 'Use the new API'];
    lane.see(says(lane, 1, { kind: 'escalate', trigger: 'ambiguity', context: 'Which API?', options }));
    return lane;
  }

  test('shows who asks what, and what can be answered', () => {
    const lane = asked();
    lane.pass(2 * 60 * minute);
    expect(viewLane(lane.snapshot, 1, lane.at).escalations).toMatchObject([
      {
        issue: 1,
        agent: 'default',
        trigger: 'ambiguity',
        context: 'Which API?',
        options: ['Use the old API', 'Use the new API'],
        priority: 26,
        complex: false,
        repeats: 0,
      },
    ]);
  });

  test('tells people again after four hours, twice', () => {
    const lane = asked();
    expect(kinds(lane.pass(4 * 60 * minute - 1))).toEqual([]);
    expect(kinds(lane.pass(1))).toEqual(['escalation-repeated']);
    expect(lane.effects.at(-1)?.effect).toMatchObject({ kind: 'notify', fact: { times: 1 } });
    expect(kinds(lane.pass(4 * 60 * minute))).toEqual(['escalation-repeated']);
    expect(kinds(lane.pass(40 * 60 * minute))).toEqual([]);
  });

  test('/resume A answers with the first option, and the new attempt knows it', () => {
    const lane = asked();
    const facts = lane.see(command(1, { index: 0, name: 'resume', guidance: 'A' }));
    expect(kinds(facts)).toContain('resumed');
    expect(lane.task(1)).toMatchObject({
      escalation: null,
      record: { used: 0, guidance: [{ by: 'rita', question: 'Which API?', answer: 'Use the old API' }] },
    });
    pass(lane, 0);
    expect(lane.task(1)).toMatchObject({ state: 'assigned', attempt: { number: 2 } });
  });

  test.each([
    ['A', 'one'],
    ['b.', 'two'],
    ['C', 'C'],
    ['A bit of both', 'A bit of both'],
  ])('the answer %j means %j', (text, meaning) => {
    const lane = asked();
    const { escalation } = lane.task(1);
    expect(readAnswer(escalation && { ...escalation, options: ['one', 'two'] }, text)).toBe(meaning);
  });

  test('/resume is refused where nothing was asked', () => {
    const lane = working();
    const facts = lane.see(command(1, { index: 0, name: 'resume', guidance: 'A' }));
    expect(facts).toMatchObject([{ kind: 'command-decided', outcome: 'refused' }]);
  });

  test('a task that comes a second time is complex: one attempt, and then a person again', () => {
    const lane = asked();
    lane.see(command(1, { index: 0, name: 'resume', guidance: 'A' }));
    pass(lane, 0);
    claim(lane);
    lane.see(says(lane, 1, { kind: 'escalate', trigger: 'ambiguity', context: 'And now?' }));
    expect(viewLane(lane.snapshot, 1, lane.at).escalations).toMatchObject([{ complex: true }]);
    lane.see(command(1, { index: 0, name: 'resume', guidance: 'go on' }));
    pass(lane, 0);
    claim(lane);
    expect(kinds(fail(lane, 'semantic'))).toEqual(['attempt-ended', 'attempts-exhausted']);
  });

  test('/retry of work in review starts anew from a clean branch, and keeps what was there', () => {
    const lane = working();
    lane.see(pull(lane.task(1), { headSha: 'work' }));
    lane.see(says(lane, 1, { kind: 'done', head: 'work' }));
    expect(lane.task(1).state).toBe('in-review');
    const facts = lane.see(command(1, { index: 0, name: 'retry' }));
    expect(kinds(facts)).toEqual(['resumed', 'command-decided', 'late-work-found', 'task-assigned']);
    expect(lastOf(lane, 'late-work-found')).toMatchObject({ sha: 'work', to: 'opened-1-1' });
  });

  test('/retry of an entry that the queue has ejected builds it again', () => {
    const lane = openLane();
    request(lane, 1);
    openWork(lane, 1);
    finishWork(lane, 1);
    lane.see(approve(101));
    lane.see({ kind: 'candidate', build: 1, result: { kind: 'conflict', issue: 1, with: [] } });
    expect(lane.task(1)).toMatchObject({ state: 'in-review', ejectedHead: 'head-1' });
    expect(kinds(lane.see(command(1, { index: 0, name: 'retry' })))).toEqual([
      'rebuild-asked',
      'approved',
      'command-decided',
      'queue-entered',
      'build-started',
    ]);
  });
});

describe('late work', () => {
  /** The worker told of a commit, was given up, and the next attempt is under way. */
  function replaced(): LaneDriver {
    const lane = working({ limits: { backoff: ['1s'] } });
    lane.see(says(lane, 1, { kind: 'heartbeat', head: 'late' }));
    lane.pass(30 * minute);
    lane.pass(30 * minute);
    expect(lastOf(lane, 'attempt-ended')).toMatchObject({ attempt: 1, end: 'lost' });
    pass(lane, 1_000);
    claim(lane);
    expect(lane.task(1).attempt?.number).toBe(2);
    return lane;
  }

  test('of a fenced worker is kept on its own branch, and the lane goes on as if it had not come', () => {
    const lane = replaced();
    const before = lane.task(1);
    const facts = lane.see(pull(before, { headSha: 'late' }));
    expect(facts).toMatchObject([{ kind: 'late-work-found', attempt: 1, sha: 'late', to: 'opened-1-1' }]);
    expect(lane.task(1)).toMatchObject({ pull: before.pull, attempt: before.attempt, state: before.state });
    expect(lane.take('keep-late-work')).toMatchObject({
      branch: 'agent/1-count-the-tasks',
      late: 'agent/1-count-the-tasks-late-1',
      sha: 'late',
      to: 'opened-1-1',
    });
    const branch = 'agent/1-count-the-tasks-late-1';
    expect(lane.see(pull(lane.task(1), { headSha: 'late' }))).toEqual([]);
    lane.see({ kind: 'late-work-kept', issue: 1, number: 1, branch, isBack: true });
    expect(lane.effects.at(-1)?.effect).toMatchObject({ kind: 'notify', fact: { branch } });
  });

  test('that a person puts back on the branch is work like any other', () => {
    const lane = replaced();
    lane.see(pull(lane.task(1), { headSha: 'late' }));
    lane.see({ kind: 'late-work-kept', issue: 1, number: 1, branch: 'b', isBack: true });
    expect(kinds(lane.see(pull(lane.task(1), { headSha: 'late' })))).toEqual(['head-moved']);
  });

  test('is not what a person pushes', () => {
    const lane = replaced();
    expect(kinds(lane.see(pull(lane.task(1), { headSha: 'by-hand' })))).toEqual(['head-moved']);
  });

  test('that was pushed before the attempt ended is put aside before the next one opens the branch', () => {
    const lane = working({ limits: { backoff: ['1s'] } });
    lane.see(pull(lane.task(1), { headSha: 'half' }));
    expect(kinds(fail(lane, 'semantic'))).toEqual(['attempt-ended', 'late-work-found']);
    expect(lane.task(1).pull).toMatchObject({ headSha: 'opened-1-1', checks: [], verdict: null });
    pass(lane, 1_000);
    expect(lane.task(1).attempt?.fence).toBe(2);
    expect(lane.pending.map(({ key }) => key)).not.toContain('open-branch:1:2');
    lane.see({ kind: 'late-work-kept', issue: 1, number: 1, branch: 'b', isBack: true });
    expect(lane.pending.map(({ key }) => key)).toContain('open-branch:1:2');
  });

  describe('that a fenced worker hands in as a bundle', () => {
    const handedIn = (sha: string, fence = 1): Observation => ({
      kind: 'late-bundle',
      issue: 1,
      attempt: 1,
      fence,
      sha,
    });

    test('becomes a branch and is offered; the branch of the next attempt is not touched', () => {
      const lane = replaced();
      const before = lane.task(1);
      expect(kinds(lane.see(handedIn('bundled')))).toEqual(['late-work-found']);
      expect(lane.task(1)).toMatchObject({ pull: before.pull, attempt: before.attempt, state: before.state });
      const late = 'agent/1-count-the-tasks-late-1';
      expect(lane.take('keep-late-bundle')).toMatchObject({ late, sha: 'bundled', fence: 1, number: 1 });
      // The next attempt need not wait for it.
      expect(lane.pending.map(({ key }) => key)).toContain('open-branch:1:2');
      lane.see({ kind: 'late-work-kept', issue: 1, number: 1, branch: late, isBack: false });
      expect(lane.effects.at(-1)?.effect).toMatchObject({ kind: 'notify', fact: { branch: late } });
      expect(lane.see(handedIn('bundled'))).toEqual([]);
    });

    test('is told of once for each, also when several come at one instant', () => {
      const lane = replaced();
      lane.see(handedIn('bundled-1'), handedIn('bundled-2'));
      const kept = (number: number): Observation => ({
        kind: 'late-work-kept',
        issue: 1,
        number,
        branch: `late-${number}`,
        isBack: false,
      });
      lane.see(kept(1), kept(2));
      const notices = lane.effects.filter(({ key }) => key.includes('late-work-kept'));
      expect(new Set(notices.map(({ key }) => key)).size).toBe(2);
    });

    test.each([
      ['is the head of the branch', 'opened-1-1', 1],
      ['comes from the attempt under way', 'bundled', 2],
    ])('is nothing new when it %s', (_why, sha, fence) => {
      expect(replaced().see(handedIn(sha, fence))).toEqual([]);
    });

    test('and cannot become a branch stays in the ledger: people are told why, nobody is stopped', () => {
      const lane = replaced();
      lane.see(handedIn('bundled'));
      const message = 'git cannot read the bundle';
      const refused = { effect: 'keep-late-bundle', issue: 1, build: null, message };
      expect(lane.see({ kind: 'effect-refused', ...refused })).toMatchObject([
        { kind: 'late-work-kept', branch: null, why: message },
      ]);
      expect(lane.task(1).state).toBe('working');
      expect(lane.effects.at(-1)?.effect).toMatchObject({ kind: 'notify', fact: { branch: null } });
    });

    test('is not put on more branches than are remembered', () => {
      const lane = replaced();
      for (let nth = 1; nth <= 12; nth++) lane.see(handedIn(`bundled-${nth}`));
      expect(lane.task(1).record.late).toHaveLength(10);
    });
  });

  test('that GitHub refuses to keep asks a person, and holds nothing up after the answer', () => {
    const lane = replaced();
    lane.see(pull(lane.task(1), { headSha: 'late' }));
    const refused = { effect: 'keep-late-work', issue: 1, build: null, message: 'no' };
    expect(kinds(lane.see({ kind: 'effect-refused', ...refused }))).toEqual(['escalated', 'late-work-kept']);
    lane.see(command(1, { index: 0, name: 'resume', guidance: 'go on' }));
    pass(lane, 0);
    expect(lane.pending.map(({ key }) => key)).toContain('open-branch:1:3');
  });
});

test('a task asked for again keeps what it has spent and what is kept of it, and starts its count anew', () => {
  const lane = working();
  lane.see(says(lane, 1, { kind: 'heartbeat', head: null, usage: { usd: 3 } }));
  lane.see(command(1, { index: 0, name: 'escalate', why: 'look' }));
  lane.see(issue(1, { ready: false }), issue(1, {}));
  expect(lane.task(1).record).toMatchObject({
    used: 0,
    escalations: 1,
    spent: { usd: 3 },
    forgiven: { usd: 3 },
    endings: [],
  });
});
