/** What happens to a task when something about it changes late: a prerequisite, a refusal, an empty result. */
import { describe, expect, test } from 'vitest';
import { gateOf } from '../../src/core/gate/gate.ts';
import { waitsOf } from '../../src/core/lane/plan-view.ts';
import {
  activeBuild,
  approve,
  checks,
  command,
  finishWork,
  issue,
  judge,
  type LaneDriver,
  makeCandidate,
  openLane,
  openWork,
  policy,
  pull,
  queueTask,
  request,
  specOf,
} from './lane-driver.ts';

const owning = (path: string, dependsOn: number[] = []) => ({ spec: specOf({ owns: [path], dependsOn }) });

function whatItWaitsFor(lane: LaneDriver, number: number): string[] {
  return waitsOf(lane.snapshot, lane.task(number), lane.at).map((wait) => wait.what);
}

describe('a prerequisite linked after the work has started', () => {
  test('holds the landing until it is done', () => {
    const lane = openLane();
    request(lane, 1, owning('a.js'));
    openWork(lane, 1);
    finishWork(lane, 1);
    lane.see(issue(1, { ...owning('a.js'), blockedBy: [9] }), {
      kind: 'prerequisite',
      issue: 9,
      state: 'open',
    });
    lane.see(approve(1));
    expect(lane.task(1).entry).toBeNull();
    expect(gateOf(lane.task(1), lane.state)).toContainEqual(
      expect.objectContaining({ condition: 'dependency', state: 'pending' }),
    );
    expect(whatItWaitsFor(lane, 1)).toEqual(['#9 is not finished']);
    lane.see({ kind: 'prerequisite', issue: 9, state: 'completed' });
    expect(lane.task(1).entry).not.toBeNull();
  });
});

test('a prerequisite that was given up as a task, and closed by a person as completed, is done', () => {
  const lane = openLane();
  request(lane, 1, owning('a.js'));
  request(lane, 2, owning('b.js', [1]));
  expect(lane.task(2).state).toBe('waiting');
  lane.see(issue(1, { ...owning('a.js'), open: false, stateReason: 'completed' }));
  expect(lane.task(1).state).toBe('cancelled');
  expect(lane.task(2).state).toBe('waiting');
  lane.see({ kind: 'prerequisite', issue: 1, state: 'completed' });
  expect(lane.task(2).state).toBe('assigned');
});

test('an agent that reports done and has changed nothing has used up an attempt', () => {
  const lane = openLane();
  lane.presence = [{ agent: 'default', worker: 'w-1', seenAt: lane.at }];
  request(lane, 1, owning('a.js'));
  openWork(lane, 1);
  const attempt = lane.task(1).attempt;
  if (!attempt) throw new Error('no attempt');
  lane.see({
    kind: 'agent',
    issue: 1,
    attempt: attempt.number,
    fence: attempt.fence,
    word: { kind: 'done', head: attempt.openedSha ?? '' },
  });
  lane.pass(60_000);
  expect(lane.task(1)).toMatchObject({ attempts: 2, state: 'assigned' });
});

test('/escalate is refused while the task is landing', () => {
  const lane = openLane();
  queueTask(lane, 1);
  makeCandidate(lane);
  lane.see(checks(activeBuild(lane).sha ?? '', 'success'));
  const facts = lane.see(command(1, { index: 0, name: 'escalate', why: 'stop!' }));
  expect(facts).toContainEqual(expect.objectContaining({ kind: 'command-decided', outcome: 'refused' }));
  expect(lane.task(1).state).toBe('approved');
});

describe('a policy that asks for no approval', () => {
  test('lands what is done by itself, and never queues the same head twice', () => {
    const lane = openLane();
    lane.see(policy({ gate: { approvals: 0 }, queue: { flake_retries: 0 } }));
    request(lane, 1, owning('a.js'));
    openWork(lane, 1);
    finishWork(lane, 1);
    expect(lane.task(1).state).toBe('approved');
    makeCandidate(lane);
    lane.see(checks(activeBuild(lane).sha ?? '', 'failure'));
    expect(lane.task(1)).toMatchObject({ state: 'in-review', entry: null });
    expect(whatItWaitsFor(lane, 1).join()).toContain('ejected this commit');
    lane.see(pull(lane.task(1), { headSha: 'another' }));
    judge(lane, 1);
    expect(lane.task(1).entry).not.toBeNull();
  });
});
