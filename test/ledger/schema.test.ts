/** `src/ledger/schema.ts` is generated from the migrated database (`npm run schema`), and must stay true. */
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { schemaTypes } from '../support/schema-types.ts';

let database: TestDatabase;

beforeEach(async () => {
  database = await testDatabase();
});

afterEach(() => database.drop());

test('the table types are those of the migrated database', async () => {
  await expect(schemaTypes(database.url, true)).resolves.toBeUndefined();
});

test.each([
  'alter table task add column mood text',
  'alter table task drop column hidden',
  'alter table lane alter column base_sha set not null',
])('the table types are no longer true after: %s', async (change) => {
  await sql.raw(change).execute(database.db);
  await expect(schemaTypes(database.url, true)).rejects.toThrow();
});
