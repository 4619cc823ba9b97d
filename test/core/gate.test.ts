import { describe, expect, test } from 'vitest';
import { judgeDiff, passes } from '../../src/core/gate/arbiter.ts';
import type { PathChange } from '../../src/core/gate/diff.ts';
import { type GateRow, gateIsOpen, gateOf } from '../../src/core/gate/gate.ts';
import { judgeScope } from '../../src/core/gate/scope.ts';
import type { CheckConclusion, Task } from '../../src/core/lane/state.ts';
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

describe('the scope rule', () => {
  const owns = ['src/a.js', 'docs/**'];

  test('has nothing to say about changes inside the owned paths', () => {
    expect(judgeScope([change('src/a.js'), change('docs/deep/er.md', 'added')], owns)).toEqual([]);
  });

  test('finds every path outside, by name and by what happened to it', () => {
    const findings = judgeScope([change('src/b.js', 'removed'), change('README.md'), change('docs/x')], owns);
    expect(findings).toMatchObject([
      { rule: 'scope', severity: 'fail', path: 'src/b.js', message: expect.stringContaining('removed') },
      { rule: 'scope', severity: 'fail', path: 'README.md', message: expect.stringContaining('modified') },
    ]);
  });

  test.each([
    { from: 'docs/a.md', to: 'docs/b.md', outside: [] },
    { from: 'docs/a.md', to: 'src/b.js', outside: ['src/b.js'] },
    { from: 'src/b.js', to: 'docs/b.md', outside: ['src/b.js'] },
    { from: 'lib/a', to: 'lib/b', outside: ['lib/a', 'lib/b'] },
  ])('a rename from $from to $to is judged by both names', ({ from, to, outside }) => {
    const findings = judgeScope([change(from, 'removed'), change(to, 'added')], owns);
    expect(findings.map((finding) => finding.path)).toEqual(outside);
  });

  test('a name that only begins like an owned path is outside', () => {
    expect(judgeScope([change('src/a.js.bak'), change('docsy/x')], owns)).toHaveLength(2);
  });

  test('an empty diff passes', () => {
    expect(judgeScope([], owns)).toEqual([]);
  });
});

describe('the arbiter', () => {
  test('binds its verdict to the head and the version, and fails on one finding', () => {
    const lane = reviewed();
    const verdict = judgeDiff(lane.task(1), {
      headSha: 'some-head',
      baseSha: 'base-0',
      changes: [change('src/a.js'), change('lib/x')],
    });
    expect(verdict).toMatchObject({ headSha: 'some-head', version: 1 });
    expect(passes(verdict)).toBe(false);
    expect(
      passes(
        judgeDiff(lane.task(1), { headSha: 'some-head', baseSha: 'base-0', changes: [change('src/a.js')] }),
      ),
    ).toBe(true);
  });

  test('a finding that only warns does not stop anything', () => {
    const warning = { rule: 'size', severity: 'warn' as const, path: null, message: 'big', remedy: 'split' };
    expect(passes({ headSha: 'h', baseSha: 'b', version: 1, findings: [warning] })).toBe(true);
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

/** Task 1 with an approval that holds: the gate is open. */
function approved(lane: LaneDriver): Task {
  const task = lane.task(1);
  const { policyHash } = lane.state;
  const approval = { headSha: 'head-1', version: 1, policyHash, by: 'rita', at: lane.at };
  return { ...task, state: 'approved', approval };
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

  test.each([
    { what: 'none', verdict: null, state: 'pending' },
    {
      what: 'of another head',
      verdict: { headSha: 'old', baseSha: 'base-0', version: 1, findings: [] },
      state: 'pending',
    },
    {
      what: 'of another version',
      verdict: { headSha: 'head-1', baseSha: 'base-0', version: 2, findings: [] },
      state: 'pending',
    },
  ])('a verdict that is $what is not proof', ({ verdict, state }) => {
    const lane = reviewed();
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
  ])('an approval for another $what does not count', ({ with: other }) => {
    const lane = reviewed();
    const task = approved(lane);
    const wrong = { ...task, approval: task.approval && { ...task.approval, ...other } };
    expect(row(lane, 'approval', wrong)?.state).toBe('failed');
    expect(gateIsOpen(wrong, lane.state)).toBe(false);
  });

  test('with no approval asked for by the policy, a green head enters the queue by itself', () => {
    const lane = reviewed({ gate: { approvals: 0 } });
    expect(lane.task(1)).toMatchObject({ state: 'approved', approval: { by: 'policy' } });
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
