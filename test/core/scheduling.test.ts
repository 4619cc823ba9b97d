import { describe, expect, test } from 'vitest';
import { waitsOf } from '../../src/core/lane/plan-view.ts';
import { inOrder } from '../../src/core/task/order.ts';
import { mostPassedOver } from '../../src/core/task/ready.ts';
import {
  command,
  finishWork,
  graceMs,
  issue,
  kinds,
  type LaneDriver,
  openLane,
  openWork,
  policy,
  request,
} from './lane-driver.ts';

const waits = (lane: LaneDriver, number: number) => waitsOf(lane.snapshot, lane.task(number), lane.at);
const owns = (path: string) => ({ spec: { owns: [path] } });
const order = (lane: LaneDriver) => inOrder(lane.state).map((task) => task.issue);

/** Several issues seen together, each with a file of its own unless it says otherwise. */
function waiting(lane: LaneDriver, issues: Record<number, Parameters<typeof issue>[1]>): void {
  lane.see(
    ...Object.entries(issues).map(([number, change]) =>
      issue(Number(number), { ...change, spec: { owns: [`src/${number}.js`], ...change?.spec } }),
    ),
  );
}

describe('the order of waiting tasks', () => {
  test('is that of the issues when nothing tells them apart', () => {
    const lane = openLane();
    waiting(lane, { 3: {}, 1: {}, 2: {} });
    expect(order(lane)).toEqual([1, 2, 3]);
  });

  test('follows the priority, by label in any case', () => {
    const lane = openLane();
    waiting(lane, { 1: { labels: ['priority:low'] }, 2: {}, 3: { labels: ['Priority:High'] } });
    expect(order(lane)).toEqual([3, 2, 1]);
  });

  test('puts first what others wait for, and what collides with others last', () => {
    const lane = openLane();
    waiting(lane, { 1: {}, 2: { spec: { dependsOn: [4] } }, 3: { spec: { owns: ['src/1.js'] } }, 4: {} });
    expect(order(lane)).toEqual([4, 2, 1, 3]);
  });

  test('prefers what suits the agents there are', () => {
    const lane = openLane();
    lane.see(policy({ agents: { small: { via: 'adopt', capabilities: ['complexity:low'] } } }));
    waiting(lane, { 1: { labels: ['complexity:high'] }, 2: {}, 3: { labels: ['complexity:low'] } });
    expect(order(lane)).toEqual([3, 2, 1]);
  });

  test('is what the weights make of it', () => {
    const lane = openLane();
    const weights = { complexity: 0, overlap: 0, dependencies: 0, priority: 0, load: 0 };
    lane.see(policy({ schedule: { weights } }));
    waiting(lane, { 1: {}, 2: { labels: ['priority:high'] }, 3: { labels: ['priority:high'] } });
    expect(order(lane)).toEqual([1, 2, 3]);
    lane.see(policy({ schedule: { weights: { ...weights, priority: 1 } } }));
    expect(order(lane)).toEqual([2, 3, 1]);
  });

  test('changes with the labels', () => {
    const lane = openLane();
    waiting(lane, { 1: {}, 2: {} });
    expect(kinds(lane.see(issue(2, { labels: ['priority:high'], ...owns('src/2.js') })))).toEqual([
      'labels-read',
    ]);
    expect(order(lane)).toEqual([2, 1]);
    expect(lane.see(issue(2, { labels: ['PRIORITY:high', 'bug'], ...owns('src/2.js') }))).toEqual([]);
  });
});

describe('agents', () => {
  const two = {
    agents: {
      docs: { via: 'adopt', capabilities: ['docs'], capacity: 5 },
      code: { via: 'adopt', capabilities: ['code', 'sql'], capacity: 5 },
    },
    limits: { running: 10 },
  };

  test.each([
    { labels: ['needs:docs'], agent: 'docs' },
    { labels: ['needs:sql', 'needs:code'], agent: 'code' },
    { labels: ['agent:docs'], agent: 'docs' },
    { labels: [], agent: 'code' },
  ])('$labels goes to $agent', ({ labels, agent }) => {
    const lane = openLane();
    lane.see(policy(two));
    request(lane, 1, { labels });
    expect(lane.task(1).attempt?.agent).toBe(agent);
  });

  test.each([
    { labels: ['needs:rust'], what: 'no agent has the capabilities rust' },
    { labels: ['agent:nobody'], what: 'there is no agent nobody in .github/signalbox.yml' },
    { labels: ['agent:docs', 'needs:sql'], what: 'no agent docs has the capabilities sql' },
  ])('for $labels there is none, and the wait says why', ({ labels, what }) => {
    const lane = openLane();
    lane.see(policy(two));
    request(lane, 1, { labels });
    expect(waits(lane, 1)).toMatchObject([{ kind: 'agent', what, command: expect.any(String) }]);
  });

  test.each([
    { labels: [], what: 'no agent has the role worker' },
    { labels: ['agent:judge'], what: 'it is for judge, which has not the role worker' },
  ])('without the role are given no task ($labels)', ({ labels, what }) => {
    const lane = openLane();
    lane.see(policy({ agents: { judge: { via: 'adopt', roles: ['reviewer'] } } }));
    request(lane, 1, { labels });
    expect(lane.task(1).state).toBe('waiting');
    expect(waits(lane, 1)).toMatchObject([{ kind: 'agent', what, command: expect.any(String) }]);
  });

  test('that name no capabilities take anything', () => {
    const lane = openLane();
    lane.see(policy({ agents: { any: { via: 'adopt' } } }));
    request(lane, 1, { labels: ['needs:rust'] });
    expect(lane.task(1).attempt?.agent).toBe('any');
  });

  test('that suit the complexity go before those with less to do', () => {
    const lane = openLane();
    const agents = {
      big: { via: 'adopt', capabilities: ['complexity:high'], capacity: 2 },
      small: { via: 'adopt', capabilities: ['complexity:low'], capacity: 2 },
    };
    lane.see(policy({ agents }));
    request(lane, 1, { ...owns('1'), labels: ['complexity:high'] });
    request(lane, 2, { ...owns('2'), labels: ['complexity:high'] });
    expect([lane.task(1), lane.task(2)].map((task) => task.attempt?.agent)).toEqual(['big', 'big']);
  });

  test('a task that nobody can take stands in nobody’s way', () => {
    const lane = openLane();
    lane.see(policy(two));
    request(lane, 1, { labels: ['needs:rust'], ...owns('1') });
    request(lane, 2, owns('2'));
    expect(lane.task(2).state).toBe('assigned');
  });
});

describe('commands', () => {
  const two = { agents: { ann: { via: 'adopt' }, bob: { via: 'adopt' } }, limits: { running: 1 } };
  const outcome = (lane: LaneDriver, ...typed: Parameters<typeof command>) =>
    lane.see(command(...typed)).find((fact) => fact.kind === 'command-decided');

  test('/priority changes the order; a newer label goes before it', () => {
    const lane = openLane();
    waiting(lane, { 1: {}, 2: { labels: ['priority:low'] } });
    lane.see(command(2, { index: 0, name: 'priority', level: 'high' }));
    expect(order(lane)).toEqual([2, 1]);
    lane.see(issue(2, { labels: ['priority:low', 'needs:x'], ...owns('src/2.js') }));
    expect(order(lane)[0]).toBe(2);
    lane.see(issue(2, { labels: ['priority:normal'], ...owns('src/2.js') }));
    expect(order(lane)).toEqual([1, 2]);
  });

  test('/assign-agent routes the task, and knows which agents there are', () => {
    const lane = openLane();
    lane.see(policy(two));
    lane.see(issue(1, { labels: ['agent:ann'] }));
    expect(outcome(lane, 1, { index: 0, name: 'assign-agent', agent: 'eve' })).toMatchObject({
      outcome: 'refused',
      detail: 'there is no agent eve: there is ann, bob',
    });
    expect(outcome(lane, 1, { index: 0, name: 'assign-agent', agent: 'Bob' })).toMatchObject({
      outcome: 'done',
    });
    lane.pass(graceMs);
    expect(lane.task(1).attempt?.agent).toBe('bob');
  });

  test('neither is for a task that is over', () => {
    const lane = openLane();
    request(lane, 1);
    lane.see(issue(1, { ready: false }));
    for (const typed of [
      { index: 0, name: 'priority', level: 'high' },
      { index: 0, name: 'assign-agent', agent: 'default' },
    ] as const)
      expect(outcome(lane, 1, typed)).toMatchObject({ outcome: 'refused', detail: 'the task is cancelled' });
  });
});

describe('back-pressure', () => {
  test('nothing new starts while as many tasks as the limit wait for review; work that has a PR goes on', () => {
    const lane = openLane();
    lane.see(policy({ limits: { in_review: 1 } }));
    request(lane, 1, owns('1'));
    request(lane, 2, owns('2'));
    openWork(lane, 1);
    openWork(lane, 2);
    finishWork(lane, 1);
    request(lane, 3, owns('3'));
    expect(waits(lane, 3)).toMatchObject([{ kind: 'limit', what: '1 task waits for review, the limit' }]);
    const word = { kind: 'released' as const, reason: 'Ctrl-C' };
    lane.see({ kind: 'agent', issue: 2, attempt: 1, fence: 2, word });
    expect(lane.task(2)).toMatchObject({ state: 'assigned', attempts: 2 });
    lane.see(issue(1, { ready: false }));
    expect(lane.task(3).state).toBe('assigned');
  });

  test('nothing new starts while as many questions as the limit wait for an answer', () => {
    const lane = openLane();
    lane.see(policy({ limits: { escalated: 1 } }));
    request(lane, 1, owns('1'));
    const word = { kind: 'escalate' as const, trigger: 'ambiguity', context: 'Which?' };
    lane.see({ kind: 'agent', issue: 1, attempt: 1, fence: 1, word });
    request(lane, 2, owns('2'));
    expect(waits(lane, 2)).toMatchObject([
      { kind: 'limit', what: '1 task waits for an answer by a person, the limit' },
    ]);
  });

  test('in a queue one task runs at a time, until it has landed', () => {
    const lane = openLane();
    lane.see(policy({ schedule: { mode: 'queue' } }));
    request(lane, 1, owns('1'));
    request(lane, 2, owns('2'));
    openWork(lane, 1);
    finishWork(lane, 1);
    expect(waits(lane, 2)).toMatchObject([{ kind: 'limit', what: expect.stringContaining('#1 first') }]);
    lane.see(issue(1, { ready: false }));
    expect(lane.task(2).state).toBe('assigned');
  });
});

describe('the threshold of overlap', () => {
  const half = { schedule: { overlap: 0.5 } };
  const three = { spec: { owns: ['src/1.js', 'src/2.js', 'src/3.js'] } };

  test('lets a task start while others own no larger part of its paths, and it claims the rest', () => {
    const lane = openLane();
    lane.see(policy(half));
    request(lane, 1, owns('src/1.js'));
    request(lane, 2, three);
    expect(lane.task(2)).toMatchObject({ state: 'assigned', claims: ['src/2.js', 'src/3.js'] });
  });

  test('keeps it waiting while they own more', () => {
    const lane = openLane();
    lane.see(policy(half));
    request(lane, 1, { spec: { owns: ['src/1.js', 'src/2.js'] } });
    request(lane, 2, three);
    expect(waits(lane, 2)).toMatchObject([{ kind: 'overlap', what: '#1 owns src/1.js, src/2.js' }]);
  });

  test('is nothing by default', () => {
    const lane = openLane();
    request(lane, 1, owns('src/1.js'));
    request(lane, 2, three);
    expect(lane.task(2).state).toBe('waiting');
  });
});

describe('a task that is passed over', () => {
  /** One place to run at; #1 is low, and newer ones keep coming. */
  function crowd(lane: LaneDriver, rounds: number): void {
    for (let round = 0; round < rounds; round++) {
      const next = 100 + round;
      lane.see(issue(next, { labels: ['priority:high'], ...owns(`src/${next}.js`) }));
      lane.pass(graceMs);
      for (const task of Object.values(lane.state.tasks)) {
        if (task.state === 'assigned') lane.see(issue(task.issue, { ready: false }));
      }
    }
  }

  function lowAmongHigh(): LaneDriver {
    const lane = openLane();
    lane.see(policy({ limits: { running: 1 } }));
    request(lane, 50, owns('src/50.js'));
    waiting(lane, { 1: { labels: ['priority:low'] }, 99: { labels: ['priority:high'] } });
    lane.pass(graceMs);
    return lane;
  }

  test('is counted, and forgotten when it starts', () => {
    const lane = lowAmongHigh();
    lane.see(issue(50, { ready: false }));
    expect([lane.task(99).state, lane.task(1).state]).toEqual(['assigned', 'waiting']);
    expect(lane.state.passedOver).toEqual({ 1: 1 });
    lane.see(issue(99, { ready: false }));
    expect([lane.task(1).state, lane.state.passedOver]).toEqual(['assigned', {}]);
  });

  test('is not while it is on hold, or waits for something of its own', () => {
    const lane = openLane();
    lane.see(policy({ limits: { running: 1 } }));
    waiting(lane, { 1: { held: true }, 2: { spec: { dependsOn: [9] } }, 3: {} });
    lane.pass(graceMs);
    expect([lane.task(3).state, lane.state.passedOver]).toEqual(['assigned', {}]);
  });

  test(`goes first when it has happened ${mostPassedOver} times, whatever the weights say`, () => {
    const lane = openLane();
    lane.see(policy({ limits: { running: 1 } }));
    request(lane, 50, owns('src/50.js'));
    lane.see(issue(1, { labels: ['priority:low'], ...owns('src/1.js') }));
    lane.pass(graceMs);
    // One high task is always there already when a place becomes free.
    lane.see(issue(99, { labels: ['priority:high'], ...owns('src/99.js') }));
    crowd(lane, mostPassedOver);
    expect([lane.task(1).state, lane.state.passedOver[1]]).toEqual(['waiting', mostPassedOver]);
    expect(order(lane)[0]).toBe(1);
    crowd(lane, 1);
    expect(lane.task(1).state).not.toBe('waiting');
  });

  test('because others have its files gets them before newer tasks do', () => {
    const lane = openLane();
    lane.see(policy({ limits: { running: 3 } }));
    request(lane, 1, owns('src/a.js'));
    lane.see(issue(2, { spec: { owns: ['**'] } }), { kind: 'collision-announced', a: 1, b: 2 });
    lane.pass(graceMs);
    lane.see({ kind: 'collision-announced', a: 1, b: 2 });
    for (let round = 0; round < mostPassedOver; round++) {
      request(lane, 100 + round, owns(`src/${round}.js`));
      expect(lane.task(100 + round).state).toBe('assigned');
      lane.see(issue(100 + round, { ready: false }));
    }
    request(lane, 200, owns('src/late.js'));
    expect(waits(lane, 200)).toMatchObject([
      { kind: 'overlap', what: expect.stringContaining('#2 goes first') },
    ]);
    lane.see(issue(1, { ready: false }));
    expect([lane.task(2).state, lane.task(200).state]).toEqual(['assigned', 'waiting']);
  });
});

describe('since when', () => {
  test('a wait for files goes back to when they were claimed, or to the request if that was later', () => {
    const lane = openLane();
    lane.see(issue(2));
    const asked = lane.at;
    lane.pass(graceMs);
    lane.pass(60_000);
    request(lane, 3);
    expect(waits(lane, 3)[0]?.since).toBe(lane.task(3).since);
    const early = openLane();
    early.see(issue(5, { held: true }));
    early.pass(60_000);
    request(early, 4, {});
    const claimed = early.task(4).attempt?.assignedAt;
    early.see(issue(5, { held: false }));
    expect(waits(early, 5).find((wait) => wait.kind === 'overlap')?.since).toBe(claimed);
    expect(asked < (claimed ?? '')).toBe(true);
  });

  test('a wait for room goes back to when the last place was taken', () => {
    const lane = openLane();
    lane.see(policy({ limits: { running: 1 } }));
    lane.see(issue(9, { held: true, ...owns('9') }));
    lane.pass(60_000);
    request(lane, 1, owns('1'));
    lane.see(issue(9, { held: false, ...owns('9') }));
    expect(waits(lane, 9)).toMatchObject([{ kind: 'limit', since: lane.task(1).attempt?.assignedAt }]);
  });
});

describe('collisions', () => {
  test('in a crowd are told with some of the others, and are at rest then', () => {
    const lane = openLane();
    const many = Array.from({ length: 40 }, (_, index) => issue(index + 1, owns('src/same.js')));
    const facts = lane.see(...many);
    const told = facts.filter((fact) => fact.kind === 'collision-foreseen');
    expect(told.filter((fact) => fact.b === 40)).toHaveLength(20);
    expect(lane.see()).toEqual([]);
  });

  test('are not told one by one of a task that owns everything because it declares nothing', () => {
    const lane = openLane();
    lane.see(issue(1), issue(2, { spec: { owns: ['**'], ownsDeclared: false } }));
    expect(lane.state.collisions).toEqual([]);
    lane.pass(graceMs);
    expect([lane.task(1).state, waits(lane, 2)[0]?.what]).toEqual(['assigned', '#1 owns src/a.js']);
  });
});
