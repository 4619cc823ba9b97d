/** What the database refuses by itself, whatever the code above it believes. */
import fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { LaneKey } from '../../src/core/ids.ts';
import { emptyLane, fold } from '../../src/core/lane/fold.ts';
import type { LaneState } from '../../src/core/lane/state.ts';
import { minimalSubtrees, overlap } from '../../src/core/task/patterns.ts';
import { withLane } from '../../src/ledger/load-lane.ts';
import { saveLane } from '../../src/ledger/save-lane.ts';
import { type LaneDriver, makeCandidate, openLane, queueTask, request } from '../core/lane-driver.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { newLane } from './lane-scene.ts';

let database: TestDatabase;
let lane: LaneDriver;
let key: LaneKey;

beforeAll(async () => {
  database = await testDatabase();
});

afterAll(() => database.drop());

/** Eight tasks, the first one queued with a candidate under test. Nobody but it owns anything. */
beforeEach(async () => {
  lane = openLane();
  queueTask(lane, 1, { spec: { owns: ['owned/by/one.js'] } });
  makeCandidate(lane);
  for (const number of [2, 3, 4, 5, 6, 7, 8])
    request(lane, number, { held: true, spec: { owns: [`held/${number}`] } });
  key = await newLane(database.db);
  const facts = lane.journal;
  const after = facts.reduce<LaneState>(fold, emptyLane);
  await withLane(database.db, key, (lock) =>
    saveLane(lock, { before: emptyLane, after, facts, effects: [], wakeAt: null }),
  );
});

const ids = () => ({ installation_id: key.installationId, lane_id: key.laneId });

async function claim(issue: number, path: string, where: LaneKey = key): Promise<void> {
  await database.db
    .insertInto('claim')
    .values({ installation_id: where.installationId, lane_id: where.laneId, issue, fence: 1, path })
    .execute();
}

const refusal = (constraint: string) => expect.objectContaining({ constraint });

describe('claims', () => {
  test.each([
    { first: 'src', second: 'src' },
    { first: 'src', second: 'src/a.js' },
    { first: 'src/a.js', second: 'src' },
    { first: '', second: 'anything' },
    { first: 'docs/deep/er', second: 'docs' },
  ])('"$second" is refused while another task owns "$first"', async ({ first, second }) => {
    await sql`delete from claim where lane_id = ${key.laneId}`.execute(database.db);
    await claim(2, first);
    await expect(claim(3, second)).rejects.toEqual(refusal('claim_overlaps_no_other'));
  });

  test.each([
    { first: 'src/a.js', second: 'src/a.json' },
    { first: 'src', second: 'src-two' },
    { first: 'src', second: 'src.ts' },
    { first: 'a/b', second: 'a/c' },
  ])('"$second" is taken beside "$first"', async ({ first, second }) => {
    await claim(2, first);
    await claim(3, second);
  });

  test('that were given back stand in nobody’s way, and other lanes do not either', async () => {
    await claim(2, 'src');
    await sql`update claim set active = false where lane_id = ${key.laneId} and issue = 2`.execute(
      database.db,
    );
    await claim(3, 'src/a.js');
    await expect(claim(4, 'src')).rejects.toEqual(refusal('claim_overlaps_no_other'));
  });

  test.each(['../x', 'a/../b', './a', 'a//b', '/a', 'a/'])('the path "%s" is none', async (path) => {
    await expect(claim(2, path)).rejects.toMatchObject({ code: '23514' });
  });

  test('are refused exactly where overlap() finds something', async () => {
    const pattern = fc.constantFrom(
      'a',
      'a/**',
      'a/b',
      'a/b.js',
      'A/b',
      'a-b',
      'b/*.ts',
      '**',
      'c/{x,y}/z',
      'c/x',
      'c',
    );
    await fc.assert(
      fc.asyncProperty(pattern, pattern, async (one, other) => {
        await sql`delete from claim where lane_id = ${key.laneId}`.execute(database.db);
        for (const path of minimalSubtrees([one])) await claim(2, path);
        const attempts = await Promise.allSettled(minimalSubtrees([other]).map((path) => claim(3, path)));
        const refused = attempts.some((attempt) => attempt.status === 'rejected');
        expect(refused).toBe(overlap([one], [other]).length > 0);
      }),
      { numRuns: 80, endOnFailure: true },
    );
  });
});

describe('the journal', () => {
  test.each(['update journal set kind = kind', 'delete from journal', 'truncate journal'])(
    'refuses: %s',
    async (text) => {
      await expect(sql.raw(text).execute(database.db)).rejects.toThrow('the journal is append-only');
    },
  );

  test('has no two facts with one number', async () => {
    const row = { ...ids(), seq: 1, at: lane.at, kind: 'base-moved', fact: '{}' };
    await expect(database.db.insertInto('journal').values(row).execute()).rejects.toEqual(
      refusal('journal_pkey'),
    );
  });
});

describe('a landing', () => {
  const landing = (tree: string) => ({
    ...ids(),
    build: 1,
    sha: 'candidate-1',
    tree,
    tested_sha: 'candidate-1',
    tested_tree: 'tree-1',
    entries: '[]',
    landed_at: lane.at,
  });

  test('of a tree that was not tested is refused', async () => {
    const insert = database.db.insertInto('landing').values(landing('another-tree')).execute();
    await expect(insert).rejects.toEqual(refusal('landed_tree_was_tested'));
  });

  test('happens once for a build, and only for a build that exists', async () => {
    await database.db.insertInto('landing').values(landing('tree-1')).execute();
    const again = database.db.insertInto('landing').values(landing('tree-1')).execute();
    await expect(again).rejects.toEqual(refusal('landing_pkey'));
    const unknown = database.db
      .insertInto('landing')
      .values({ ...landing('tree-1'), build: 99 })
      .execute();
    await expect(unknown).rejects.toMatchObject({ code: '23503' });
  });
});

describe('there is only one', () => {
  test('landing at a time in a lane', async () => {
    const row = { ...ids(), base_sha: 'b', entries: '[]', checks: '[]', started_at: lane.at };
    const start = (number: number, state: string) =>
      database.db
        .insertInto('build')
        .values({ ...row, number, state })
        .execute();
    await start(2, 'testing');
    await start(3, 'landing');
    await expect(start(4, 'landing')).rejects.toEqual(refusal('build_landing'));
  });

  test('current attempt of a task', async () => {
    const row = {
      ...ids(),
      issue: 1,
      number: 2,
      version: 1,
      agent: 'default',
      via: 'adopt',
      branch: 'agent/1',
      base_sha: 'b',
      assigned_at: lane.at,
    };
    await database.db
      .insertInto('attempt')
      .values({ ...row, fence: 98, current: false })
      .execute();
    const second = database.db
      .insertInto('attempt')
      .values({ ...row, fence: 99, current: true })
      .execute();
    await expect(second).rejects.toEqual(refusal('attempt_current'));
  });

  test('lane of a repository and base branch', async () => {
    const twice = sql`insert into lane (installation_id, repo_id, owner, repo, base)
      select installation_id, repo_id, 'x', 'y', base from lane where lane_id = ${key.laneId}`.execute(
      database.db,
    );
    await expect(twice).rejects.toMatchObject({ code: '23505' });
  });
});
