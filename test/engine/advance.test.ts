import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { LaneKey } from '../../src/core/ids.ts';
import { decide } from '../../src/core/lane/decide.ts';
import type { Observation } from '../../src/core/lane/observation.ts';
import { replayJournal } from '../../src/core/lane/replay.ts';
import { advance, type Sighting, unticketed } from '../../src/engine/advance.ts';
import { readJournal } from '../../src/ledger/journal.ts';
import { loadWholeLane } from '../../src/ledger/load-lane.ts';
import { drawTicket } from '../../src/ledger/looks.ts';
import { approve, checks, issue, kinds, policy, pull } from '../core/lane-driver.ts';
import { newLane } from '../ledger/lane-scene.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';

let database: TestDatabase;
let key: LaneKey;

beforeAll(async () => {
  database = await testDatabase();
});

afterAll(() => database.drop());

beforeEach(async () => {
  key = await newLane(database.db);
  await see(
    { kind: 'lane', owner: 'acme', repo: 'demo', base: 'main' },
    { kind: 'base', sha: 'base-0' },
    policy({ schedule: { grace: '0s' } }),
  );
});

async function see(...observations: Observation[]): Promise<string[]> {
  const advanced = await advance(database.db, key, observations.map(unticketed));
  return kinds(advanced?.facts ?? []);
}

const state = async () => (await loadWholeLane(database.db, key)).state;
const replayed = async () => replayJournal(await readJournal(database.db, key));

async function task(number: number) {
  const found = (await state()).tasks[number];
  if (!found) throw new Error(`no task #${number}`);
  return found;
}

async function effectKeys(): Promise<string[]> {
  const rows = await database.db
    .selectFrom('effect')
    .select('key')
    .where('lane_id', '=', key.laneId)
    .orderBy('effect_id')
    .execute();
  return rows.map((row) => row.key);
}

const owns = (path: string) => ({ spec: { owns: [path] } });

/** Task 1 in review, green, with PR 101. */
async function reviewed(): Promise<void> {
  await see(issue(1));
  await see({ kind: 'branch-opened', issue: 1, attempt: 1, fence: 1, sha: 'opened' });
  await see({ kind: 'pull-opened', issue: 1, pull: 101, headSha: 'opened', draft: true });
  await see(pull(await task(1), { headSha: 'head-1', draft: false }));
  const changes = [{ path: 'src/a.js', change: 'modified' as const, mode: '100644' }];
  await see(
    { kind: 'diff', issue: 1, headSha: 'head-1', baseSha: 'base-0', changes },
    checks('head-1', 'success'),
  );
}

describe('advancing a lane', () => {
  test('commits state, journal and effects together', async () => {
    expect(await see(issue(1))).toEqual(['task-requested', 'task-assigned']);
    expect(await effectKeys()).toEqual(['open-branch:1:1']);
    expect(await replayed()).toEqual(await state());
    expect((await task(1)).state).toBe('assigned');
  });

  test('takes one step at a time, however many ask: of eight overlapping tasks one starts', async () => {
    const eight = [1, 2, 3, 4, 5, 6, 7, 8];
    await Promise.all(eight.map((number) => see(issue(number))));
    const { collisions } = await state();
    expect(collisions).toHaveLength(28);
    await Promise.all(collisions.map(({ a, b }) => see({ kind: 'collision-announced', a, b })));
    const { tasks } = await state();
    expect(Object.values(tasks).filter((each) => each.state === 'assigned')).toHaveLength(1);
    const journal = await readJournal(database.db, key);
    expect(journal.map(({ fact }) => fact.at)).toEqual(journal.map(({ fact }) => fact.at).sort());
    expect(await replayed()).toEqual(await state());
  });

  test('gives every attempt a fence of its own, however many ask at once', async () => {
    await Promise.all([1, 2, 3, 4, 5, 6].map((number) => see(issue(number, owns(`src/${number}.js`)))));
    const { tasks, nextFence } = await state();
    const fences = Object.values(tasks).flatMap((each) => (each.attempt ? [each.attempt.fence] : []));
    expect(fences.sort()).toEqual([1, 2, 3]);
    expect(nextFence).toBe(4);
  });

  test('happens once when the same is reported many times at once', async () => {
    await see(issue(1));
    const opened: Observation = { kind: 'branch-opened', issue: 1, attempt: 1, fence: 1, sha: 'opened' };
    const all = await Promise.all([1, 2, 3, 4, 5].map(() => see(opened)));
    expect(all.flat()).toEqual(['branch-opened']);
  });

  test('drops a reading that is older than one already taken in', async () => {
    const [early, late] = [await drawTicket(database.db), await drawTicket(database.db)];
    const seen = (sha: string, ticket: number): Sighting => ({
      observation: { kind: 'base', sha },
      read: { subject: 'base', ticket },
    });
    await advance(database.db, key, [seen('newer', late)]);
    const dropped = await advance(database.db, key, [seen('older', early)]);
    expect(dropped?.facts).toEqual([]);
    expect((await state()).baseSha).toBe('newer');
  });

  test('changes nothing when what runs alongside says no, and notes nothing as seen', async () => {
    const before = await state();
    const sighting: Sighting = {
      observation: { kind: 'base', sha: 'base-1' },
      read: { subject: 'base', ticket: await drawTicket(database.db) },
    };
    expect(await advance(database.db, key, [sighting], async () => false)).toBeNull();
    expect(await state()).toEqual(before);
    expect((await advance(database.db, key, [sighting]))?.facts).toMatchObject([{ kind: 'base-moved' }]);
  });

  test('leaves nothing behind when it fails half-way', async () => {
    const before = await state();
    const failing = advance(database.db, key, [unticketed({ kind: 'base', sha: 'base-1' })], async (lock) => {
      await lock.trx
        .updateTable('lane')
        .set({ paused: 'half-way' })
        .where('lane_id', '=', key.laneId)
        .execute();
      throw new Error('no such luck');
    });
    await expect(failing).rejects.toThrow('no such luck');
    expect(await state()).toEqual(before);
    const row = await database.db
      .selectFrom('lane')
      .select('paused')
      .where('lane_id', '=', key.laneId)
      .executeTakeFirstOrThrow();
    expect(row.paused).toBeNull();
  });

  test('of a lane that does not exist fails', async () => {
    await expect(advance(database.db, { ...key, laneId: 999_999 }, [])).rejects.toThrow();
  });

  test('Q21 Q26: carries a command out once, however often its comment is read', async () => {
    await reviewed();
    const sighting: Sighting = {
      observation: approve(101),
      read: { subject: 'comment:5:0', ticket: 1 },
    };
    const all = await Promise.all([1, 2, 3, 4].map(() => advance(database.db, key, [sighting])));
    const facts = all.flatMap((advanced) => kinds(advanced?.facts ?? []));
    expect(facts).toEqual(['approved', 'command-decided', 'queue-entered', 'build-started']);
  });

  test('finds the task of a closed PR by the number under which the comment stands', async () => {
    await reviewed();
    await see(issue(1, { ready: false }));
    const advanced = await advance(database.db, key, [unticketed(approve(101))]);
    expect(advanced?.facts).toMatchObject([{ kind: 'command-decided', issue: 1, outcome: 'refused' }]);
  });

  test('loads closed tasks that it is told about', async () => {
    await reviewed();
    await see(issue(1, { ready: false }));
    expect(await see(pull(await task(1), { open: false }))).toEqual(['pull-closed']);
    expect(await see(issue(1))).toEqual(['task-requested', 'task-assigned']);
    expect(await task(1)).toMatchObject({ version: 1, pull: null, attempt: { fence: 2 } });
  });

  test('a collision whose tasks both closed before it was announced holds nobody up later', async () => {
    await see(issue(1, { held: true }));
    await see(issue(2, { held: true }));
    await see(issue(1, { ready: false }));
    await see(issue(2, { ready: false }));
    await see({ kind: 'collision-announced', a: 1, b: 2 });
    await see(issue(1));
    expect((await task(1)).state).toBe('assigned');
  });

  test('Q21: of two instances that want a build at one moment one starts it, and one lands it', async () => {
    await reviewed();
    await see({ kind: 'checks', sha: 'head-1', checks: [{ name: 'ci', conclusion: 'pending', url: null }] });
    await see(approve(101));
    const entering = await Promise.all([1, 2].map(() => see(checks('head-1', 'success'))));
    expect(entering.flat().filter((kind) => kind === 'build-started')).toHaveLength(1);
    const made = { kind: 'made' as const, sha: 'c-1', tree: 't-1', steps: ['c-1'] };
    await Promise.all([1, 2].map(() => see({ kind: 'candidate', build: 1, result: made })));
    const ended = await Promise.all([1, 2].map(() => see(checks('c-1', 'success'))));
    expect(ended.flat().filter((kind) => kind === 'landing-decided')).toHaveLength(1);
    expect((await effectKeys()).filter((name) => /^(make-candidate|land):/u.test(name))).toEqual([
      'make-candidate:1',
      'land:1:1',
    ]);
  });

  test('from approval to landing, with the proof in the ledger', async () => {
    await reviewed();
    await see(approve(101));
    await see({
      kind: 'candidate',
      build: 1,
      result: { kind: 'made', sha: 'c-1', tree: 't-1', steps: ['c-1'] },
    });
    await see(checks('c-1', 'success'));
    expect(
      await see({ kind: 'landing', build: 1, result: { kind: 'landed', sha: 'c-1', tree: 't-1' } }),
    ).toEqual(['landed', 'task-completed', 'claims-released']);
    expect(await state()).toMatchObject({ baseSha: 'c-1', landings: [{ tree: 't-1', testedTree: 't-1' }] });
    expect(await replayed()).toEqual(await state());
    expect(await effectKeys()).toEqual(
      expect.arrayContaining(['land:1:1', 'clean-build:1', 'close-issue:1']),
    );
  });

  test('a tree that was not tested cannot be recorded as landed', async () => {
    await reviewed();
    await see(approve(101));
    await see({
      kind: 'candidate',
      build: 1,
      result: { kind: 'made', sha: 'c-1', tree: 't-1', steps: ['c-1'] },
    });
    await see(checks('c-1', 'success'));
    const before = await state();
    const landing = see({ kind: 'landing', build: 1, result: { kind: 'landed', sha: 'c-1', tree: 'other' } });
    await expect(landing).rejects.toThrow('landed_tree_was_tested');
    expect(await state()).toEqual(before);
  });

  test('with nothing seen, time alone moves the lane, and it comes to rest', async () => {
    await see(issue(1));
    expect(await see()).toEqual([]);
    const whole = await loadWholeLane(database.db, key);
    expect(decide(whole, whole.at).facts).toEqual([]);
  });
});
