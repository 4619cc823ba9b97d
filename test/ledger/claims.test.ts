/** Claims on a real Postgres, raced for through the functions that the ledger itself uses. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LaneKey } from '../../src/core/ids.ts';
import { emptyLane, fold } from '../../src/core/lane/fold.ts';
import type { LaneState } from '../../src/core/lane/state.ts';
import { giveBackClaims, takeClaims } from '../../src/ledger/claims.ts';
import { withLane } from '../../src/ledger/load-lane.ts';
import { saveLane } from '../../src/ledger/save-lane.ts';
import { openLane, request } from '../core/lane-driver.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { runRaces } from './claim-races.ts';
import { newLane } from './lane-scene.ts';

const claimers = [1, 2, 3, 4, 5, 6, 7, 8];
/** `npm run bench:claims` runs 10,000. */
const races = Number(process.env.SIGNALBOX_TEST_RACES ?? 1_000);

let database: TestDatabase;
let key: LaneKey;

beforeAll(async () => {
  database = await testDatabase();
  const lane = openLane();
  for (const issue of claimers) request(lane, issue, { held: true, spec: { owns: [`held/${issue}`] } });
  key = await newLane(database.db);
  const after = lane.journal.reduce<LaneState>(fold, emptyLane);
  const step = { before: emptyLane, after, facts: lane.journal, effects: [], wakeAt: null };
  await withLane(database.db, key, (lock) => saveLane(lock, step));
});

afterAll(() => database.drop());

test(`in ${races} races of eight no path is won twice`, { timeout: 600_000 }, async () => {
  const outcome = await runRaces(database.db, key, claimers, races);
  expect(outcome).toMatchObject({ doubleWins: 0, differing: 0 });
  expect(outcome.won).toBeGreaterThan(races);
  expect(outcome.lost).toBeGreaterThan(races);
});

test('a claim changes by what differs: what stays is not given up for a moment', async () => {
  const claimer = { key, issue: 1, fence: 1 };
  const paths = async () => {
    const rows = await database.db.selectFrom('claim').select(['claim_id', 'path', 'active']).execute();
    return rows.filter((row) => row.active).map((row) => [row.path, row.claim_id] as const);
  };
  await database.db.transaction().execute(async (trx) => {
    expect(await takeClaims(trx, claimer, [], ['src/**', 'docs/a.md'])).toBe(true);
  });
  const before = new Map(await paths());
  await database.db.transaction().execute(async (trx) => {
    await giveBackClaims(trx, claimer, ['src/**', 'docs/a.md'], ['src/**', 'lib']);
    expect(await takeClaims(trx, claimer, ['src/**', 'docs/a.md'], ['src/**', 'lib'])).toBe(true);
  });
  const after = new Map(await paths());
  expect([...after.keys()].sort()).toEqual(['lib', 'src']);
  expect(after.get('src')).toBe(before.get('src'));
});
