/** Whatever a task waits for, people are told what changes it, or that nothing needs to be typed and why. */
import { describe, expect, test } from 'vitest';
import { waitsOf } from '../../src/core/lane/plan-view.ts';
import { renderWait } from '../../src/protocol/standing-text.ts';
import { finishWork, issue, type LaneDriver, openLane, openWork, policy, request } from './lane-driver.ts';

const told = (lane: LaneDriver, number: number): string =>
  waitsOf(lane.snapshot, lane.task(number), lane.at)
    .map((wait) => renderWait(wait, null, 'answer'))
    .join('\n');

function lane(content: unknown = {}): LaneDriver {
  const opened = openLane();
  opened.see(policy(content));
  return opened;
}

const owning = (...owns: string[]) => ({ spec: { owns } });

describe('what changes a wait', () => {
  test('for files: to give them up where something is left, and else nothing', () => {
    const opened = lane();
    request(opened, 1, owning('src/a.js'));
    openWork(opened, 1);
    request(opened, 2, owning('src/a.js', 'src/b.js'));
    request(opened, 3, owning('src/a.js'));
    expect(told(opened, 2)).toContain('#1 owns src/a.js');
    expect(told(opened, 2)).toContain('To change that, type `/disown src/a.js` in a comment.');
    expect(told(opened, 3)).toContain('Nothing needs to be typed: it starts when those files are free.');
  });

  test('for room: the limit in the policy', () => {
    const opened = lane({ limits: { running: 1 } });
    request(opened, 1, owning('src/a.js'));
    openWork(opened, 1);
    request(opened, 2, owning('src/b.js'));
    expect(told(opened, 2)).toContain('To change that, raise `limits.running` in the policy.');
  });

  test('for people: what they are to look at', () => {
    const opened = lane({ limits: { in_review: 1 } });
    request(opened, 1, owning('src/a.js'));
    openWork(opened, 1);
    finishWork(opened, 1);
    request(opened, 2, owning('src/b.js'));
    expect(told(opened, 2)).toContain(
      'To change that, review #1, or raise `limits.in_review` in the policy.',
    );
  });

  test('for time alone: nothing', () => {
    const opened = lane();
    opened.see(issue(1));
    expect(told(opened, 1)).toContain('Nothing needs to be typed: the time passes by itself.');
  });
});
