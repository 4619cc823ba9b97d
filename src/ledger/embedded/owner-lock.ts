import { randomBytes } from 'node:crypto';
import { linkSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EmbeddedPostgresInUse, hasCode } from './errors.ts';
import { isRunning, ownMark, type ProcessMark } from './processes.ts';
import { DATABASE, socketUrl } from './socket-url.ts';

interface OwnerRecord extends ProcessMark {
  readonly released: boolean;
  readonly socketDir?: string;
}

/** The right to run Postgres on one directory; held by this process until `release` or until it dies. */
export interface OwnerLock {
  /** Where the previous owner's socket was, when it died without cleaning up. */
  readonly abandonedSocketDir: string | undefined;
  /** Writes down where the socket is, so that a successor can remove it should this process be killed. */
  noteSocketDir(socketDir: string): void;
  release(): void;
}

/**
 * Takes the lock in `directory`, at once or not at all.
 *
 * Node has no flock, and a lock file that is deleted when stale lets two processes delete each other's. So the
 * files are numbered, `owner.1`, `owner.2`, …: the highest number decides, the next is created only after the
 * highest is proven dead or released, creation is an atomic link(2) of a finished file, and the highest is never
 * deleted. Of any number of processes that see the same dead owner, one creates the next number.
 *
 * @throws EmbeddedPostgresInUse when a living process holds it.
 */
export function takeOwnerLock(directory: string): OwnerLock {
  for (;;) {
    const newest = newestNumber(directory);
    const previous = newest === 0 ? undefined : readRecord(directory, newest);
    if (previous === 'vanished') continue;
    if (previous !== undefined && !previous.released && isRunning(previous)) {
      const { pid, socketDir } = previous;
      throw new EmbeddedPostgresInUse(pid, directory, socketDir ? socketUrl(socketDir, DATABASE) : null);
    }
    const mine = newest + 1;
    const record: OwnerRecord = { ...ownMark(), released: false };
    if (!createRecord(directory, mine, record)) continue;
    if (newestNumber(directory) !== mine) {
      // We were so slow that others came and went: our number was free again, but no longer the highest.
      rmSync(recordPath(directory, mine), { force: true });
      continue;
    }
    removeOlder(directory, mine);
    return heldLock(directory, mine, record, previous);
  }
}

function heldLock(
  directory: string,
  number: number,
  record: OwnerRecord,
  previous: OwnerRecord | undefined,
): OwnerLock {
  let current = record;
  const update = (change: Partial<OwnerRecord>) => {
    current = { ...current, ...change };
    const draft = writeDraft(directory, current);
    renameSync(draft, recordPath(directory, number));
  };
  return {
    abandonedSocketDir: previous?.released === false ? previous.socketDir : undefined,
    noteSocketDir: (socketDir) => update({ socketDir }),
    release: () => {
      try {
        update({ released: true });
      } catch (error) {
        // Someone deleted the whole directory under us: nothing is left to be given free.
        if (!hasCode(error, 'ENOENT')) throw error;
      }
    },
  };
}

function recordPath(directory: string, number: number): string {
  return join(directory, `owner.${number}`);
}

function newestNumber(directory: string): number {
  let newest = 0;
  for (const name of readdirSync(directory)) {
    const number = /^owner\.(\d+)$/.exec(name)?.[1];
    if (number !== undefined) newest = Math.max(newest, Number(number));
  }
  return newest;
}

function readRecord(directory: string, number: number): OwnerRecord | 'vanished' | undefined {
  let text: string;
  try {
    text = readFileSync(recordPath(directory, number), 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return 'vanished';
    throw error;
  }
  try {
    return JSON.parse(text) as OwnerRecord;
  } catch {
    // Records appear complete or not at all, so a damaged one was damaged by a power loss: its owner is dead.
    return undefined;
  }
}

function createRecord(directory: string, number: number, record: OwnerRecord): boolean {
  const draft = writeDraft(directory, record);
  try {
    linkSync(draft, recordPath(directory, number));
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function writeDraft(directory: string, record: OwnerRecord): string {
  const draft = join(directory, `owner-draft.${process.pid}.${randomBytes(4).toString('hex')}`);
  writeFileSync(draft, `${JSON.stringify(record)}\n`, { flag: 'wx', mode: 0o644 });
  return draft;
}

function removeOlder(directory: string, mine: number): void {
  for (const name of readdirSync(directory)) {
    const number = /^owner\.(\d+)$/.exec(name)?.[1];
    if (number !== undefined && Number(number) < mine) rmSync(join(directory, name), { force: true });
  }
}
