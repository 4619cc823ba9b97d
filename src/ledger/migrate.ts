import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Kysely, sql } from 'kysely';
import { type Migration, type MigrationProvider, Migrator } from 'kysely/migration';

const MIGRATIONS = fileURLToPath(new URL('../../migrations/', import.meta.url));
const MIGRATION_FILE = /^(\d{4}-[a-z0-9-]+)\.ts$/;

/** A migration failed, or the database's history does not match the files. `migration` names it where one is to blame. */
export class MigrationFailed extends Error {
  override readonly name = 'MigrationFailed';
  readonly migration: string | undefined;

  constructor(migration: string | undefined, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(migration ? `Migration ${migration} failed: ${reason}` : `Migrating failed: ${reason}`, { cause });
    this.migration = migration;
  }
}

/**
 * Applies every migration not yet applied, in the order of their names, all in one transaction: all or none.
 * Forward only. Any number of processes may call it at once; a Postgres advisory lock lets them through one by one,
 * and the later ones find nothing to do.
 *
 * @param folder an absolute path; default the repository's migrations/, wherever the process was started.
 * @returns the names applied by this call, without ".ts".
 * @throws MigrationFailed
 */
export async function migrateToLatest<DB>(
  db: Kysely<DB>,
  folder: string = MIGRATIONS,
): Promise<{ applied: string[] }> {
  return db.connection().execute(async (connection) => {
    // Both waiting for another replica's migrations and a migration itself may take longer than a query may.
    await sql`set statement_timeout = 0`.execute(connection);
    try {
      const migrator = new Migrator({ db: connection, provider: migrationsIn(folder) });
      const { error, results = [] } = await migrator.migrateToLatest();
      if (error !== undefined) {
        throw new MigrationFailed(results.find((r) => r.status === 'Error')?.migrationName, error);
      }
      return { applied: results.map((result) => result.migrationName) };
    } finally {
      await sql`reset statement_timeout`.execute(connection);
    }
  });
}

/** The names of the migrations this database still lacks, in order. Changes nothing. */
export async function pendingMigrations<DB>(db: Kysely<DB>, folder: string = MIGRATIONS): Promise<string[]> {
  const migrations = await new Migrator({ db, provider: migrationsIn(folder) }).getMigrations();
  return migrations.filter((migration) => !migration.executedAt).map((migration) => migration.name);
}

function migrationsIn(folder: string): MigrationProvider {
  return {
    getMigrations: async () => {
      const migrations: Record<string, Migration> = {};
      for (const file of (await readdir(folder)).sort()) {
        const name = MIGRATION_FILE.exec(file)?.[1];
        if (name) migrations[name] = await load(name, join(folder, file));
        else if (/\.[cm]?[jt]s$/.test(file)) throw misnamed(file);
      }
      return migrations;
    },
  };
}

async function load(name: string, path: string): Promise<Migration> {
  const loaded = (await import(/* @vite-ignore */ pathToFileURL(path).href).catch((error: unknown) => {
    throw new MigrationFailed(name, error);
  })) as Partial<Migration>;
  const { up } = loaded;
  if (typeof up !== 'function') throw new MigrationFailed(name, new Error('it exports no function "up"'));
  // Only `up`: forward only, whatever the file exports.
  return { up: (db) => up(db) };
}

/** A file that does not match would otherwise be left out silently. */
function misnamed(file: string): MigrationFailed {
  return new MigrationFailed(file, new Error('its name is not of the form 0001-what-it-does.ts'));
}
