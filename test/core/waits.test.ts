/** What a wait tells besides its reason: when it goes on by itself, and what can be typed. */
import { describe, expect, test } from 'vitest';
import { commandRules } from '../../src/core/commands/rules.ts';
import { waitsOf } from '../../src/core/lane/plan-view.ts';
import type { Wait } from '../../src/core/lane/view.ts';
import {
  checks,
  finishWork,
  graceMs,
  issue,
  type LaneDriver,
  makeCandidate,
  openLane,
  openWork,
  queueTask,
  request,
} from './lane-driver.ts';

const later = (lane: LaneDriver, ms: number) => new Date(lane.now + ms).toISOString();

function wait(lane: LaneDriver, kind: Wait['kind']): Wait | undefined {
  return waitsOf(lane.snapshot, lane.task(1), lane.at).find((each) => each.kind === kind);
}

describe('what happens by itself', () => {
  test('the grace period ends', () => {
    const lane = openLane();
    lane.see(issue(1));
    expect(wait(lane, 'grace')).toMatchObject({ next: later(lane, graceMs) });
  });

  test('a silent worker loses its lease', () => {
    const lane = openLane();
    lane.presence = [{ agent: 'default', worker: 'w', seenAt: later(lane, 3_000) }];
    request(lane, 1);
    openWork(lane, 1);
    const { number = 0, fence = 0 } = lane.task(1).attempt ?? {};
    const word = { kind: 'claimed' as const, claimId: 'c', worker: 'w' };
    lane.see({ kind: 'agent', issue: 1, attempt: number, fence, word });
    expect(wait(lane, 'work')).toMatchObject({ next: lane.leases[1], command: '/escalate <why>' });
  });

  test('a build is given up in time, also while landings are frozen, for testing goes on', () => {
    const lane = openLane();
    queueTask(lane, 1);
    makeCandidate(lane);
    expect(wait(lane, 'build')).toMatchObject({ next: later(lane, 3_600_000) });
    const state = { ...lane.state, frozen: { by: 'mary', why: 'audit', at: lane.at } };
    const [first, second] = waitsOf({ ...lane.snapshot, state }, lane.task(1), lane.at);
    expect(first).toMatchObject({ kind: 'freeze', command: '/unfreeze' });
    expect(second).toMatchObject({ kind: 'build', next: later(lane, 3_600_000) });
  });
});

describe('a candidate that nobody reports on', () => {
  test('is explained by the name of the check, after a while', () => {
    const lane = openLane();
    queueTask(lane, 1);
    makeCandidate(lane);
    lane.now += 5 * 60_000 - 1;
    expect(wait(lane, 'build')?.what).toBe('candidate 1 is being tested');
    lane.now += 1;
    expect(wait(lane, 'build')?.what).toContain('the check ci, which nobody has reported on candidate 1 yet');
  });
});

describe('what can be typed or done', () => {
  test('about a red check and a finding, on the present head', () => {
    const lane = openLane();
    request(lane, 1);
    openWork(lane, 1);
    finishWork(lane, 1);
    lane.see(checks('head-1', 'failure'));
    expect(wait(lane, 'checks')?.command).toContain('push a fix');
    lane.see(checks('head-1', 'pending'));
    expect(wait(lane, 'checks')?.command).toBeNull();
    const changes = [{ path: 'elsewhere', change: 'added' as const, mode: '100644' }];
    lane.see({ kind: 'diff', issue: 1, headSha: 'head-1', baseSha: 'base-1', changes });
    expect(wait(lane, 'arbiter')?.command).toContain('settles the findings');
  });

  test('about a prerequisite that is a link: not a command that would be refused', () => {
    const lane = openLane();
    lane.see(issue(1, { spec: { dependsOn: [7] }, blockedBy: [7], blockedElsewhere: ['acme/lib#3'] }));
    const commands = waitsOf(lane.snapshot, lane.task(1), lane.at)
      .filter(({ kind }) => kind === 'dependency')
      .map((each) => each.command);
    expect(commands).toEqual([
      expect.stringMatching(/^remove the link to #7 /u),
      expect.stringMatching(/^remove the link to acme\/lib#3 /u),
    ]);
  });

  test('names no command that is not carried out', () => {
    const lane = openLane();
    lane.see(issue(1, { spec: { dependsOn: [7] } }));
    const isOffered = commandRules.independent.run !== null;
    expect(wait(lane, 'dependency')?.command).toBe(isOffered ? '/independent #7' : null);
  });
});
