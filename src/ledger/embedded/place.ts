import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { chmod, lstat, mkdir, readFile, realpath, rename, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Account, canEnter, isRoot, unprivilegedAccount } from './account.ts';
import { EmbeddedPostgresFailed, hasCode } from './errors.ts';

/** Where one database lives and who runs it. */
export interface Place {
  /** The requested directory, links resolved. */
  readonly requested: string;
  /** Holds `data`, the log, the lock and, if needed, a copy of the programs. Often the same as `requested`. */
  readonly root: string;
  readonly data: string;
  /** Undefined: run as ourselves. */
  readonly account: Account | undefined;
}

const POINTER = 'LOCATION';

/**
 * Decides where the database for `dir` lives: in `dir` itself, or, when we are root and the unprivileged account
 * cannot enter `dir` (/root is 0700), in /var/lib/signalbox/<hash>. A database that exists is always found again:
 * first by the pointer file in `dir`, then by looking at both places.
 *
 * @throws EmbeddedPostgresFailed when an existing database is there but cannot be used by this user.
 */
export async function choosePlace(dir: string): Promise<Place> {
  const requested = await makeDirectory(dir);
  const pointed = await readPointer(requested);
  const candidates = pointed ? [pointed] : await candidateRoots(requested);
  for (const root of candidates) {
    if (holdsDatabase(root)) return existingPlace(requested, root);
  }
  if (pointed) {
    throw new EmbeddedPostgresFailed(
      `${join(requested, POINTER)} says the database is in ${pointed}, but there is none. If it is lost on ` +
        `purpose, delete ${join(requested, POINTER)} to start with an empty database.`,
    );
  }
  if (!isRoot()) return { requested, root: requested, data: join(requested, 'data'), account: undefined };
  const account = await unprivilegedAccount();
  for (const root of candidates) {
    if (!(await tryMakeEnterable(root, root === requested))) continue;
    if (await canEnter(account, root)) return { requested, root, data: join(root, 'data'), account };
  }
  throw new EmbeddedPostgresFailed(
    `Postgres does not run as root, and user ${account.uid} cannot enter any of: ${candidates.join(', ')}. ` +
      'Make one of them enterable (chmod a+x on it and its parents), or set DATABASE_URL.',
  );
}

/** Leaves a note in the requested directory saying where the database really is. Called once the data exists. */
export async function writePointer(place: Place): Promise<void> {
  if (place.root === place.requested || (await readPointer(place.requested))) return;
  const text =
    `${place.root}\n\n` +
    'Signalbox keeps its database in the directory above: it ran as root, and the unprivileged user that runs\n' +
    'Postgres could not enter this one. Do not delete this file unless you want an empty database.\n';
  const draft = join(place.requested, `${POINTER}.draft`);
  await writeFile(draft, text);
  await rename(draft, join(place.requested, POINTER));
}

/** Another user's data is 0700, so that an ordinary user cannot look inside: that there is one must do. */
function holdsDatabase(root: string): boolean {
  const data = statSync(join(root, 'data'), { throwIfNoEntry: false });
  if (!data?.isDirectory()) return false;
  const closed = !isRoot() && data.uid !== process.getuid?.();
  return closed || existsSync(join(root, 'data', 'PG_VERSION'));
}

async function existingPlace(requested: string, root: string): Promise<Place> {
  const data = join(root, 'data');
  const { uid, gid } = await stat(data);
  if (!isRoot()) {
    if (uid === process.getuid?.()) return { requested, root, data, account: undefined };
    throw new EmbeddedPostgresFailed(
      `The database in ${data} belongs to user ${uid}, and this process is user ${process.getuid?.()}. Run it ` +
        'as that user or as root, or choose another SIGNALBOX_DATA directory or DATABASE_URL.',
    );
  }
  const account = { uid, gid };
  if (uid === 0 || !(await canEnter(account, data))) {
    throw new EmbeddedPostgresFailed(
      `There is a database in ${data}, but user ${uid} cannot run Postgres on it: ` +
        `${uid === 0 ? 'Postgres refuses to run as root' : 'a parent directory cannot be entered'}. ` +
        'Correct its owner or the permissions of its parents, or set DATABASE_URL.',
    );
  }
  return { requested, root, data, account };
}

async function candidateRoots(requested: string): Promise<string[]> {
  if (!isRoot()) return [requested];
  const key = createHash('sha256').update(requested).digest('hex').slice(0, 16);
  // The last one may not survive a reboot; it serves containers whose /var/lib is read-only.
  const elsewhere = ['/var/lib/signalbox', join(tmpdir(), 'signalbox'), '/tmp/signalbox'];
  return [requested, ...elsewhere.map((parent) => join(parent, key))];
}

async function makeDirectory(dir: string): Promise<string> {
  const created = await mkdir(dir, { recursive: true });
  // Under a strict umask our own new directory would be one the account cannot enter.
  if (created !== undefined && isRoot()) await chmod(dir, 0o755);
  return realpath(dir);
}

/** Makes a fallback directory of root's own; false where that is impossible or someone else was there first. */
async function tryMakeEnterable(root: string, isRequested: boolean): Promise<boolean> {
  if (isRequested) return true;
  try {
    for (const directory of [join(root, '..'), root]) {
      await mkdir(directory, { recursive: true });
      const found = await lstat(directory);
      if (!found.isDirectory() || found.uid !== 0) return false;
      await chmod(directory, 0o755);
    }
    return true;
  } catch (error) {
    if (hasCode(error, 'EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENOSPC')) return false;
    throw error;
  }
}

async function readPointer(requested: string): Promise<string | undefined> {
  try {
    return (await readFile(join(requested, POINTER), 'utf8')).split('\n')[0]?.trim() || undefined;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}
