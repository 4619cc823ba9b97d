import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  claimDeliveries,
  countOpenDeliveries,
  finishDeliveries,
  noteDeliveryProblem,
  recordDeliveries,
} from '../../src/ledger/deliveries.ts';
import { releaseAllLeases } from '../../src/ledger/effects.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';

let database: TestDatabase;

beforeEach(async () => {
  database = await testDatabase();
});

afterEach(() => database.drop());

const delivery = (guid: string, payload = '{}') => ({ guid, event: 'issues', payload });

/** Records deliveries one after another, each received a second after the one before. */
async function receive(...guids: string[]): Promise<void> {
  await recordDeliveries(
    database.db,
    guids.map((guid) => delivery(guid)),
  );
  for (const [index, guid] of guids.entries()) {
    await sql`update delivery set received_at = '2026-01-01'::timestamptz + make_interval(secs => ${index})
      where guid = ${guid}`.execute(database.db);
  }
}

const claim = async (limit = 10) => (await claimDeliveries(database.db, limit)).map((each) => each.guid);

const endLeases = () =>
  sql`update delivery set lease_until = now() - interval '1 second'`.execute(database.db);

describe('deliveries', () => {
  test('are recorded once, and the first body counts', async () => {
    await recordDeliveries(database.db, [delivery('g-1', 'first')]);
    await recordDeliveries(database.db, [delivery('g-1', 'second'), delivery('g-2')]);
    expect(await claimDeliveries(database.db, 10)).toMatchObject([
      { guid: 'g-1', payload: 'first' },
      { guid: 'g-2' },
    ]);
  });

  test('with one GUID twice in a batch are recorded once', async () => {
    await recordDeliveries(database.db, [delivery('g-1', 'first'), delivery('g-1', 'second')]);
    expect(await claimDeliveries(database.db, 10)).toHaveLength(1);
  });

  test('an empty batch is no problem', async () => {
    await recordDeliveries(database.db, []);
    expect(await claim()).toEqual([]);
  });

  test('keep their body to the byte', async () => {
    const payload = '{"title":"Ünï\\u0000cöde \\"quoted\\" {a,b} NULL","n":1.0}';
    await recordDeliveries(database.db, [delivery('g-1', payload)]);
    expect(await claimDeliveries(database.db, 1)).toMatchObject([{ payload, event: 'issues' }]);
  });

  test('are claimed in the order in which they came, no more than asked for', async () => {
    await receive('c', 'a', 'b');
    expect(await claim(2)).toEqual(['c', 'a']);
    expect(await claim(2)).toEqual(['b']);
  });

  test('that somebody holds are not claimed by another', async () => {
    await receive('a', 'b', 'c', 'd');
    const claimed = (await Promise.all([claim(2), claim(2), claim(2)])).flat();
    expect(claimed.sort()).toEqual(['a', 'b', 'c', 'd']);
  });

  test('that are finished never come back, whether sent again or not', async () => {
    await receive('a');
    await claim();
    await finishDeliveries(database.db, ['a']);
    await endLeases();
    await recordDeliveries(database.db, [delivery('a')]);
    await releaseAllLeases(database.db);
    expect(await claim()).toEqual([]);
    expect(await countOpenDeliveries(database.db)).toBe(0);
  });

  test('that nobody finished are claimed again when their lease has ended, and not before', async () => {
    await receive('a');
    await claim();
    expect(await claim()).toEqual([]);
    await endLeases();
    expect(await claim()).toEqual(['a']);
  });

  test('are freed at once when the process that held them is known to be gone', async () => {
    await receive('a');
    await claim();
    await releaseAllLeases(database.db);
    expect(await claim()).toEqual(['a']);
  });

  test('are left alone after five tries, with their problem on record', async () => {
    await receive('a', 'b');
    for (let tries = 0; tries < 5; tries++) {
      expect(await claim(1)).toEqual(['a']);
      await noteDeliveryProblem(database.db, 'a', `problem ${tries}`);
      await endLeases();
    }
    expect(await claim()).toEqual(['b']);
    expect(await countOpenDeliveries(database.db)).toBe(1);
    const row = await database.db
      .selectFrom('delivery')
      .selectAll()
      .where('guid', '=', 'a')
      .executeTakeFirstOrThrow();
    expect(row).toMatchObject({ problem: 'problem 4', processed_at: null });
  });
});
