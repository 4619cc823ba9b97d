import { describe, expect, test } from 'vitest';
import type { QueueSnapshot } from '../../../src/core/queue/snapshot.ts';
import { actionsOf, build, entry, scene, strictPolicy } from './scene.ts';

function landingOf(snapshot: QueueSnapshot) {
  return actionsOf(snapshot).find((action) => action.do === 'land');
}

function ejectedBy(snapshot: QueueSnapshot): number[] {
  return actionsOf(snapshot).flatMap((action) => (action.do === 'eject' ? [action.entry] : []));
}

describe('landing', () => {
  test('a passed build on the base as it is lands', () => {
    const passed = build([1, 2], 'passed', { purpose: 'train' });
    expect(landingOf(scene([entry(1), entry(2)], { builds: [passed] }))).toEqual({
      do: 'land',
      build: passed.id,
      entries: [1, 2],
      exact: true,
    });
  });

  test('what landed since is in the set: the rest lands', () => {
    const passed = build([9, 1], 'passed', { purpose: 'train' });
    expect(landingOf(scene([entry(1)], { landed: [9], builds: [passed] }))).toMatchObject({ entries: [1] });
  });

  test.each([
    ['something landed since that the set lacks', [8], [1]],
    ['a push from outside came since', [null], [1]],
    ['a member has left', [], [1, 7]],
  ])('not when %s', (_, landed, set) => {
    const passed = build(set, 'passed', { purpose: 'train' });
    expect(landingOf(scene([entry(1)], { landed, builds: [passed] }))).toBeUndefined();
  });

  test('not before what a member needs since it was tested: together with it, or after it', () => {
    const entries = [entry(1), entry(2, { prerequisites: [1] })];
    const early = build([2], 'passed');
    expect(landingOf(scene(entries, { builds: [early] }))).toBeUndefined();
    const policy = { ...strictPolicy, mode: 'trust-ownership' } as const;
    expect(landingOf(scene(entries, { builds: [early], policy }))).toBeUndefined();
    const both = build([1, 2], 'passed');
    expect(landingOf(scene(entries, { builds: [early, both] }))).toMatchObject({ build: both.id });
  });

  test('of two cars the larger lands', () => {
    const small = build([1], 'passed', { purpose: 'train' });
    const large = build([1, 2], 'passed', { purpose: 'train' });
    expect(landingOf(scene([entry(1), entry(2)], { builds: [small, large] }))).toMatchObject({
      build: large.id,
    });
  });

  test('not over a running car with others who are known to be good', () => {
    const known = build([1, 2], 'passed', { base: 0 });
    const car = build([1, 2], 'running', { base: 1, purpose: 'train' });
    const screen = build([3], 'passed', { base: 1 });
    const snapshot = scene([entry(1), entry(2), entry(3)], { landed: [9], builds: [known, car, screen] });
    expect(landingOf(snapshot)).toBeUndefined();
    expect(landingOf({ ...snapshot, builds: [known, screen] })).toMatchObject({ entries: [3] });
  });

  test('a freeze keeps testing and lands nothing', () => {
    const passed = build([1], 'passed', { purpose: 'train' });
    const actions = actionsOf(scene([entry(1), entry(2)], { builds: [passed], frozen: true }));
    expect(actions.map((action) => action.do)).toEqual(['start']);
  });

  test('ownership is trusted only where it was asked for, and only without shared paths', () => {
    const passed = build([1], 'passed');
    const policy = { ...strictPolicy, mode: 'trust-ownership' } as const;
    const beside = scene([entry(1)], { landed: [8], builds: [passed], policy });
    expect(landingOf(beside)).toMatchObject({ entries: [1], exact: false });
    expect(landingOf({ ...beside, entries: [entry(1, { overlaps: [8] })] })).toBeUndefined();
    expect(landingOf({ ...beside, policy: strictPolicy })).toBeUndefined();
  });
});

describe('ejection', () => {
  const failed = () => build([1], 'failed');

  test('one failure at 1 % flakes asks for one retest, the second decides', () => {
    const once = scene([entry(1)], { builds: [failed()] });
    expect(actionsOf(once)).toEqual([{ do: 'start', base: 0, set: [1], purpose: 'retest' }]);
    expect(ejectedBy(scene([entry(1)], { builds: [failed(), failed()] }))).toEqual([1]);
  });

  test('the evidence names the builds', () => {
    const builds = [failed(), failed()];
    const [action] = actionsOf(scene([entry(1)], { builds }));
    expect(action).toMatchObject({ code: 'tests-failed', evidence: builds.map(({ id }) => id) });
  });

  test('without flakes the first failure decides, with many none of the first three', () => {
    const at = (events: number, count: number) =>
      scene([entry(1)], {
        builds: Array.from({ length: count }, failed),
        history: { ...scene([]).history, flakes: { chances: 10_000, events } },
      });
    expect(ejectedBy(at(0, 1))).toEqual([1]);
    expect(ejectedBy(at(3_000, 3))).toEqual([]);
    expect(ejectedBy(at(3_000, 4))).toEqual([1]);
  });

  test('never by inference: the last of a failed group is tested on its own', () => {
    const builds = [build([1, 2], 'failed'), build([1], 'passed', { base: 0 })];
    const snapshot = scene([entry(1), entry(2)], { builds: [...builds], frozen: true });
    expect(ejectedBy(snapshot)).toEqual([]);
    expect(actionsOf(snapshot)).toContainEqual({ do: 'start', base: 0, set: [2], purpose: 'retest' });
  });

  test('a failure beside an entry that landed since counts against the other', () => {
    const together = build([9, 1], 'failed');
    expect(ejectedBy(scene([entry(1)], { landed: [9], builds: [together, failed()] }))).toEqual([1]);
  });

  test.each([
    [
      'a later pass of a larger tree clears it',
      [build([1], 'failed'), build([1], 'failed'), build([1, 2], 'passed')],
    ],
    ['an interrupted build counts for nothing', [build([1], 'interrupted'), build([1], 'interrupted')]],
    ['failures beside one who left say nothing', [build([1, 7], 'failed'), build([7, 1], 'failed')]],
  ])('%s', (_, builds) => {
    expect(ejectedBy(scene([entry(1), entry(2)], { builds, frozen: true }))).toEqual([]);
  });
});
