import { describe, expect, test } from 'vitest';
import type { Opinion } from '../../../src/core/gate/evidence.ts';
import { gateIsOpen, gateOf } from '../../../src/core/gate/gate.ts';
import { viewLane } from '../../../src/core/lane/plan-view.ts';
import { finishWork, judge, type LaneDriver, openLane, openWork, policy, request } from '../lane-driver.ts';

const hands = { via: 'adopt' };
const critic = { via: 'pull', roles: ['reviewer'] };
const file = (agents: object = { hands, critic }) => ({
  agents,
  gate: { approvals: 0 },
  arbiter: { second_opinion: 'agent:critic', opinion_timeout: '10m' },
});

function reviewed(content: unknown = file()): LaneDriver {
  const lane = openLane();
  lane.see(policy(content));
  request(lane, 1);
  openWork(lane, 1);
  finishWork(lane, 1);
  return lane;
}

/** Task 1, done by the agent `critic` itself. */
function reviewedOwnWork(): LaneDriver {
  const lane = openLane();
  lane.see(policy(file({ critic: { via: 'pull', roles: ['worker', 'reviewer'] } })));
  lane.presence = [{ agent: 'critic', worker: 'w', seenAt: new Date(lane.now + 60_000).toISOString() }];
  request(lane, 1);
  openWork(lane, 1);
  const { number: attempt, fence } = lane.task(1).attempt ?? { number: 0, fence: 0 };
  const say = (word: Parameters<LaneDriver['see']>[0] & { kind: 'agent' }) => lane.see(word);
  say({ kind: 'agent', issue: 1, attempt, fence, word: { kind: 'claimed', claimId: 'c', worker: 'w' } });
  say({ kind: 'agent', issue: 1, attempt, fence, word: { kind: 'done', head: 'head-1' } });
  judge(lane, 1);
  return lane;
}

const row = (lane: LaneDriver) =>
  gateOf(lane.task(1), lane.state).find(({ condition }) => condition === 'opinion');
const give = (lane: LaneDriver, verdict: Opinion['verdict'], change: Partial<Opinion> = {}) =>
  lane.see({
    kind: 'opinion',
    issue: 1,
    opinion: { headSha: 'head-1', version: 1, by: 'agent critic', summary: 'So it is.', verdict, ...change },
  });

describe('another agent’s opinion', () => {
  test('is asked for once the arbiter has passed the head, and waited for no longer than the policy says', () => {
    const lane = reviewed();
    expect(lane.task(1).pull?.gate.asked).toMatchObject({ agent: 'critic', headSha: 'head-1', version: 1 });
    expect(row(lane)).toMatchObject({ state: 'pending', detail: 'critic has been asked' });
    const wait = viewLane(lane.snapshot, 0, lane.at).plan[0]?.waitsOn.find(({ what }) =>
      what.includes('critic'),
    );
    expect(Date.parse(wait?.next ?? '') - Date.parse(wait?.since ?? '')).toBe(600_000);
    lane.pass(599_999);
    expect(row(lane)?.state).toBe('pending');
    lane.pass(1);
    const detail = 'agent critic: no opinion: it did not answer in time';
    expect(row(lane)).toMatchObject({ state: 'ok', detail });
    expect(lane.task(1).pull?.gate.asked).toBeNull();
  });

  test.each([
    ['pass', 'ok'],
    ['none', 'ok'],
    ['withhold', 'failed'],
  ] as const)('%s leaves the row %s, and the first word counts', (verdict, state) => {
    const lane = reviewed();
    give(lane, verdict);
    expect(row(lane)?.state).toBe(state);
    expect(gateIsOpen(lane.task(1), lane.state)).toBe(state === 'ok');
    give(lane, verdict === 'withhold' ? 'pass' : 'withhold');
    expect(row(lane)?.state).toBe(state);
  });

  test('of another head or version is none, and a new head is another question', () => {
    const lane = reviewed();
    give(lane, 'withhold', { headSha: 'head-0' });
    give(lane, 'withhold', { version: 2 });
    expect(row(lane)?.state).toBe('pending');
    give(lane, 'withhold');
    finishWork(lane, 1, 'head-2');
    expect(lane.task(1).pull?.gate).toMatchObject({ opinion: null, asked: { headSha: 'head-2' } });
  });

  test.each([
    ['the policy has no such agent with the role reviewer', { hands }],
    ['the policy has no such agent with the role reviewer', { hands, critic: { via: 'pull' } }],
    ['only agents with `via: pull` can be asked', { hands, critic: { via: 'adopt', roles: ['reviewer'] } }],
  ])('is none where nobody can be asked: %s', (why, agents) => {
    expect(row(reviewed(file(agents)))).toMatchObject({
      state: 'ok',
      detail: `agent critic: no opinion: ${why}`,
    });
  });

  test('is none of whoever did the work', () => {
    const detail = 'agent critic: no opinion: it worked on this task itself';
    expect(row(reviewedOwnWork())).toMatchObject({ state: 'ok', detail });
  });
});
