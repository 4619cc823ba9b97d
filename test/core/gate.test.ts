import { describe, expect, test } from 'vitest';
import { judgeDiff, openFindings } from '../../src/core/gate/arbiter.ts';
import type { PathChange } from '../../src/core/gate/diff.ts';
import { type GateRow, gateIsOpen, gateOf } from '../../src/core/gate/gate.ts';
import type { Approval, CheckConclusion, Verdict } from '../../src/core/lane/pull-state.ts';
import type { Task } from '../../src/core/lane/state.ts';
import {
  approve,
  checks,
  finishWork,
  issue,
  type LaneDriver,
  openLane,
  openWork,
  policy,
  pull,
  request,
} from './lane-driver.ts';

const change = (path: string, kind: PathChange['change'] = 'modified'): PathChange => ({
  path,
  change: kind,
  mode: '100644',
});

describe('the arbiter', () => {
  test('binds its verdict to the head, the version and the policy, and fails on one finding', () => {
    const lane = reviewed();
    const judge = (...changes: PathChange[]) =>
      judgeDiff(lane.task(1), { headSha: 'head-1', baseSha: 'base-0', changes }, lane.state);
    const bad = judge(change('src/a.js'), change('lib/x'));
    expect(bad).toMatchObject({ headSha: 'head-1', version: 1, policyHash: lane.state.policyHash });
    expect(openFindings(bad, lane.task(1))).toMatchObject([{ rule: 'scope', path: 'lib/x' }]);
    expect(openFindings(judge(change('src/a.js')), lane.task(1))).toEqual([]);
  });
});

/** A lane with task 1 in review, all green, nobody has approved. */
function reviewed(content: unknown = {}): LaneDriver {
  const lane = openLane();
  lane.see(policy(content));
  request(lane, 1);
  openWork(lane, 1);
  finishWork(lane, 1);
  return lane;
}

function row(
  lane: LaneDriver,
  condition: GateRow['condition'],
  task: Task = lane.task(1),
): GateRow | undefined {
  return gateOf(task, lane.state).find((each) => each.condition === condition);
}

/** The same task with something in its PR changed by hand, to make combinations that no history reaches. */
function withPull(task: Task, changes: Partial<NonNullable<Task['pull']>>): Task {
  return { ...task, pull: task.pull && { ...task.pull, ...changes } };
}

function approval(lane: LaneDriver, change: Partial<Approval> = {}): Approval {
  const { policyHash } = lane.state;
  const bound = { headSha: 'head-1', version: 1, policyHash, epoch: 0 };
  return { ...bound, by: 'rita', at: lane.at, source: 'command', review: null, owns: [], ...change };
}

/** Task 1 with an approval that holds: the gate is open. */
function approved(lane: LaneDriver): Task {
  const task = lane.task(1);
  return { ...task, state: 'approved', approvals: [approval(lane)] };
}

describe('the gate', () => {
  test('is open when the check is green, the arbiter content and the approval right', () => {
    const lane = reviewed();
    expect(gateOf(approved(lane), lane.state).map((each) => each.state)).toEqual(['ok', 'ok', 'ok']);
    expect(gateIsOpen(approved(lane), lane.state)).toBe(true);
    expect(gateIsOpen(lane.task(1), lane.state)).toBe(false);
  });

  test.each<{ conclusion: CheckConclusion | null; state: GateRow['state'] }>([
    { conclusion: 'success', state: 'ok' },
    { conclusion: null, state: 'pending' },
    { conclusion: 'pending', state: 'pending' },
    { conclusion: 'failure', state: 'failed' },
    { conclusion: 'neutral', state: 'failed' },
    { conclusion: 'skipped', state: 'failed' },
    { conclusion: 'cancelled', state: 'failed' },
    { conclusion: 'timed-out', state: 'failed' },
  ])('a required check that is $conclusion makes its row $state', ({ conclusion, state }) => {
    const lane = reviewed();
    const results = conclusion ? [{ name: 'ci', conclusion, url: null }] : [];
    const task = withPull(approved(lane), { checks: results });
    expect(row(lane, 'checks', task)?.state).toBe(state);
    expect(gateIsOpen(task, lane.state)).toBe(state === 'ok');
  });

  test('asks for every check that the policy names', () => {
    const lane = reviewed({ gate: { checks: ['ci', 'lint'] } });
    const rows = gateOf(approved(lane), lane.state);
    expect(rows.slice(0, 2)).toMatchObject([
      { name: 'ci', state: 'ok' },
      { name: 'lint', state: 'pending' },
    ]);
    expect(gateIsOpen(approved(lane), lane.state)).toBe(false);
  });

  test('forgets the checks of an old head', () => {
    const lane = reviewed();
    lane.see(pull(lane.task(1), { headSha: 'newer' }));
    lane.see(checks('head-1', 'success'));
    expect(row(lane, 'checks')?.state).toBe('pending');
  });

  test.each<{ what: string; verdict: Partial<Verdict> | null; state: GateRow['state'] }>([
    { what: 'none', verdict: null, state: 'pending' },
    { what: 'of another head', verdict: { headSha: 'old' }, state: 'pending' },
    { what: 'of another version', verdict: { version: 2 }, state: 'pending' },
    { what: 'of another policy', verdict: { policyHash: 'other' }, state: 'pending' },
  ])('a verdict that is $what is not proof', ({ verdict: other, state }) => {
    const lane = reviewed();
    const judged = lane.task(1).pull?.verdict;
    const verdict = judged && other ? { ...judged, ...other } : null;
    const task = withPull(approved(lane), { verdict });
    expect(row(lane, 'arbiter', task)?.state).toBe(state);
    expect(gateIsOpen(task, lane.state)).toBe(false);
  });

  test('a finding keeps the gate closed and is counted', () => {
    const lane = reviewed();
    lane.see({
      kind: 'diff',
      issue: 1,
      headSha: 'head-1',
      baseSha: 'base-0',
      changes: [change('src/a.js'), change('lib/x')],
    });
    expect(row(lane, 'arbiter')).toMatchObject({ state: 'failed', detail: '1 finding' });
    expect(gateIsOpen(approved(lane), lane.state)).toBe(false);
  });

  test.each([
    { what: 'head', with: { headSha: 'old' } },
    { what: 'version', with: { version: 2 } },
    { what: 'policy', with: { policyHash: 'other' } },
    { what: 'force-push', with: { epoch: 1 } },
  ])('an approval for another $what does not count', ({ with: other }) => {
    const lane = reviewed();
    const task = approved(lane);
    const wrong = { ...task, approvals: [approval(lane, other)] };
    expect(row(lane, 'approval', wrong)?.state).toBe('failed');
    expect(gateIsOpen(wrong, lane.state)).toBe(false);
  });

  test('with no approval asked for by the policy, a green head enters the queue by itself', () => {
    const lane = reviewed({ gate: { approvals: 0 } });
    expect(lane.task(1)).toMatchObject({ state: 'approved', approvals: [{ by: 'policy' }] });
    expect(lane.task(1).entry).not.toBeNull();
  });

  test('a hold keeps the gate closed', () => {
    const lane = reviewed();
    lane.see(issue(1, { held: true }));
    expect(row(lane, 'hold')?.state).toBe('pending');
    expect(gateIsOpen(approved(lane), lane.state)).toBe(false);
    lane.see(approve(101));
    expect(lane.task(1)).toMatchObject({ state: 'approved', entry: null });
    lane.see(issue(1, { held: false }));
    expect(lane.task(1).entry).not.toBeNull();
  });

  test('a closed pull request keeps the gate closed', () => {
    const lane = reviewed();
    const task = withPull(approved(lane), { open: false });
    expect(row(lane, 'pull', task)?.state).toBe('failed');
    expect(gateIsOpen(task, lane.state)).toBe(false);
    expect(gateIsOpen({ ...task, pull: null }, lane.state)).toBe(false);
  });
});
