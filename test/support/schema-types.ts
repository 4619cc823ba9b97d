/** Generates `src/ledger/schema.ts` from a migrated database, or with `--verify` says whether it is still true. */
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createDatabase, createPool } from '../../src/ledger/connect.ts';
import { startEmbeddedPostgres } from '../../src/ledger/embedded/postgres.ts';
import { migrateToLatest } from '../../src/ledger/migrate.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Runs kysely-codegen against the database; rejects with its output when `verify` finds a difference. */
export async function schemaTypes(url: string, verify: boolean): Promise<void> {
  const args = [
    '--dialect=postgres',
    '--default-schema=public',
    '--exclude-pattern=kysely_*',
    '--date-parser=timestamp',
    '--type-mapping={"int8":"number"}',
    `--out-file=${join(root, 'src/ledger/schema.ts')}`,
    `--url=${url}`,
    ...(verify ? ['--verify'] : []),
  ];
  const program = join(root, 'node_modules/kysely-codegen/dist/cli/bin.js');
  await promisify(execFile)(process.execPath, [program, ...args], { cwd: root });
}

if (import.meta.main) {
  const dir = await mkdtemp(join(tmpdir(), 'signalbox-schema-'));
  // Postgres does not run as root; whoever it runs as must reach the folder.
  await chmod(dir, 0o755);
  const postgres = await startEmbeddedPostgres({ dir, durable: false });
  const db = createDatabase(createPool(postgres.url, { max: 1, applicationName: 'schema' }));
  await migrateToLatest(db);
  await schemaTypes(postgres.url, process.argv.includes('--verify'));
  await db.destroy();
  await postgres.stop();
  await rm(dir, { recursive: true });
}
