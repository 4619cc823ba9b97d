/** Scenarios of the acceptance suite about verdicts, commands and proofs, by their numbers. */
import { describe, expect, test } from 'vitest';
import { gateOf } from '../../src/core/gate/gate.ts';
import { decide } from '../../src/core/lane/decide.ts';
import { waitsOf } from '../../src/core/lane/plan-view.ts';
import { auditedAgainst, findVanished } from '../../src/core/queue/audit.ts';
import { parseCommands } from '../../src/protocol/commands.ts';
import {
  approve,
  checks,
  command,
  finishWork,
  issue,
  kinds,
  type LaneDriver,
  landCandidate,
  makeCandidate,
  openLane,
  openWork,
  policy,
  queueTask,
  request,
} from '../core/lane-driver.ts';
import { buildOf, conclude, ejections, finish, landedIn, queued, running } from './queue-lane.ts';

const waits = (lane: LaneDriver, number: number): string[] =>
  waitsOf(lane.snapshot, lane.task(number), lane.at).map(({ what }) => what);

describe('what CI says', () => {
  const timed = (queue: Record<string, unknown> = {}) => queued(1, { minimum_time: '30s', ...queue });

  test('Q43: checks that are green sooner than CI can be are no proof, and in the end nobody lands by them', () => {
    const lane = timed();
    makeCandidate(lane);
    lane.now += 2_000;
    const facts = conclude(lane, buildOf(lane, 1), 'success');
    expect(facts).toContainEqual(
      expect.objectContaining({
        kind: 'build-interrupted',
        reason: expect.stringContaining("after 2 s, below the policy's minimum_time"),
      }),
    );
    const [ejection] = ejections(finish(lane, () => true));
    expect(ejection).toMatchObject({ issue: 1, code: 'interrupted' });
    expect(landedIn(lane)).toEqual([]);
  });

  test('Q43: the same checks count when they took their time, and a red one is red at any time', () => {
    const slow = timed();
    makeCandidate(slow);
    slow.now += 30_000;
    expect(kinds(conclude(slow, buildOf(slow, 1), 'success'))).toContain('build-passed');
    const red = timed({ flake_retries: 0 });
    expect(kinds(conclude(red, buildOf(red, 1), 'failure'))).toContain('build-failed');
  });

  test('Q42: a required check that does not report on candidates is named while it is waited for, and when it ends', () => {
    const lane = openLane();
    lane.see(policy({ gate: { checks: ['ci', 'deploy-preview'] }, queue: { check_timeout: '20m' } }));
    request(lane, 1);
    openWork(lane, 1);
    finishWork(lane, 1);
    const both = ['ci', 'deploy-preview'].map((name) => ({
      name,
      conclusion: 'success' as const,
      url: null,
    }));
    lane.see({ kind: 'checks', sha: 'head-1', checks: both }, approve(101));
    const wait = () => {
      makeCandidate(lane);
      lane.see(checks(running(lane)[0]?.sha ?? '', 'success'));
      lane.pass(6 * 60_000);
      expect(waits(lane, 1)[0]).toContain('the check deploy-preview, which nobody has reported');
      return lane.pass(20 * 60_000);
    };
    const ended = [wait(), wait(), wait(), wait()].flatMap(ejections);
    expect(ended).toMatchObject([
      { code: 'check-timeout', reason: expect.stringContaining('the check deploy-preview did not finish') },
    ]);
    expect(landedIn(lane)).toEqual([]);
  });

  test('Q20: a candidate whose time is up is not late before CI was asked once more: it may have passed meanwhile', () => {
    const lane = queued(1, { check_timeout: '10m' });
    makeCandidate(lane);
    const sha = running(lane)[0]?.sha ?? '';
    lane.unreadChecks = [sha];
    expect(kinds(lane.pass(3_600_000))).not.toContain('build-interrupted');
    const asked = { ...lane.snapshot, unreadChecks: [] };
    expect(kinds(decide(asked, lane.at).facts)).toContain('build-interrupted');
    expect(kinds(lane.see(checks(sha, 'success')))).toContain('build-passed');
  });

  test('Q24: an effect that GitHub refuses for good ends its build, and a person is told why', () => {
    const lane = queued(1);
    const facts = lane.see({
      kind: 'effect-refused',
      effect: 'make-candidate',
      issue: null,
      build: 1,
      message: 'the branch is protected',
    });
    expect(facts).toContainEqual(
      expect.objectContaining({ kind: 'build-failed', reason: 'the branch is protected' }),
    );
    expect(lane.task(1)).toMatchObject({
      state: 'escalated',
      entry: null,
      escalation: {
        trigger: 'refused-by-github',
        context: expect.stringContaining('the branch is protected'),
      },
    });
    expect(running(lane)).toEqual([]);
  });
});

describe('people', () => {
  test('Q25: of /cancel and the landing the first wins, and the second changes nothing', () => {
    const cancel = (lane: LaneDriver) => lane.see(command(1, { index: 0, name: 'cancel' }));
    const landing = queued(1);
    conclude(landing, buildOf(landing, 1), 'success');
    expect(cancel(landing)).toMatchObject([{ kind: 'command-decided', outcome: 'refused' }]);
    landCandidate(landing);
    cancel(landing);
    expect(landing.task(1).state).toBe('completed');

    const cancelled = queued(1);
    makeCandidate(cancelled);
    const sha = cancelled.state.builds[1]?.sha ?? '';
    expect(kinds(cancel(cancelled))).toContain('task-cancelled');
    cancelled.see(checks(sha, 'success'));
    finish(cancelled, () => true);
    expect(cancelled.task(1).state).toBe('cancelled');
    expect(landedIn(cancelled)).toEqual([]);
  });

  test('Q26: an approval that is delivered twice, and one more of somebody else, make one entry', () => {
    const lane = openLane();
    request(lane, 1);
    openWork(lane, 1);
    finishWork(lane, 1);
    const once = approve(101);
    lane.see(once);
    lane.see(once);
    lane.see(approve(101, { by: 'mary' }));
    expect(lane.journal.filter(({ kind }) => kind === 'queue-entered')).toHaveLength(1);
    expect(lane.journal.filter(({ kind }) => kind === 'build-started')).toHaveLength(1);
  });

  test('Q47: /approve of somebody without write access is refused, and enters nobody', () => {
    const lane = openLane();
    request(lane, 1);
    openWork(lane, 1);
    finishWork(lane, 1);
    const facts = lane.see(approve(101, { by: 'tess', permission: 'triage' }));
    expect(facts).toMatchObject([{ kind: 'command-decided', outcome: 'denied' }]);
    expect(lane.task(1)).toMatchObject({ state: 'in-review', approvals: [], entry: null });
  });

  test('Q48: commands in quotes and code are no commands, and of several in a comment each counts', () => {
    const text = '> /approve\n\n```\n/cancel\n```\n\nand `/freeze now`\n\n/priority high\n/approve';
    expect(parseCommands(text).commands).toEqual([
      { name: 'priority', level: 'high' },
      { name: 'approve', sha: null },
    ]);
  });

  test('Q40: a new version of a prerequisite voids what was proved of its dependant', () => {
    const lane = openLane();
    lane.see(policy({ limits: { running: 5 } }));
    queueTask(lane, 1, { spec: { owns: ['src/1.js'] } });
    queueTask(lane, 2, { spec: { owns: ['src/2.js'] } });
    lane.see(issue(2, { spec: { owns: ['src/2.js'] }, blockedBy: [1] }));
    const both = running(lane).find(({ entries }) => entries.length === 2) ?? buildOf(lane, 1);
    expect(both.entries.map((each) => each.issue)).toContain(1);
    const edit = { by: { login: 'maria', permission: 'write' as const }, at: '2026-01-01T10:00:00Z' };
    lane.see(issue(1, { spec: { owns: ['src/1.js'], requirements: 'Other.' }, edits: [edit] }));
    expect(lane.task(2)).toMatchObject({ state: 'in-review', approvals: [], entry: null });
    expect(lane.task(2).lastReason).toBe('its prerequisite #1 has changed to version 2');
    conclude(lane, both, 'success');
    expect(landedIn(lane)).toEqual([]);
    expect(running(lane)).toEqual([]);
    expect(gateOf(lane.task(2), lane.state).filter(({ state }) => state !== 'ok')).not.toEqual([]);
  });
});

describe('proof', () => {
  test('Q49: each landing is compared with those before it, and one that undid a patch freezes the lane', () => {
    const lane = queued(2, { policy: 'serial' });
    const land = (number: number, blobs: Record<string, string | null>) => {
      const build = buildOf(lane, number);
      conclude(lane, build, 'success');
      const { sha, tree } = lane.state.builds[build.number] ?? {};
      const result = { kind: 'landed' as const, sha: sha ?? '', tree: tree ?? '', blobs };
      lane.see({ kind: 'landing', build: build.number, result });
    };
    land(1, { 'src/1.js': 'one' });
    land(2, { 'src/2.js': 'two' });
    const [first, second] = lane.state.landings;
    expect(first?.tree).toBe(first?.testedTree);
    if (!first || !second) throw new Error('two have landed');
    const against = auditedAgainst(lane.state, second);
    expect(against).toMatchObject([{ build: first.build }]);
    const there = new Map([
      ['src/1.js', 'one'],
      ['src/2.js', 'two'],
    ]);
    expect(findVanished(against, there)).toEqual([]);
    const vanished = findVanished(against, new Map([['src/2.js', 'two']]));
    lane.see({ kind: 'audit', build: second.build, vanished });
    expect(lane.state.frozen?.why).toContain('src/1.js');
    expect(lane.state.frozen?.why).toContain(second.sha);
  });
});
