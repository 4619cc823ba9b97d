/** Scenarios of the acceptance suite about who goes before whom, by their numbers. */
import { describe, expect, test } from 'vitest';
import { waitsOf } from '../../src/core/lane/plan-view.ts';
import { issue, type LaneDriver, landCandidate, policy, pull, request } from '../core/lane-driver.ts';
import {
  actionsOf,
  build,
  entry,
  minute,
  quietHistory,
  scene,
  startsOf,
  strictPolicy,
} from '../core/queue/scene.ts';
import {
  buildOf,
  conclude,
  ejections,
  enqueue,
  enqueueWork,
  finish,
  freeze,
  issuesOf,
  landedIn,
  queued,
  running,
  thaw,
} from './queue-lane.ts';

/** So much traffic that the untested are not taken along. */
const busy = {
  ...quietHistory,
  arrivals: Array.from({ length: 20 }, (_, n) => 50 * minute + (n * minute) / 2),
};

const waits = (lane: LaneDriver, number: number): string[] =>
  waitsOf(lane.snapshot, lane.task(number), lane.at).map(({ what }) => what);

const spec = (number: number) => ({ owns: [`src/${number}.js`] });

describe('how many are tested together', () => {
  test('Q7: after failures fewer, and more again as others land', () => {
    const entries = Array.from({ length: 20 }, (_, n) => entry(n));
    const sizeAfter = (events: number) => {
      const groups = new Map([['a', { chances: 100, events }]]);
      const snapshot = scene(entries, {
        policy: { ...strictPolicy, builds: 2 },
        history: { ...busy, groups },
      });
      return startsOf(snapshot)[0]?.length ?? 0;
    };
    expect(sizeAfter(30)).toBeLessThan(sizeAfter(10));
    expect(sizeAfter(10)).toBeLessThan(sizeAfter(2));
  });

  test('Q12: a PR labelled queue:alone is tested with nobody else, also after others have failed', () => {
    const lane = queued(3, { builds: 4 });
    enqueue(lane, 4, ['queue:alone']);
    enqueue(lane, 5);
    const seen: number[][] = [];
    lane.watch = ({ facts }) => {
      for (const fact of facts)
        if (fact.kind === 'build-started') seen.push(fact.entries.map((each) => each.issue));
    };
    finish(lane, (issues) => !issues.includes(2));
    expect(landedIn(lane).toSorted()).toEqual([1, 3, 4, 5]);
    const together = [...seen, ...running(lane).map(issuesOf)].filter((issues) => issues.includes(4));
    expect(together).toEqual([[4]]);
    expect(landedIn(lane).slice(-2)).toEqual([4, 5]);
  });

  test('Q38: a PR that changes a barrier file waits for those ahead, runs alone, and later ones wait for it', () => {
    const lane = queued(1, { builds: 4, barriers: ['**/package.json'] });
    request(lane, 2, { spec: { owns: ['app/package.json'] } });
    enqueueWork(lane, 2, 'app/package.json');
    enqueue(lane, 3);
    expect(running(lane).map(issuesOf)).toEqual([[1]]);
    expect(waits(lane, 2)).toEqual(['#101 to land or leave: one of them is tested alone']);
    expect(waits(lane, 3)).toEqual(['#102 to land or leave: one of them is tested alone']);
    conclude(lane, buildOf(lane, 1), 'success');
    landCandidate(lane);
    expect(running(lane).map(issuesOf)).toEqual([[2]]);
    conclude(lane, buildOf(lane, 2), 'success');
    landCandidate(lane);
    expect(running(lane).map(issuesOf)).toEqual([[3]]);
  });

  test('Q38: one that waits for something outside the queue holds nobody up', () => {
    const entries = [entry(1, { alone: true, prerequisites: [9] }), entry(2)];
    expect(startsOf(scene(entries))).toEqual([[2]]);
  });
});

describe('who goes first', () => {
  test('Q14: while landings are frozen what runs may finish, and nothing lands, whatever its priority', () => {
    const lane = queued(1);
    freeze(lane);
    enqueue(lane, 2, ['priority:high']);
    const facts = finish(lane, () => true);
    expect(facts.filter(({ kind }) => kind === 'build-passed').length).toBeGreaterThan(0);
    expect(landedIn(lane)).toEqual([]);
    thaw(lane);
    finish(lane, () => true);
    expect(landedIn(lane).toSorted()).toEqual([1, 2]);
  });

  test('Q34: one that came before what it needs is not built without it', () => {
    const lane = queued(2, { builds: 1, policy: 'serial' });
    lane.see(issue(1, { spec: spec(1), blockedBy: [2] }));
    const started: number[][] = running(lane).map(issuesOf);
    lane.watch = ({ facts }) => {
      for (const fact of facts)
        if (fact.kind === 'build-started') started.push(fact.entries.map((each) => each.issue));
    };
    finish(lane, () => true);
    expect(landedIn(lane)).toEqual([2, 1]);
    expect(started.slice(-2)).toEqual([[2], [1]]);
  });

  test('Q33: what needs an entry that fails is not blamed: it is built with nobody, says for whom it waits, and lands after it', () => {
    const lane = queued(2);
    lane.see(issue(2, { spec: spec(2), blockedBy: [1] }));
    const facts = finish(lane, (issues) => !issues.includes(1));
    expect(ejections(facts)).toMatchObject([{ issue: 1, code: 'checks-failed' }]);
    expect(running(lane)).toEqual([]);
    expect(lane.task(2)).toMatchObject({ state: 'approved', approvals: [{ by: 'rita' }] });
    expect(waits(lane, 2)).toEqual(['#1 is in review']);
    lane.see(pull(lane.task(1), { headSha: 'mended' }));
    enqueueWork(lane, 1, 'src/1.js', 'mended');
    finish(lane, () => true);
    expect(landedIn(lane)).toEqual([1, 2]);
  });

  test('Q35: a circle of prerequisites enters with none of its members, and each of them names it', () => {
    const lane = queued(1, { policy: 'serial' });
    enqueue(lane, 2);
    enqueue(lane, 3);
    lane.see(issue(2, { spec: spec(2), blockedBy: [3] }), issue(3, { spec: spec(3), blockedBy: [2] }));
    finish(lane, () => true);
    expect(landedIn(lane)).toEqual([1]);
    expect(waits(lane, 2)).toContain('it waits for itself: #2 → #3 → #2');
    expect(waits(lane, 3)).toContain('it waits for itself: #3 → #2 → #3');
  });
});

describe('files', () => {
  test('Q36: without common files each is tested beside the other, and the later may land first', () => {
    const entries = [entry(1), entry(2)];
    const first = build([1], 'running', { startedAt: 55 * minute });
    expect(startsOf(scene(entries, { builds: [first], history: busy }))).toEqual([[2]]);
    const second = build([2], 'passed');
    const land = { do: 'land', build: second.id, entries: [2], exact: true };
    expect(actionsOf(scene(entries, { builds: [first, second], history: busy }))).toContainEqual(land);
  });

  test('Q37: with a common file the later is tested on top of the earlier, and never lands before it', () => {
    const entries = [entry(1), entry(2, { overlaps: [1] })];
    const first = build([1], 'running', { startedAt: 55 * minute });
    expect(startsOf(scene(entries, { builds: [first], history: busy }))).toEqual([[1, 2]]);
    const lane = queued(0, { builds: 3, barriers: [] });
    lane.see(policy({ schedule: { mode: 'branches' }, limits: { running: 50, in_review: 50 } }));
    for (const number of [1, 2]) {
      request(lane, number, { spec: { owns: ['src/shared.js'] } });
      enqueueWork(lane, number, 'src/shared.js');
    }
    finish(lane, () => true);
    expect(landedIn(lane)).toEqual([1, 2]);
  });

  test('Q39: a diff beyond the declared files is refused before the queue, or claims what it touches, by policy', () => {
    const at = (outside: 'strict' | 'expand') => {
      const lane = queued(0);
      lane.see(policy({ ownership: { outside } }));
      request(lane, 1, { spec: { owns: ['src/1.js'] } });
      enqueueWork(lane, 1, 'src/more.js');
      return lane;
    };
    const refused = at('strict');
    expect(refused.task(1).entry).toBeNull();
    expect(refused.task(1).pull?.verdict?.findings).toContainEqual(
      expect.objectContaining({ rule: 'scope', path: 'src/more.js', severity: 'fail' }),
    );
    const expanded = at('expand');
    expect(expanded.task(1).claims).toContain('src/more.js');
    expect(expanded.task(1).entry?.paths).toContain('src/more.js');
  });
});
