import { describe, expect, test } from 'vitest';
import { forecastLanding } from '../../../src/core/queue/forecast.ts';
import { orderEntries } from '../../../src/core/queue/line.ts';
import { planQueue } from '../../../src/core/queue/planner.ts';
import {
  actionsOf,
  build,
  entry,
  minute,
  quietHistory,
  scene,
  startsOf,
  strictPolicy,
  waitOf,
} from './scene.ts';

/** Ten times as many arrivals as ride the train. */
const busy = {
  ...quietHistory,
  arrivals: Array.from({ length: 20 }, (_, n) => 50 * minute + (n * minute) / 2),
};
/** Five come during one run of CI. */
const brisk = {
  ...quietHistory,
  arrivals: Array.from({ length: 20 }, (_, n) => 20 * minute + n * 2 * minute),
};
const two = { ...strictPolicy, builds: 2 };

describe('order', () => {
  const order = (entries: Parameters<typeof orderEntries>[0], base = 0) =>
    orderEntries(entries, base, 100).map(({ id }) => id);

  test.each([
    ['arrival', [entry(2), entry(1)], 0, [1, 2]],
    ['priority before arrival', [entry(1), entry(2, { priority: 5 })], 0, [2, 1]],
    [
      'prerequisites before all',
      [entry(1, { prerequisites: [2], priority: 5 }), entry(2), entry(3)],
      0,
      [2, 1, 3],
    ],
    [
      'who saw 100 landings before priority',
      [entry(1), entry(2, { priority: 5, enteredBase: 99 })],
      100,
      [1, 2],
    ],
    ['a circle by arrival', [entry(1, { prerequisites: [2] }), entry(2, { prerequisites: [1] })], 0, [2, 1]],
  ])('%s', (_, entries, base, expected) => {
    expect(order(entries, base)).toEqual(expected);
  });
});

describe('what is started', () => {
  test('an idle lane tests and lands with one build', () => {
    expect(startsOf(scene([entry(1)]))).toEqual([[1]]);
  });

  test('a second entry rides on the first while little comes', () => {
    const running = build([1], 'running', { purpose: 'train', startedAt: 55 * minute });
    expect(startsOf(scene([entry(1), entry(2)], { builds: [running] }))).toEqual([[1, 2]]);
  });

  test('with much traffic it is screened on its own', () => {
    const running = build([1], 'running', { startedAt: 55 * minute });
    expect(startsOf(scene([entry(1), entry(2)], { builds: [running], history: busy }))).toEqual([[2]]);
  });

  test('of those that come at such a pace the riskier are screened first, and the safer ride', () => {
    const groups = new Map([
      ['safe', { chances: 1_000, events: 10 }],
      ['risky', { chances: 1_000, events: 300 }],
    ]);
    const arrivals = Array.from({ length: 20 }, (_, n) => 20 * minute + n * 2 * minute);
    const history = { ...quietHistory, groups, arrivals };
    const running = build([1], 'running', { purpose: 'train', startedAt: 55 * minute });
    const purposeOf = (group: string) =>
      actionsOf(scene([entry(1, { group: 'safe' }), entry(2, { group })], { builds: [running], history }));
    expect(purposeOf('safe')).toMatchObject([{ do: 'start', set: [1, 2], purpose: 'train' }]);
    expect(purposeOf('risky')).toMatchObject([{ do: 'start', set: [2], purpose: 'screen' }]);
  });

  test('an own CI grows old with every overlapping landing, until the entry is screened', () => {
    const running = build([1], 'running', { base: 8, purpose: 'train', startedAt: 55 * minute });
    const landed = [11, 12, 13, 14, 15, 16, 17, 18];
    const second = (overlaps: readonly number[]) =>
      startsOf(
        scene([entry(1), entry(2, { ownCi: 0, overlaps })], { landed, builds: [running], history: brisk }),
      );
    expect(second([])).toEqual([[1, 2]]);
    expect(second(landed)).toEqual([[2]]);
  });

  test('a screen contains the entries before it that share paths with it', () => {
    const running = build([1], 'running', { startedAt: 55 * minute });
    const entries = [entry(1), entry(2, { overlaps: [1] })];
    expect(startsOf(scene(entries, { builds: [running], history: busy }))).toEqual([[1, 2]]);
  });

  test('known entries depart in a car, without the untested', () => {
    const builds = [
      build([1], 'passed'),
      build([2], 'passed'),
      build([3], 'running', { startedAt: 55 * minute }),
    ];
    const snapshot = scene([entry(1), entry(2), entry(3)], { landed: [9], builds, history: busy });
    expect(actionsOf(snapshot)).toEqual([{ do: 'start', base: 1, set: [1, 2], purpose: 'train' }]);
  });

  test('the next car waits for its time and says when', () => {
    const builds = [
      build([1], 'passed'),
      build([2], 'passed'),
      build([1], 'running', { base: 1, purpose: 'train', startedAt: 60 * minute - 1 }),
    ];
    const plan = planQueue(scene([entry(1), entry(2)], { landed: [9], builds, history: busy }));
    expect(plan.actions).toEqual([]);
    expect(plan.wakeAt).toBe(Math.ceil(60 * minute - 1 + (10 * minute) / 14));
    expect(plan.waits[1]).toEqual({ entry: 2, wait: { for: 'train' } });
  });

  test('more entries than builds are tested in groups, and the budget holds', () => {
    const entries = Array.from({ length: 20 }, (_, n) => entry(n));
    const starts = startsOf(scene(entries, { policy: two, history: busy }));
    expect(starts).toHaveLength(2);
    expect(starts[0]?.length).toBeGreaterThan(2);
    // 0.9 ^ 5 = 0.59 is the last above 0.57.
    expect(starts[0]?.length).toBeLessThanOrEqual(5);
  });

  test('nothing runs twice', () => {
    const running = build([1], 'running', { purpose: 'train', startedAt: 55 * minute });
    expect(actionsOf(scene([entry(1)], { builds: [running] }))).toEqual([]);
  });

  test('of two runs that say the same the older one goes on, whatever landed since', () => {
    const older = build([2], 'running', { startedAt: 51 * minute });
    const newer = build([2, 3], 'running', { base: 1, startedAt: 59 * minute });
    const entries = [entry(2), entry(3, { overlaps: [2] })];
    const actions = actionsOf(scene(entries, { landed: [9], builds: [older, newer], history: busy }));
    expect(actions.filter((action) => action.do === 'cancel')).toEqual([]);
  });

  test('with no car on its way the next one departs at once, however lately the last one did', () => {
    const builds = [
      build([1], 'passed'),
      build([9], 'passed', { base: 0, purpose: 'train', startedAt: 60 * minute - 1 }),
    ];
    expect(startsOf(scene([entry(1)], { landed: [9], builds, history: busy }))).toEqual([[1]]);
  });

  test('a build that nobody learns from is cancelled', () => {
    const builds = [build([9], 'running'), build([1], 'running', { startedAt: 55 * minute })];
    expect(actionsOf(scene([entry(1)], { landed: [9], builds }))).toContainEqual({
      do: 'cancel',
      build: builds[0]?.id,
      why: 'decided',
    });
  });

  test('the first of what failed together go on, and the rest is looked into beside them', () => {
    const known = Array.from({ length: 8 }, (_, n) => build([n], 'passed'));
    const failed = build([0, 1, 2, 3, 4, 5, 6, 7], 'failed', { base: 1, purpose: 'train' });
    const entries = Array.from({ length: 8 }, (_, n) => entry(n, { overlaps: n > 0 ? [0, n - 1] : [] }));
    const starts = startsOf(scene(entries, { landed: [99], builds: [...known, failed], history: busy }));
    expect(starts.length).toBeGreaterThan(1);
    expect(starts.every((set) => set.length < 8 && set.includes(0))).toBe(true);
  });

  test('a culprit is looked for though one of those that failed together is held', () => {
    const known = Array.from({ length: 9 }, (_, n) => build([n], 'passed'));
    const failed = build([0, 1, 2, 3, 4, 5, 6, 7, 8], 'failed', { base: 1, purpose: 'train' });
    const entries = Array.from({ length: 9 }, (_, n) =>
      entry(n, { overlaps: n > 0 ? [0, n - 1] : [], conflicts: n === 8 ? [0] : [] }),
    );
    const builds = [...known, failed];
    const beginnings = startsOf(scene(entries, { landed: [99], builds, history: busy })).filter((set) =>
      set.every((id, n) => id === n),
    );
    expect(new Set(beginnings.map((set) => set.length)).size).toBeGreaterThan(2);
  });

  test('serial: one entry at a time', () => {
    const policy = { ...strictPolicy, mode: 'serial' } as const;
    const entries = [entry(1), entry(2)];
    expect(startsOf(scene(entries, { policy }))).toEqual([[1]]);
    expect(startsOf(scene(entries, { policy, builds: [build([1], 'running')] }))).toEqual([]);
  });
});

describe('what an entry waits for', () => {
  test.each([
    [
      'a prerequisite that is nowhere',
      [entry(1, { prerequisites: [7] })],
      { for: 'prerequisite', entries: [7] },
    ],
    [
      'one with which git cannot merge it',
      [entry(0), entry(1, { conflicts: [0] })],
      { for: 'conflict', entries: [0] },
    ],
  ])('%s: it is in no build', (_, entries, wait) => {
    const snapshot = scene(entries);
    expect(waitOf(snapshot, 1)).toEqual(wait);
    expect(startsOf(snapshot).some((set) => set.includes(1))).toBe(false);
  });

  test('an entry in conflict waits for nobody who is held himself', () => {
    const entries = [entry(1, { prerequisites: [7] }), entry(2, { conflicts: [1] })];
    expect(startsOf(scene(entries))).toEqual([[2]]);
  });

  test('dependants wait for a suspect', () => {
    const entries = [entry(1), entry(2, { prerequisites: [1] })];
    const snapshot = scene(entries, { builds: [build([1], 'failed')] });
    expect(startsOf(snapshot)).toEqual([[1]]);
    expect(waitOf(snapshot, 2)).toEqual({ for: 'prerequisite', entries: [1] });
  });

  test('who passed alone and failed in company waits until the company has landed', () => {
    const builds = [
      build([1], 'passed'),
      build([2], 'passed'),
      build([1, 2], 'failed', { purpose: 'train' }),
    ];
    const entries = [entry(1), entry(2, { overlaps: [1] })];
    const snapshot = scene(entries, { landed: [9], builds, history: busy });
    expect(waitOf(snapshot, 2)).toEqual({ for: 'company', entries: [1] });
    expect(startsOf(snapshot)).toEqual([[1]]);
    const after = scene([entry(2, { overlaps: [1] })], { landed: [9, 1], builds, history: busy });
    expect(startsOf(after)).toEqual([[2]]);
  });

  test('its prerequisite comes along', () => {
    expect(startsOf(scene([entry(1), entry(2, { prerequisites: [1] })])).at(-1)).toEqual([1, 2]);
  });

  test('a forecast is eight in ten of those that stayed as long', () => {
    const stays = Array.from({ length: 100 }, (_, n) => n + 1);
    expect(forecastLanding(stays, 0)).toEqual({ from: 11, to: 91 });
    expect(forecastLanding(stays, 50)).toEqual({ from: 6, to: 46 });
    expect(forecastLanding(stays, 96)).toBeNull();
  });
});
