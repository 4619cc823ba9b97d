/** What pages and programs are shown of lanes that share a name. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openLane, pauseLane } from '../../src/ledger/lanes.ts';
import { readLaneViews, readRevision } from '../../src/ledger/views.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { advanceAt } from './lane-scene.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await testDatabase();
});

afterAll(() => database.drop());

/** A lane of `acme/app` under an installation, with as many facts as names were read. */
async function open(installationId: number, bases: readonly string[]) {
  const address = { installationId, repoId: 1, owner: 'acme', repo: 'app', base: 'main' };
  const { key } = await openLane(database.db, address);
  const moment = { at: '2026-01-01T00:00:00.000Z', presence: [], leases: {} };
  await advanceAt(database.db, key, [{ kind: 'lane', owner: 'acme', repo: 'app', base: 'main' }], moment);
  for (const sha of bases) await advanceAt(database.db, key, [{ kind: 'base', sha }], moment);
  return key;
}

test('where the App was removed and installed again, the lane that runs is the one that is shown', async () => {
  const before = await open(1, ['a']);
  expect(await readRevision(database.db, 'acme', 'app', 'main')).toBe(2);
  await pauseLane(database.db, before, 'the App was removed');
  expect(await readLaneViews(database.db)).toHaveLength(1);

  await open(2, ['a', 'b']);
  expect((await readLaneViews(database.db)).map(({ baseSha }) => baseSha)).toEqual(['b']);
  expect(await readRevision(database.db, 'acme', 'app', 'main')).toBe(3);
});
