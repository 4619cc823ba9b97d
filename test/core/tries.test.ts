import { describe, expect, test } from 'vitest';
import type { CommandOutcome } from '../../src/core/lane/facts.ts';
import type { Observation } from '../../src/core/lane/observation.ts';
import { queueRows } from '../../src/core/lane/plan-view.ts';
import { replayJournal } from '../../src/core/lane/replay.ts';
import { isRunning } from '../../src/core/queue/build-state.ts';
import { tryOf } from '../../src/core/queue/tries.ts';
import {
  candidateMade,
  checks,
  command,
  finishWork,
  kinds,
  type LaneDriver,
  openLane,
  openWork,
  policy,
  pull,
  queueTask,
  request,
} from './lane-driver.ts';

/** `/try` under the PR of issue 1, or another. */
function tryIt(
  lane: LaneDriver,
  pulls: number[] = [],
  change: Partial<Extract<Observation, { kind: 'command' }>> = {},
) {
  const named = pulls.map((number) => ({ number, headSha: `other-${number}` }));
  const facts = lane.see(command(101, { index: 0, name: 'try', pulls }, { named, ...change }));
  const [answer] = facts.flatMap((fact) => (fact.kind === 'command-decided' ? [fact] : []));
  return { facts, outcome: answer?.outcome satisfies CommandOutcome | undefined, detail: answer?.detail };
}

function inReview(): LaneDriver {
  const lane = openLane();
  request(lane, 1);
  openWork(lane, 1);
  finishWork(lane, 1);
  return lane;
}

const running = (lane: LaneDriver) => Object.values(lane.state.builds).filter(isRunning);

describe('/try', () => {
  test('tests the PR on the present base, beside those that are named, and lands nothing when it passes', () => {
    const lane = inReview();
    expect(tryIt(lane, [12]).outcome).toBe('done');
    const [build] = running(lane);
    expect(build).toMatchObject({ purpose: 'try', baseSha: 'base-0', base: 0 });
    expect(build?.entries).toEqual([
      { issue: 12, pull: 12, headSha: 'other-12' },
      { issue: 1, pull: 101, headSha: 'head-1' },
    ]);
    lane.see(candidateMade(lane, 1));
    lane.see(checks('candidate-1', 'success'));
    expect(tryOf(lane.state, lane.task(1))).toMatchObject({ state: 'passed', open: true });
    expect(lane.task(1)).toMatchObject({ state: 'in-review', entry: null });
    expect(kinds(lane.pass(3_600_000))).not.toContain('landing-decided');
    expect(lane.pending.map(({ effect }) => effect.kind)).toContain('clean-build');
    expect(replayJournal(lane.journal.map((fact, index) => ({ seq: index + 1, fact })))).toEqual(lane.state);
  });

  test('a failure ejects nobody, and teaches the queue nothing', () => {
    const lane = inReview();
    const { groups, flakes } = lane.state.queue.history;
    tryIt(lane);
    lane.see(candidateMade(lane, 1));
    lane.see(checks('candidate-1', 'failure'));
    expect(tryOf(lane.state, lane.task(1))).toMatchObject({ state: 'failed' });
    expect(lane.task(1).state).toBe('in-review');
    expect(lane.state.queue.history).toMatchObject({ groups, flakes });
  });

  test('a conflict is its result, and says with whom', () => {
    const lane = inReview();
    tryIt(lane, [12]);
    lane.see({ kind: 'candidate', build: 1, result: { kind: 'conflict', issue: 1, with: [12] } });
    expect(tryOf(lane.state, lane.task(1))).toMatchObject({
      state: 'failed',
      reason: '#101 conflicts with #12',
    });
  });

  test('a new commit ends it', () => {
    const lane = inReview();
    tryIt(lane);
    lane.see(candidateMade(lane, 1));
    lane.see(pull(lane.task(1), { headSha: 'head-2' }));
    expect(lane.state.builds[1]).toMatchObject({ state: 'abandoned', reason: '#101 has a newer commit' });
    expect(tryOf(lane.state, lane.task(1))).toBeNull();
  });

  test('so does closing the PR, and another /try', () => {
    const lane = inReview();
    tryIt(lane);
    tryIt(lane);
    expect(lane.state.builds[1]).toMatchObject({ state: 'abandoned', open: false });
    expect(running(lane).map(({ number }) => number)).toEqual([2]);
    lane.see(pull(lane.task(1), { open: false }));
    expect(running(lane)).toEqual([]);
  });

  test('takes a build from the queue while it runs, and never all of them', () => {
    const lane = inReview();
    lane.see(policy({ queue: { builds: 2 }, limits: { running: 9 } }));
    finishWork(lane, 1);
    queueTask(lane, 2, { spec: { owns: ['src/b.js'] } });
    tryIt(lane);
    queueTask(lane, 3, { spec: { owns: ['src/c.js'] } });
    expect(running(lane)).toHaveLength(2);
    const other = command(103, { index: 0, name: 'try', pulls: [] });
    const facts = lane.see(other);
    expect(facts).toMatchObject([{ kind: 'command-decided', outcome: 'refused' }]);
    expect(queueRows(lane.snapshot, lane.at).map(({ status }) => status)).toEqual(['testing', 'queued']);
  });

  test.each([
    { why: 'a PR that is not to be had', pulls: [12], change: { named: [] }, says: '#12 is no open' },
    { why: 'itself', pulls: [101], change: {}, says: 'in its own try already' },
    { why: 'too many', pulls: Array.from({ length: 11 }, (_, i) => i + 50), change: {}, says: 'at most 10' },
  ])('$why is refused with a reason', ({ pulls, change, says }) => {
    const lane = inReview();
    expect(tryIt(lane, pulls, change)).toMatchObject({
      outcome: 'refused',
      detail: expect.stringContaining(says),
    });
    expect(lane.state.builds).toEqual({});
  });

  test('of a branch without changes is refused', () => {
    const lane = openLane();
    request(lane, 1);
    openWork(lane, 1);
    expect(tryIt(lane)).toMatchObject({ outcome: 'refused', detail: 'the branch has no changes yet' });
  });
});
