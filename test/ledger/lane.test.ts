import fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LaneKey } from '../../src/core/ids.ts';
import type { Fact } from '../../src/core/lane/facts.ts';
import { emptyLane, fold } from '../../src/core/lane/fold.ts';
import { replayJournal } from '../../src/core/lane/replay.ts';
import type { LaneState } from '../../src/core/lane/state.ts';
import { readJournal } from '../../src/ledger/journal.ts';
import { loadWholeLane, withLane } from '../../src/ledger/load-lane.ts';
import { ClaimRefused, saveLane } from '../../src/ledger/save-lane.ts';
import {
  finishWork,
  issue,
  type LaneDriver,
  openLane,
  queueTask,
  request,
  type Step,
} from '../core/lane-driver.ts';
import { type Action, histories, World } from '../core/lane-histories.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { advanceAt, newLane } from './lane-scene.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await testDatabase();
});

afterAll(() => database.drop());

interface Recorded extends Step {
  at: string;
  presence: LaneDriver['presence'];
  leases: LaneDriver['leases'];
}

/** Notes every step that a lane in memory takes, so that the same can be asked of the one in Postgres. */
function record(lane: LaneDriver, act: () => void): Recorded[] {
  const steps: Recorded[] = [];
  let before = { presence: lane.presence, leases: { ...lane.leases } };
  lane.watch = (step) => {
    const leases = { ...before.leases };
    steps.push({ ...step, at: lane.at, presence: lane.presence, leases });
    before = { presence: lane.presence, leases: { ...lane.leases } };
  };
  act();
  return steps;
}

function play(actions: readonly Action[]): { world: World; steps: Recorded[] } {
  const world = new World();
  const steps = record(world.lane, () => {
    world.open();
    for (const action of actions) world.act(action);
  });
  return { world, steps };
}

async function stored(key: LaneKey): Promise<LaneState> {
  return (await loadWholeLane(database.db, key)).state;
}

async function replayed(key: LaneKey): Promise<LaneState> {
  return replayJournal(await readJournal(database.db, key));
}

/** Histories with a quiet time in the middle that is long enough for a landing in most of them. */
const withALanding = fc
  .tuple(histories(30), histories(30))
  .map(([first, second]): Action[] => [
    ...first,
    { do: 'policy', which: Number.POSITIVE_INFINITY },
    { do: 'request', issue: 5, owns: ['docs/**'], dependsOn: [], held: false },
    { do: 'wait', ms: 70_000 },
    { do: 'type', issue: 5, what: 'unfreeze' },
    { do: 'stride', issue: 5, steps: 24 },
    { do: 'stride', issue: 5, steps: 24 },
    ...second,
  ]);

describe('a lane that is saved', () => {
  test('is the one that its journal tells, and the snapshot is all that decisions need', {
    timeout: 120_000,
  }, async () => {
    let landings = 0;
    await fc.assert(
      fc.asyncProperty(withALanding, async (actions) => {
        const { world, steps } = play(actions);
        const key = await newLane(database.db);
        for (const step of steps) {
          const { facts, loaded } = await advanceAt(database.db, key, step.observations, step);
          // The same facts from the part that was loaded as from the whole lane in memory.
          expect(facts).toEqual(step.facts);
          expect(loaded.leases).toMatchObject(liveLeases(step));
        }
        expect(await stored(key)).toEqual(world.lane.state);
        expect(await replayed(key)).toEqual(world.lane.state);
        const booked = await database.db
          .selectFrom('effect')
          .select('key')
          .where('lane_id', '=', key.laneId)
          .orderBy('key')
          .execute();
        expect(booked.map((row) => row.key)).toEqual(world.lane.effects.map((each) => each.key).sort());
        landings += world.lane.state.landings.length;
      }),
      { numRuns: 40, endOnFailure: true },
    );
    expect(landings).toBeGreaterThan(10);
  });
});

/** The leases that the lane in memory kept for attempts that were under way before the step. */
function liveLeases({ before, leases }: Recorded): Record<number, string> {
  return Object.fromEntries(
    Object.entries(leases).filter(([number]) => before.tasks[Number(number)]?.state === 'assigned'),
  );
}

/** Brings a lane in Postgres to where `act` brings one in memory. */
async function savedLane(act: (lane: LaneDriver) => void): Promise<{ key: LaneKey; lane: LaneDriver }> {
  const lane = openLane();
  const opened = lane.journal.slice();
  act(lane);
  const key = await newLane(database.db);
  await saveFacts(key, emptyLane, [...opened, ...lane.journal.slice(opened.length)]);
  expect(await stored(key)).toEqual(lane.state);
  return { key, lane };
}

async function saveFacts(key: LaneKey, before: LaneState, facts: readonly Fact[]): Promise<void> {
  const after = facts.reduce<LaneState>(fold, before);
  await withLane(database.db, key, (lock) =>
    saveLane(lock, { before, after, facts, effects: [], wakeAt: null }),
  );
}

const b = { spec: { owns: ['src/b.js'] } };

describe('saving', () => {
  test('a claim that another task holds is refused, and nothing of the step remains', async () => {
    const { key, lane } = await savedLane((each) => {
      request(each, 1);
      request(each, 2, b);
    });
    const before = lane.state;
    const fact: Fact = {
      kind: 'task-requested',
      issue: 3,
      spec: { ...lane.task(1).spec, owns: ['src/**'] },
      specHash: 'h',
      blockedBy: [],
      blockedElsewhere: [],
      requestedBy: 'maria',
      labelledAt: null,
      hidden: 0,
      correlationId: 'c',
      at: lane.at,
    };
    const assigned: Fact = {
      kind: 'task-assigned',
      issue: 3,
      attempt: 1,
      fence: before.nextFence,
      version: 1,
      agent: 'default',
      via: 'adopt',
      branch: 'agent/3',
      baseSha: 'base-0',
      claims: ['src/**'],
      at: lane.at,
    };
    await expect(saveFacts(key, before, [fact, assigned])).rejects.toBeInstanceOf(ClaimRefused);
    expect(await stored(key)).toEqual(before);
    expect(await replayed(key)).toEqual(before);
  });

  test('paths that one task gives back can be taken by another in the same step', async () => {
    const lane = openLane();
    request(lane, 9);
    request(lane, 1);
    const key = await newLane(database.db);
    await saveFacts(key, emptyLane, lane.journal);
    const before = lane.state;
    const facts = lane.see(issue(9, { ready: false }));
    expect(lane.task(1).claims).toEqual(['src/a.js']);
    await saveFacts(key, before, facts);
    expect(await stored(key)).toEqual(lane.state);
  });

  test('heartbeats survive later steps of the same attempt', async () => {
    const { key, lane } = await savedLane((each) => {
      each.presence = [{ agent: 'default', worker: 'w', seenAt: new Date(each.now + 3_000).toISOString() }];
      request(each, 1);
    });
    const until = '2031-01-01T00:00:00.000Z';
    await database.db
      .updateTable('attempt')
      .set({ lease_until: until })
      .where('lane_id', '=', key.laneId)
      .execute();
    const before = lane.state;
    await saveFacts(
      key,
      before,
      lane.see({ kind: 'branch-opened', issue: 1, attempt: 1, fence: 1, sha: 'opened' }),
    );
    expect((await loadWholeLane(database.db, key)).leases).toEqual({ 1: until });
  });

  test('an attempt that ended is no longer current and has no lease', async () => {
    const { key } = await savedLane((each) => {
      each.presence = [{ agent: 'default', worker: 'w', seenAt: new Date(each.now + 3_000).toISOString() }];
      request(each, 1);
      each.see(issue(1, { ready: false }));
    });
    expect((await loadWholeLane(database.db, key)).leases).toEqual({});
  });

  test('a step without facts only sets when to wake', async () => {
    const { key, lane } = await savedLane((each) => request(each, 1));
    const wakeAt = '2030-01-01T00:00:00.000Z';
    const same = { before: lane.state, after: lane.state, facts: [], effects: [], wakeAt };
    await withLane(database.db, key, (lock) => saveLane(lock, same));
    const row = await database.db
      .selectFrom('lane')
      .select(['wake_at', 'journal_seq'])
      .where('lane_id', '=', key.laneId)
      .executeTakeFirstOrThrow();
    expect(row.wake_at?.toISOString()).toBe(wakeAt);
    expect(row.journal_seq).toBe(lane.journal.length);
  });

  test('the landing of a closed lane stays out of the snapshot and in the whole', async () => {
    const { key, lane } = await savedLane((each) => {
      queueTask(each, 1);
      finishWork(each, 1);
    });
    const { loaded } = await advanceAt(database.db, key, [], { at: lane.at, presence: [], leases: {} });
    expect(loaded.seq).toBe(lane.journal.length);
    expect(loaded.state).toEqual(lane.state);
  });
});

test('the extension that guards the claims is there', async () => {
  const { rows } = await sql<{ name: string }>`select conname as name from pg_constraint
    where conname = 'claim_overlaps_no_other'`.execute(database.db);
  expect(rows).toHaveLength(1);
});
