import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { LaneKey } from '../../src/core/ids.ts';
import { emptyLane, fold } from '../../src/core/lane/fold.ts';
import type { LaneState } from '../../src/core/lane/state.ts';
import { claimAttempt, takenAttempts } from '../../src/ledger/claim-attempt.ts';
import {
  claimEffect,
  finishEffect,
  type LeasedEffect,
  postponeEffect,
  releaseAllLeases,
} from '../../src/ledger/effects.ts';
import { claimSweep, lanesWithDueWork, openLane as openStoredLane } from '../../src/ledger/lanes.ts';
import { loadForReading, withLane } from '../../src/ledger/load-lane.ts';
import {
  drawTicket,
  dueLooks,
  filterSeen,
  finishLook,
  noteSeen,
  postponeLook,
  requestLooks,
} from '../../src/ledger/looks.ts';
import { notePresence, renewLease } from '../../src/ledger/presence.ts';
import { notePublished, tasksToPublish } from '../../src/ledger/projections.ts';
import { saveLane } from '../../src/ledger/save-lane.ts';
import { issue, type LaneDriver, openLane, openWork, request } from '../core/lane-driver.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { newLane } from './lane-scene.ts';

let database: TestDatabase;
let key: LaneKey;

beforeAll(async () => {
  database = await testDatabase();
});

afterAll(() => database.drop());

beforeEach(async () => {
  key = await newLane(database.db);
  await sql`delete from presence`.execute(database.db);
});

const react = (comment: number) => ({ kind: 'react' as const, comment, content: 'rocket' as const });

async function book(...comments: number[]): Promise<void> {
  const step = { before: emptyLane, after: emptyLane, facts: [], effects: comments.map(react), wakeAt: null };
  await withLane(database.db, key, (lock) => saveLane(lock, step));
}

const claim = (owner = 'p-1') => claimEffect(database.db, key, owner);

async function claimed(owner = 'p-1'): Promise<LeasedEffect> {
  const held = await claim(owner);
  if (!held) throw new Error('no effect is due');
  return held;
}

const endLeases = () => sql`update effect set lease_until = now() - interval '1 second'`.execute(database.db);
const dueNow = () => sql`update effect set due_at = now()`.execute(database.db);

describe('effects', () => {
  test('are booked once under their key, and not again when they are done', async () => {
    await book(1);
    await book(1, 2);
    const first = await claimed();
    expect(first.effect).toEqual(react(1));
    expect(await finishEffect(database.db, first, null)).toBe(true);
    await book(1);
    expect((await claimed()).effect).toEqual(react(2));
    expect(await claim()).toBeNull();
  });

  test('of another lane are not claimed', async () => {
    await book(1);
    expect(await claimEffect(database.db, await newLane(database.db), 'p-1')).toBeNull();
  });

  test('are claimed by one of many at a time', async () => {
    await book(1, 2, 3);
    const held = await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map((owner) => claim(owner)));
    const ids = held.flatMap((each) => (each ? [each.effectId] : []));
    // A racer may find all taken and go home; none is ever taken twice.
    expect(new Set(ids).size).toBe(ids.length);
    while (await claim('late')) ids.push(-1);
    expect(ids).toHaveLength(3);
  });

  test('whose lease was lost cannot be ended by the loser, whose result does not count', async () => {
    await book(1);
    const slow = await claimed('slow');
    expect(await claim('other')).toBeNull();
    await endLeases();
    const quick = await claimed('quick');
    expect(quick).toMatchObject({ effectId: slow.effectId, tries: 2 });
    expect(await finishEffect(database.db, slow, null)).toBe(false);
    await postponeEffect(database.db, slow, 60_000, 'too late to say');
    expect(await finishEffect(database.db, quick, null)).toBe(true);
    expect(await finishEffect(database.db, quick, null)).toBe(false);
  });

  test('claimed again by the same process are another lease', async () => {
    await book(1);
    const first = await claimed('p-1');
    await endLeases();
    const second = await claimed('p-1');
    expect(await finishEffect(database.db, first, null)).toBe(false);
    expect(await finishEffect(database.db, second, null)).toBe(true);
  });

  test('that were put off are not due until then', async () => {
    await book(1);
    await postponeEffect(database.db, await claimed(), 3_600_000, 'rate limited');
    expect(await claim()).toBeNull();
    expect(await lanesWithDueWork(database.db)).not.toContainEqual(key);
    await dueNow();
    expect(await lanesWithDueWork(database.db)).toContainEqual(key);
    expect(await claimed()).toMatchObject({ tries: 2 });
  });

  test('held by a process that is gone are freed at once; what is done stays done', async () => {
    await book(1, 2);
    await finishEffect(database.db, await claimed(), null);
    const lost = await claimed();
    await releaseAllLeases(database.db);
    const again = await claimed();
    expect(again.effectId).toBe(lost.effectId);
    expect(await finishEffect(database.db, lost, null)).toBe(false);
  });
});

const look = { kind: 'issue' as const, subject: '1' };
const due = () => dueLooks(database.db, key, 10);

describe('looks', () => {
  test('asked for twice are one, in the order in which they were asked for', async () => {
    await requestLooks(database.db, key, [look, { kind: 'base', subject: '' }, look]);
    expect(await due()).toMatchObject([look, { kind: 'base', subject: '' }]);
    await requestLooks(database.db, key, []);
    await requestLooks(database.db, key, [look]);
    expect(await due()).toMatchObject([{ kind: 'base' }, look]);
  });

  test('asked for again during a reading survive the end of that reading', async () => {
    await requestLooks(database.db, key, [look]);
    const [reading] = await due();
    if (!reading) throw new Error('not due');
    await requestLooks(database.db, key, [look]);
    await finishLook(database.db, key, reading);
    const [again] = await due();
    expect(again?.ticket).toBeGreaterThan(reading.ticket);
    if (again) await finishLook(database.db, key, again);
    expect(await due()).toEqual([]);
  });

  test('put off wait with their problem, and are due at once when asked for again', async () => {
    await requestLooks(database.db, key, [look]);
    const [reading] = await due();
    if (!reading) throw new Error('not due');
    await postponeLook(database.db, key, reading, 3_600_000, 'GitHub is down');
    expect(await due()).toEqual([]);
    await requestLooks(database.db, key, [look]);
    expect(await due()).toMatchObject([{ ...look, tries: 0 }]);
    await postponeLook(database.db, key, reading, 3_600_000, 'an old reading');
    expect(await due()).toHaveLength(1);
  });
});

describe('what was seen', () => {
  test('under an older ticket, or the same one, is dropped', async () => {
    const tickets = [
      await drawTicket(database.db),
      await drawTicket(database.db),
      await drawTicket(database.db),
    ];
    const [early = 0, middle = 0, late = 0] = tickets;
    expect(early < middle && middle < late).toBe(true);
    const note = (subject: string, ticket: number) => noteSeen(database.db, key, subject, ticket);
    expect(await note('pull:1', middle)).toBe(true);
    expect(await note('pull:1', early)).toBe(false);
    expect(await note('pull:1', middle)).toBe(false);
    expect(await note('pull:1', late)).toBe(true);
    expect(await note('pull:2', early)).toBe(true);
  });

  test('is told from what was not', async () => {
    await noteSeen(database.db, key, 'comment:1:0', 1);
    const seen = await filterSeen(database.db, key, ['comment:1:0', 'comment:2:0']);
    expect([...seen]).toEqual(['comment:1:0']);
    expect([...(await filterSeen(database.db, await newLane(database.db), ['comment:1:0']))]).toEqual([]);
  });
});

/** Puts the lane in memory into the database. */
async function store(lane: LaneDriver): Promise<void> {
  const facts = lane.journal;
  const after = facts.reduce<LaneState>(fold, emptyLane);
  const step = { before: emptyLane, after, facts, effects: [], wakeAt: null };
  await withLane(database.db, key, (lock) => saveLane(lock, step));
}

const agent = 'claude';
const says = { kind: 'agent' as const, issue: 1, attempt: 1, fence: 1 };

/** Tasks 1 and 2 are assigned to the agent and their PRs are open; 1 came first. */
function assigned(): LaneDriver {
  const lane = openLane();
  lane.presence = [{ agent: 'default', worker: 'w', seenAt: new Date(lane.now + 3_000).toISOString() }];
  request(lane, 1);
  request(lane, 2, { spec: { owns: ['src/b.js'] } });
  openWork(lane, 1);
  openWork(lane, 2);
  return lane;
}

describe('workers', () => {
  test('are news when their agent was not heard of for a minute', async () => {
    expect(await notePresence(database.db, agent, 'w-1', null)).toBe(true);
    expect(await notePresence(database.db, agent, 'w-1', null)).toBe(false);
    expect(await notePresence(database.db, agent, 'w-2', null)).toBe(false);
    expect(await notePresence(database.db, 'other', 'w-1', null)).toBe(true);
    await sql`update presence set seen_at = now() - interval '61 seconds'`.execute(database.db);
    expect(await notePresence(database.db, agent, 'w-1', null)).toBe(true);
    expect((await loadForReading(database.db, key)).presence).toHaveLength(3);
    await sql`update presence set seen_at = now() - interval '2 hours' where worker = 'w-2'`.execute(
      database.db,
    );
    expect((await loadForReading(database.db, key)).presence).toHaveLength(2);
  });

  const claim = (claimId: string, of = 'default', repoIds: readonly number[] | null = null) =>
    claimAttempt(database.db, { agent: of, worker: `worker of ${claimId}`, claimId }, repoIds);
  const endAll = () => sql`update attempt set current = false`.execute(database.db);

  test('are given the oldest attempt of their agent, each another one, with a full lease', async () => {
    await store(assigned());
    expect(await claim('claim-1', 'somebody-else')).toBeNull();
    expect(await claim('claim-1', 'default', [])).toBeNull();
    const first = await claim('claim-1');
    expect(first).toMatchObject({ ...key, issue: 1, attempt: 1, fence: 1 });
    const { leases } = await loadForReading(database.db, key);
    expect(leases[1]).toBe(first?.leaseUntil);
    expect(await claim('claim-2')).toMatchObject({ issue: 2 });
    expect(await claim('claim-3')).toBeNull();
    expect(await claim('claim-1')).toMatchObject({ issue: 1 });
    expect(await takenAttempts(database.db, key)).toEqual([
      { issue: 1, attempt: 1, fence: 1, claimId: 'claim-1', worker: 'worker of claim-1' },
      { issue: 2, attempt: 1, fence: 2, claimId: 'claim-2', worker: 'worker of claim-2' },
    ]);
    await endAll();
  });

  test('that race get an attempt each, and the same claim the same one', async () => {
    await store(assigned());
    const names = ['a', 'b', 'c', 'a', 'b', 'c'];
    const got = await Promise.all(names.map((name) => claim(name)));
    const byName = new Map(names.map((name, index) => [name, got[index]?.issue ?? null]));
    expect(names.map((_, index) => got[index]?.issue ?? null)).toEqual(names.map((name) => byName.get(name)));
    expect([...byName.values()].sort()).toEqual([1, 2, null]);
    await endAll();
  });

  test('wait for nobody who holds the lane, and pass over an attempt that is just being written', async () => {
    await store(assigned());
    await withLane(database.db, key, async ({ trx }) => {
      await sql`update attempt set warned = true where fence = 1`.execute(trx);
      expect(await claim('claim-1')).toMatchObject({ issue: 2 });
      expect(await claim('claim-2')).toBeNull();
    });
    expect(await claim('claim-2')).toMatchObject({ issue: 1 });
    await endAll();
  });

  test('find what the lane has taken in already', async () => {
    const lane = assigned();
    lane.see({ ...says, issue: 2, fence: 2, word: { kind: 'claimed', claimId: 'claim-2', worker: 'w' } });
    await store(lane);
    expect(await claim('claim-2')).toMatchObject({ issue: 2 });
    expect(await takenAttempts(database.db, key)).toEqual([]);
    await endAll();
  });

  test('are not given an attempt whose PR is not open yet, or whose work is done', async () => {
    const lane = openLane();
    lane.presence = [{ agent: 'default', worker: 'w', seenAt: new Date(lane.now + 3_000).toISOString() }];
    request(lane, 1);
    await store(lane);
    expect(await claim('claim-1')).toBeNull();
    key = await newLane(database.db);
    const done = assigned();
    done.see({ ...says, word: { kind: 'claimed', claimId: 'claim-1', worker: 'w' } });
    done.see({ ...says, word: { kind: 'done', head: 'h' } });
    done.see(issue(2, { ready: false }));
    await store(done);
    expect(await claim('claim-1')).toBeNull();
  });

  test('keep their lease alive under the present fence only', async () => {
    const lane = assigned();
    lane.see({ ...says, word: { kind: 'released', reason: 'Ctrl-C' } });
    await store(lane);
    const fence = lane.task(1).attempt?.fence ?? 0;
    expect(fence).toBe(3);
    expect(await renewLease(database.db, key, 1, 1, 60_000)).toBeNull();
    expect(await renewLease(database.db, key, 2, fence, 60_000)).toBeNull();
    const until = await renewLease(database.db, key, 1, fence, 3_600_000);
    expect((await loadForReading(database.db, key)).leases[1]).toBe(until);
  });
});

describe('publishing', () => {
  test('is due for tasks that changed, until it has been done as of that change', async () => {
    const lane = assigned();
    await store(lane);
    const due = await tasksToPublish(database.db, key);
    expect(due.map((task) => task.issue)).toEqual([1, 2]);
    const seq = lane.journal.length;
    expect(due[0]?.seq).toBe(seq);
    await notePublished(database.db, key, 1, seq - 1);
    expect((await tasksToPublish(database.db, key)).map((task) => task.issue)).toEqual([1, 2]);
    await notePublished(database.db, key, 1, seq);
    await notePublished(database.db, key, 1, seq - 5);
    expect((await tasksToPublish(database.db, key)).map((task) => task.issue)).toEqual([2]);
  });
});

describe('lanes', () => {
  test('opened by many at once are one', async () => {
    const address = { installationId: 9, repoId: 77, owner: 'acme', repo: 'demo', base: 'main' };
    const opened = await Promise.all([1, 2, 3, 4].map(() => openStoredLane(database.db, address)));
    expect(new Set(opened.map((each) => each.key.laneId)).size).toBe(1);
  });

  test('are swept by one process in each interval', async () => {
    const claims = await Promise.all([1, 2, 3].map(() => claimSweep(database.db, key, 60_000)));
    expect(claims.filter(Boolean)).toHaveLength(1);
    await sql`update lane set swept_at = now() - interval '61 seconds'`.execute(database.db);
    expect(await claimSweep(database.db, key, 60_000)).toBe(true);
  });
});
