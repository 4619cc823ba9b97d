import { describe, expect, test } from 'vitest';
import { decide } from '../../src/core/lane/decide.ts';
import { waitsOf } from '../../src/core/lane/plan-view.ts';
import type { PrerequisiteState } from '../../src/core/lane/state.ts';
import { freeAgents, presenceMs } from '../../src/core/task/agents.ts';
import {
  finishWork,
  graceMs,
  issue,
  kinds,
  type LaneDriver,
  land,
  openLane,
  openWork,
  policy,
  queueTask,
  request,
} from './lane-driver.ts';

function waits(lane: LaneDriver, number: number): string[] {
  return waitsOf(lane.snapshot, lane.task(number), lane.at).map((wait) => wait.kind);
}

function worker(lane: LaneDriver, agent: string, name = 'w-1'): void {
  lane.presence = [...lane.presence, { agent, worker: name, seenAt: lane.at }];
}

const b = { spec: { owns: ['src/b.js'] } };

describe('prerequisites', () => {
  test.each<{ seen: PrerequisiteState | null; starts: boolean; says: string }>([
    { seen: null, starts: false, says: '#7 is not finished' },
    { seen: 'open', starts: false, says: '#7 is not finished' },
    { seen: 'not-planned', starts: false, says: '#7 was closed as not planned' },
    { seen: 'missing', starts: false, says: '#7 was not found' },
    { seen: 'completed', starts: true, says: '' },
  ])('an issue outside that was seen as $seen lets the task start: $starts', ({ seen, starts, says }) => {
    const lane = openLane();
    request(lane, 1, { spec: { dependsOn: [7] } });
    if (seen) lane.see({ kind: 'prerequisite', issue: 7, state: seen });
    expect(lane.task(1).state).toBe(starts ? 'assigned' : 'waiting');
    if (!starts) expect(waitsOf(lane.snapshot, lane.task(1), lane.at)[0]?.what).toBe(says);
  });

  test('native links count like the text', () => {
    const lane = openLane();
    request(lane, 1, { blockedBy: [7] });
    expect(waits(lane, 1)).toEqual(['dependency']);
  });

  test('a task that depends on itself waits and says so', () => {
    const lane = openLane();
    request(lane, 1, { blockedBy: [1] });
    expect(waitsOf(lane.snapshot, lane.task(1), lane.at)[0]?.what).toBe('it waits for itself: #1 → #1');
  });

  test('a task waits until the task before it has landed, not only until it is approved', () => {
    const lane = openLane();
    queueTask(lane, 1);
    request(lane, 2, { spec: { owns: ['src/b.js'], dependsOn: [1] } });
    expect(lane.task(1).entry).not.toBeNull();
    expect(lane.task(2).state).toBe('waiting');
    land(lane);
    expect(lane.task(1).state).toBe('completed');
    expect(lane.task(2).state).toBe('assigned');
  });

  test('a task whose prerequisite task was cancelled goes on waiting and names it', () => {
    const lane = openLane();
    request(lane, 1);
    request(lane, 2, { spec: { owns: ['src/b.js'], dependsOn: [1] } });
    lane.see(issue(1, { ready: false }));
    expect(lane.task(2).state).toBe('waiting');
    expect(waitsOf(lane.snapshot, lane.task(2), lane.at)[0]?.what).toBe('#1 is cancelled');
  });

  test('two tasks that wait for each other both wait, visibly', () => {
    const lane = openLane();
    request(lane, 1, { spec: { dependsOn: [2] } });
    request(lane, 2, { spec: { owns: ['src/b.js'], dependsOn: [1] } });
    expect(waitsOf(lane.snapshot, lane.task(1), lane.at)[0]).toMatchObject({
      what: 'it waits for itself: #1 → #2 → #1',
      command: '/independent #2',
    });
    expect(waitsOf(lane.snapshot, lane.task(2), lane.at)[0]?.what).toBe('it waits for itself: #2 → #1 → #2');
  });
});

describe('overlapping paths', () => {
  test('a task waits while another one owns its paths, and starts when that one has landed', () => {
    const lane = openLane();
    request(lane, 1, { spec: { owns: ['src/**'] } });
    request(lane, 2, { spec: { owns: ['src/a.js'] } });
    expect(waits(lane, 2)).toEqual(['overlap']);
    openWork(lane, 1);
    finishWork(lane, 1);
    expect(lane.task(2).state).toBe('waiting');
    lane.see({ kind: 'pull', issue: 1, seen: { ...seenMerged, number: 101 } });
    expect(lane.task(1).state).toBe('completed');
    expect(lane.task(2).state).toBe('assigned');
  });

  test('a cancelled task gives its paths back; an escalated one keeps them, for its pull request stays', () => {
    const lane = openLane();
    request(lane, 1);
    request(lane, 2);
    lane.see({
      kind: 'agent',
      issue: 1,
      attempt: 1,
      fence: 1,
      word: { kind: 'escalate', trigger: 'ambiguity', context: 'Which?' },
    });
    expect(lane.task(1).state).toBe('escalated');
    expect(lane.task(2).state).toBe('waiting');
    lane.see(issue(1, { ready: false }));
    expect(lane.task(2).state).toBe('assigned');
  });

  test('a task without declared paths owns everything and waits for all others', () => {
    const lane = openLane();
    request(lane, 1, b);
    request(lane, 2, { spec: { owns: ['**'], ownsDeclared: false } });
    expect(waits(lane, 2)).toEqual(['overlap']);
  });
});

const seenMerged = { headSha: 'x', draft: false, open: false, merged: true, mergeCommitSha: null };

describe('other reasons to wait', () => {
  test('nothing starts before the base branch is known', () => {
    const lane = openLane();
    lane.state = { ...lane.state, baseSha: null };
    request(lane, 1);
    expect(waits(lane, 1)).toEqual(['base']);
  });

  test('a task starts when its grace period has ended, and asks to be woken then', () => {
    const lane = openLane();
    let wakeAt: string | null = null;
    lane.watch = (step) => {
      wakeAt = step.wakeAt;
    };
    lane.see(issue(1));
    expect(waits(lane, 1)).toEqual(['grace']);
    expect(wakeAt).toBe(new Date(lane.now + graceMs).toISOString());
    lane.pass(graceMs - 1);
    expect(lane.task(1).state).toBe('waiting');
    lane.pass(1);
    expect(lane.task(1).state).toBe('assigned');
  });

  test('a held task waits until the hold is taken away', () => {
    const lane = openLane();
    request(lane, 1, { held: true });
    expect(waits(lane, 1)).toEqual(['hold']);
    lane.see(issue(1, { held: false }));
    expect(lane.task(1).state).toBe('assigned');
  });

  test('no more tasks are started than the limit allows; review makes room', () => {
    const lane = openLane();
    lane.see(policy({ limits: { running: 1 } }));
    request(lane, 1);
    request(lane, 2, b);
    expect(waits(lane, 2)).toEqual(['limit']);
    openWork(lane, 1);
    finishWork(lane, 1);
    expect(lane.task(1).state).toBe('in-review');
    expect(lane.task(2).state).toBe('assigned');
  });

  test('the older issue starts first, though a delay let the younger one be heard first', () => {
    const lane = openLane();
    const owns = { spec: { owns: ['same.js'] } };
    lane.see(issue(9, owns));
    lane.pass(1_000);
    lane.see(issue(3, owns), { kind: 'collision-announced', a: 3, b: 9 });
    // #9's grace period ends first, and #3's is about to.
    lane.pass(graceMs - 1_000);
    expect([lane.task(3).state, lane.task(9).state]).toEqual(['waiting', 'waiting']);
    lane.see({ kind: 'collision-announced', a: 3, b: 9 });
    lane.pass(1_000);
    expect([lane.task(3).state, lane.task(9).state]).toEqual(['assigned', 'waiting']);
  });

  test('nothing starts while issues that may collide with it are unread', () => {
    const lane = openLane();
    lane.see(issue(3, b));
    const at = new Date(lane.now + graceMs).toISOString();
    const unread = decide({ ...lane.snapshot, hasUnreadIssues: true }, at);
    expect(unread.state.tasks[3]?.state).toBe('waiting');
    expect(decide(lane.snapshot, at).state.tasks[3]?.state).toBe('assigned');
  });

  test('asked for at the same moment, the smaller number goes first', () => {
    const lane = openLane();
    lane.see(policy({ limits: { running: 1 } }));
    lane.see(issue(9), issue(2, b));
    lane.pass(graceMs);
    expect([lane.task(9).state, lane.task(2).state]).toEqual(['waiting', 'assigned']);
  });

  test('a task whose attempts are used up has failed, says why, and holds nothing', () => {
    const lane = openLane();
    lane.see(policy({ limits: { attempts: 2 } }));
    request(lane, 1);
    for (const fence of [1, 2]) {
      const word = { kind: 'failed' as const, class: 'semantic' as const, message: `no idea ${fence}` };
      lane.see({ kind: 'agent', issue: 1, attempt: fence, fence, word });
      lane.pass(60_000);
    }
    expect(lane.task(1)).toMatchObject({ state: 'failed', claims: [], attempt: null });
    expect(lane.task(1).lastReason).toBe('2 attempts have failed; the last one: semantic: no idea 2');
    expect(waits(lane, 1)).toEqual(['human']);
  });

  test('a second attempt does not wait for the grace period again', () => {
    const lane = openLane();
    lane.see(issue(1));
    lane.pass(graceMs);
    const facts = lane.see({
      kind: 'agent',
      issue: 1,
      attempt: 1,
      fence: 1,
      word: { kind: 'released' as const, reason: 'disk' },
    });
    expect(kinds(facts)).toEqual(['attempt-ended', 'claims-released', 'task-assigned']);
    expect(lane.task(1).attempt).toMatchObject({ number: 2, fence: 2 });
  });
});

describe('agents', () => {
  test('without a policy there is one agent: adopt, or pull when a worker was seen in the last ten minutes', () => {
    const lane = openLane();
    expect(freeAgents(lane.snapshot, lane.at)).toMatchObject([{ name: 'default', via: 'adopt' }]);
    worker(lane, 'default');
    expect(freeAgents(lane.snapshot, lane.at)).toMatchObject([{ name: 'default', via: 'pull' }]);
    lane.now += presenceMs;
    expect(freeAgents(lane.snapshot, lane.at)).toMatchObject([{ via: 'pull' }]);
    lane.now += 1;
    expect(freeAgents(lane.snapshot, lane.at)).toMatchObject([{ via: 'adopt' }]);
  });

  test('a worker of another agent does not make the default agent present', () => {
    const lane = openLane();
    worker(lane, 'claude');
    expect(freeAgents(lane.snapshot, lane.at)).toMatchObject([{ via: 'adopt' }]);
  });

  test('a configured agent without a worker is not free, and the task says that it waits for one', () => {
    const lane = openLane();
    lane.see(policy({ agents: { local: { via: 'pull' } } }));
    request(lane, 1);
    expect(waits(lane, 1)).toEqual(['agent']);
    worker(lane, 'local');
    lane.see();
    expect(lane.task(1).attempt).toMatchObject({ agent: 'local', via: 'pull' });
  });

  test('an agent takes no more than its capacity', () => {
    const lane = openLane();
    lane.see(policy({ agents: { local: { via: 'pull', capacity: 1 } } }));
    worker(lane, 'local');
    request(lane, 1);
    request(lane, 2, b);
    expect(lane.task(1).state).toBe('assigned');
    expect(waits(lane, 2)).toEqual(['agent']);
  });

  test('the least loaded agent goes first, then the name decides', () => {
    const lane = openLane();
    lane.see(policy({ agents: { zoe: { via: 'adopt', capacity: 2 }, abe: { via: 'adopt', capacity: 2 } } }));
    request(lane, 1);
    request(lane, 2, b);
    request(lane, 3, { spec: { owns: ['src/c.js'] } });
    expect([1, 2, 3].map((number) => lane.task(number).attempt?.agent)).toEqual(['abe', 'zoe', 'abe']);
  });

  test('an agent that works by being assigned has no branch opened, and a person is waited for', () => {
    const lane = openLane();
    lane.see(policy({ agents: { copilot: { via: 'assign' } } }));
    request(lane, 1);
    expect(waitsOf(lane.snapshot, lane.task(1), lane.at)[0]?.what).toContain('assign copilot');
    expect(lane.pending.map(({ effect }) => effect.kind)).toEqual(['ask-assignment']);
  });

  test('every attempt has its branch opened anew, under a key of its own', () => {
    const lane = openLane();
    request(lane, 1);
    const word = { kind: 'failed' as const, class: 'infra' as const, message: 'disk' };
    lane.see({ kind: 'agent', issue: 1, attempt: 1, fence: 1, word });
    lane.pass(60_000);
    const keys = lane.pending.map((booked) => booked.key);
    expect(keys.filter((key) => key.startsWith('open-branch'))).toEqual([
      'open-branch:1:1',
      'open-branch:1:2',
    ]);
    expect(lane.take('open-branch')).toBeNull();
    expect(lane.take('open-branch')).toMatchObject({ attempt: 2, fence: 2 });
  });

  test('an attempt whose lease has run out ends, and the task gets the next one with a higher fence', () => {
    const lane = openLane();
    worker(lane, 'default');
    request(lane, 1);
    const until = Date.parse(lane.leases[1] ?? '');
    expect(lane.pass(until - lane.now - 1)).toEqual([]);
    const facts = lane.pass(1);
    expect(kinds(facts)).toEqual(['attempt-ended', 'claims-released', 'task-assigned']);
    expect(lane.task(1).attempt).toMatchObject({ number: 2, fence: 2, via: 'adopt' });
  });
});

describe('collisions', () => {
  test('are foreseen once, and nobody starts before they have been announced', () => {
    const lane = openLane();
    const facts = [...lane.see(issue(1), issue(2)), ...lane.pass(graceMs), ...lane.pass(1_000)];
    expect(facts.filter((fact) => fact.kind === 'collision-foreseen')).toMatchObject([
      { a: 1, b: 2, paths: ['src/a.js'] },
    ]);
    expect([waits(lane, 1), waits(lane, 2)]).toEqual([['announcement'], ['announcement']]);
    lane.see({ kind: 'collision-announced', a: 1, b: 2 });
    expect([lane.task(1).state, lane.task(2).state]).toEqual(['assigned', 'waiting']);
  });

  test('with a task that is in progress already are announced as well', () => {
    const lane = openLane();
    request(lane, 1);
    expect(kinds(lane.see(issue(2)))).toContain('collision-foreseen');
  });

  test('are none between tasks of which one waits for the other', () => {
    const lane = openLane();
    const facts = lane.see(issue(1), issue(2, { spec: { dependsOn: [1] } }));
    expect(kinds(facts)).not.toContain('collision-foreseen');
  });

  test('are none between tasks that own different paths', () => {
    const lane = openLane();
    expect(kinds(lane.see(issue(1), issue(2, b)))).not.toContain('collision-foreseen');
  });

  test('an announcement that comes after both tasks were cancelled still counts when they come back', () => {
    const lane = openLane();
    lane.see(issue(1), issue(2));
    lane.see(issue(1, { ready: false }), issue(2, { ready: false }));
    lane.take('announce-collision');
    lane.see({ kind: 'collision-announced', a: 1, b: 2 });
    request(lane, 1);
    expect(lane.task(1).state).toBe('assigned');
  });
});
