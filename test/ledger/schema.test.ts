/** `src/ledger/schema.ts` is generated and then formatted like all other code: compared is what both would give. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type TestDatabase, testDatabase } from '../support/database.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);

let database: TestDatabase;
let folder: string;

beforeEach(async () => {
  database = await testDatabase();
  folder = await mkdtemp(join(tmpdir(), 'signalbox-schema-test-'));
});

afterEach(async () => {
  await database.drop();
  await rm(folder, { recursive: true });
});

/** The table types of the database as it is now, with the options of test/support/schema-types.ts. */
async function generated(): Promise<string> {
  const file = join(folder, 'schema.ts');
  const codegen = join(root, 'node_modules/kysely-codegen/dist/cli/bin.js');
  const options = [
    '--dialect=postgres',
    '--default-schema=public',
    '--exclude-pattern=kysely_*',
    '--date-parser=timestamp',
    '--type-mapping={"int8":"number"}',
    `--out-file=${file}`,
    `--url=${database.url}`,
  ];
  await run(process.execPath, [codegen, ...options], { cwd: root });
  const biome = join(root, 'node_modules/@biomejs/biome/bin/biome');
  await run(
    process.execPath,
    [biome, 'format', '--write', `--config-path=${root}`, '--vcs-enabled=false', file],
    {
      cwd: root,
    },
  );
  return readFile(file, 'utf8');
}

const written = () => readFile(join(root, 'src/ledger/schema.ts'), 'utf8');

test('the table types are those of the migrated database', async () => {
  expect(await generated()).toBe(await written());
});

test.each([
  'alter table task add column mood text',
  'alter table task drop column hidden',
  'alter table lane alter column base_sha set not null',
])('the table types are no longer true after: %s', async (change) => {
  await sql.raw(change).execute(database.db);
  expect(await generated()).not.toBe(await written());
});
