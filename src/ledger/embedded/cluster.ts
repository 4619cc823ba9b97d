import { randomBytes } from 'node:crypto';
import { chown, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Binaries } from './binaries.ts';
import { EmbeddedPostgresFailed, hasCode } from './errors.ts';
import { settledWithin, startGuarded } from './guarded-program.ts';
import { type Place, writePointer } from './place.ts';
import type { ServerLog } from './server-log.ts';

/** The superuser of every embedded database; it has no password, the socket's directory is the door. */
export const DATABASE_USER = 'signalbox';

const INITDB_DEADLINE_MS = 180_000;

/**
 * Makes sure `place.data` holds a complete database cluster of the programs' major version. The cluster is made in
 * a directory beside it and renamed, so a kill at any moment leaves either no `data` or a complete one.
 *
 * Must be called under the owner lock.
 *
 * @throws EmbeddedPostgresFailed when initdb fails, or the data was made by another major version.
 */
export async function ensureCluster(
  place: Place,
  binaries: Binaries,
  how: { durable: boolean; serverLog: ServerLog; log: (line: string) => void },
): Promise<void> {
  await removeDrafts(place.root);
  const found = await readMajor(place.data);
  if (found === undefined) {
    await setAside(place, how.log);
    await createCluster(place, binaries, how);
  } else if (found !== String(binaries.major)) {
    throw new EmbeddedPostgresFailed(
      `The database in ${place.data} was made by Postgres ${found}, and the programs here are Postgres ` +
        `${binaries.major}. Neither was touched. Dump it with Postgres ${found} (pg_dump) and restore it into a new ` +
        'SIGNALBOX_DATA directory, or set DATABASE_URL.',
    );
  }
  await writePointer(place);
}

async function createCluster(
  place: Place,
  binaries: Binaries,
  how: { durable: boolean; serverLog: ServerLog },
): Promise<void> {
  const draft = join(place.root, `data-draft-${randomBytes(4).toString('hex')}`);
  await mkdir(draft, { mode: 0o700 });
  if (place.account) await chown(draft, place.account.uid, place.account.gid);
  const args = ['-D', draft, '-U', DATABASE_USER, '-E', 'UTF8', '--locale=C', '--auth=trust'];
  // Without -N, initdb ends by syncing everything it wrote.
  if (!how.durable) args.push('-N');
  how.serverLog.mark();
  const running = startGuarded(binaries.initdb, args, {
    account: place.account,
    logFile: how.serverLog.file,
  });
  if (!(await settledWithin(running.ended, INITDB_DEADLINE_MS))) running.kill('SIGKILL');
  const { code, signal } = await running.ended;
  if (code !== 0) {
    await rm(draft, { recursive: true, force: true });
    throw new EmbeddedPostgresFailed(
      `initdb failed with ${signal ?? `exit code ${code}`} making a database in ${place.root}.`,
      how.serverLog.tail(),
    );
  }
  await rename(draft, place.data);
  if (how.durable) await syncDirectory(place.root);
}

/** What a start that was killed in the middle left behind. */
async function removeDrafts(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    if (/^(data-draft-|owner-draft\.)/.test(name)) {
      // An interrupted initdb may still be writing for a moment.
      await rm(join(root, name), { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
    }
  }
}

/**
 * A `data` directory without PG_VERSION is not one we made. It is moved and not deleted: someone may have put
 * something of value there, or lost only that one file.
 */
async function setAside(place: Place, log: (line: string) => void): Promise<void> {
  const aside = join(place.root, `data-incomplete-${new Date().toISOString().replace(/[:.]/g, '-')}`);
  try {
    await rename(place.data, aside);
    log(`${place.data} held no complete database; moved to ${aside}`);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
}

async function readMajor(data: string): Promise<string | undefined> {
  try {
    return (await readFile(join(data, 'PG_VERSION'), 'utf8')).trim();
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
