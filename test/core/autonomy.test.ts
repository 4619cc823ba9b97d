/** Autonomy: how much of a person a change needs, by its paths, its labels and its risk. */
import { describe, expect, test } from 'vitest';
import { waitsOf } from '../../src/core/lane/plan-view.ts';
import { autonomyOf } from '../../src/core/task/autonomy.ts';
import {
  checks,
  command,
  issue,
  kinds,
  type LaneDriver,
  openLane,
  openWork,
  policy,
  pull,
  request,
} from './lane-driver.ts';

const minute = 60_000;
const owns = ['docs/**', 'lib/**', 'src/**'];

/** A task in review whose diff touches these paths, judged and green. */
function inReview(content: object, paths: string[], labels: string[] = []): LaneDriver {
  const lane = openLane();
  // Without tests in these diffs, the arbiter would have a remark about each.
  lane.see(policy({ arbiter: { tests: 'off' }, ...content }));
  request(lane, 1, { labels, spec: { owns } });
  openWork(lane, 1);
  lane.see(pull(lane.task(1), { headSha: 'head-1', draft: false }));
  const changes = paths.map((path) => ({ path, change: 'modified' as const, mode: '100644' }));
  lane.see({ kind: 'diff', issue: 1, headSha: 'head-1', baseSha: 'base-0', changes });
  return lane;
}

const rules = [
  { paths: ['docs/**'], level: 'out-of-the-loop' },
  { paths: ['src/**'], level: 'on-the-loop' },
  { paths: ['docs/security/**'], level: 'in-the-loop' },
  { labels: ['trivial'], level: 'out-of-the-loop' },
  { labels: ['risky'], level: 'in-the-loop' },
];

describe('the strictest path decides', () => {
  const cases: { paths: string[]; labels?: string[]; level: string }[] = [
    { paths: ['docs/a.md'], level: 'out-of-the-loop' },
    { paths: ['docs/a.md', 'docs/b.md'], level: 'out-of-the-loop' },
    { paths: ['docs/a.md', 'src/a.js'], level: 'on-the-loop' },
    { paths: ['docs/a.md', 'lib/a.js'], level: 'in-the-loop' },
    { paths: ['docs/security/a.md'], level: 'in-the-loop' },
    { paths: ['lib/a.js'], labels: ['trivial'], level: 'out-of-the-loop' },
    { paths: ['src/a.js'], labels: ['trivial'], level: 'on-the-loop' },
    { paths: ['docs/a.md'], labels: ['Risky'], level: 'in-the-loop' },
    { paths: ['docs/a.md', '.github/workflows/ci.yml'], level: 'in-the-loop' },
    { paths: [], level: 'in-the-loop' },
  ];
  test.each(cases)('$paths with $labels: $level', ({ paths, labels = [], level }) => {
    const lane = inReview({ autonomy: { rules }, arbiter: { tests: 'off' } }, paths, labels);
    expect(autonomyOf(lane.task(1), lane.state).level).toBe(level);
  });

  test('a task that owns protected paths needs a person, whatever its diff touches', () => {
    const ownership = { protected: ['docs/security/**'] };
    const lane = inReview({ autonomy: { rules }, ownership }, ['docs/a.md']);
    expect(autonomyOf(lane.task(1), lane.state).level).toBe('in-the-loop');
  });

  test('a diff that is not known needs a person', () => {
    const lane = inReview({ autonomy: { default: 'out-of-the-loop' } }, ['docs/a.md']);
    lane.see(pull(lane.task(1), { headSha: 'head-2' }));
    expect(autonomyOf(lane.task(1), lane.state)).toEqual({
      level: 'in-the-loop',
      why: 'its diff is not known yet',
    });
  });
});

describe('out of the loop', () => {
  const content = { autonomy: { rules } };

  test('a change counts as approved when the arbiter and CI have passed it, and not before', () => {
    const lane = inReview(content, ['docs/a.md']);
    expect(lane.task(1).state).toBe('in-review');
    expect(kinds(lane.see(checks('head-1', 'success')))).toEqual([
      'checks-reported',
      'approved',
      'queue-entered',
      'build-started',
    ]);
  });

  test.each([{ autonomy: { default: 'out-of-the-loop' } }, { gate: { approvals: 0 } }])(
    'work that was reported before its push was seen is not taken for the branch as it was opened: %j',
    (of) => {
      const lane = openLane();
      lane.presence = [{ agent: 'default', worker: 'w-1', seenAt: lane.at }];
      lane.see(policy(of));
      request(lane, 1, { spec: { owns } });
      openWork(lane, 1);
      lane.see({ kind: 'diff', issue: 1, headSha: 'opened-1-1', baseSha: 'base-0', changes: [] });
      lane.see(checks('opened-1-1', 'success'));
      const about = { kind: 'agent' as const, issue: 1, attempt: 1, fence: 1 };
      lane.see({ ...about, word: { kind: 'claimed', claimId: 'c', worker: 'w-1' } });
      lane.see({ ...about, word: { kind: 'done', head: 'head-1' } });
      const { approvals, entry } = lane.task(1);
      expect(approvals.filter((approval) => approval.headSha !== 'head-1')).toEqual([]);
      expect(entry).toBeNull();
    },
  );

  test('a change needs no approval, however many the policy asks for otherwise', () => {
    const lane = inReview({ ...content, gate: { approvals: 2 } }, ['docs/a.md']);
    expect(kinds(lane.see(checks('head-1', 'success')))).toContain('queue-entered');
  });

  test('a complex task is never', () => {
    const lane = inReview(content, ['docs/a.md']);
    for (const why of ['once', 'twice']) {
      lane.see(command(1, { index: 0, name: 'escalate', why }));
      lane.see(command(1, { index: 0, name: 'resume', guidance: 'go on' }));
      lane.pass(minute);
    }
    expect(autonomyOf(lane.task(1), lane.state).level).toBe('in-the-loop');
  });

  test('a head that the queue has ejected waits for a person', () => {
    const lane = inReview(content, ['docs/a.md']);
    lane.see(checks('head-1', 'success'));
    expect(
      kinds(lane.see({ kind: 'candidate', build: 1, result: { kind: 'conflict', issue: 1, with: [] } })),
    ).not.toContain('approved');
    expect(lane.task(1).state).toBe('in-review');
  });
});

describe('on the loop', () => {
  const content = { autonomy: { default: 'on-the-loop', grace: '30m' } };

  function green(): LaneDriver {
    const lane = inReview(content, ['src/a.js']);
    expect(kinds(lane.see(checks('head-1', 'success')))).toEqual(['checks-reported', 'grace-started']);
    return lane;
  }

  test('a change is announced once, and counts as approved when its grace period has passed', () => {
    const lane = green();
    expect(lane.effects.filter(({ effect }) => effect.kind === 'notify')).toHaveLength(1);
    expect(waitsOf(lane.snapshot, lane.task(1), lane.at)).toMatchObject([
      { kind: 'grace', command: '/hold' },
    ]);
    expect(kinds(lane.pass(30 * minute - 1))).toEqual([]);
    expect(kinds(lane.pass(1))).toEqual(['approved', 'queue-entered', 'build-started']);
  });

  test('/hold stops it, and /unhold lets it go on', () => {
    const lane = green();
    lane.see(command(1, { index: 0, name: 'hold', why: null }));
    expect(kinds(lane.pass(60 * minute))).toEqual([]);
    // Nobody is told of a next step by itself while it is held.
    expect(waitsOf(lane.snapshot, lane.task(1), lane.at)).toMatchObject([
      { kind: 'hold', command: '/unhold' },
    ]);
    expect(kinds(lane.see(command(1, { index: 0, name: 'unhold' })))).toContain('approved');
  });

  test('another head has a grace period of its own', () => {
    const lane = green();
    lane.pass(29 * minute);
    lane.see(pull(lane.task(1), { headSha: 'head-2' }));
    const changes = [{ path: 'src/a.js', change: 'modified' as const, mode: '100644' }];
    lane.see({ kind: 'diff', issue: 1, headSha: 'head-2', baseSha: 'base-0', changes });
    expect(kinds(lane.see(checks('head-2', 'success')))).toContain('grace-started');
    expect(kinds(lane.pass(2 * minute))).toEqual([]);
  });

  test('a check that turns red takes the grace period away', () => {
    const lane = green();
    lane.see(checks('head-1', 'failure'));
    expect(kinds(lane.pass(60 * minute))).toEqual([]);
  });
});

test('a new label is heard', () => {
  const lane = inReview({ autonomy: { rules } }, ['docs/a.md']);
  lane.see(issue(1, { labels: ['risky'], spec: { owns } }));
  expect(kinds(lane.see(checks('head-1', 'success')))).toEqual(['checks-reported']);
});
