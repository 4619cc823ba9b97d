import { readFileSync, rmSync } from 'node:fs';
import { lstat, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedPostgresFailed, hasCode } from './errors.ts';
import { identifyPostmaster, pidExists } from './processes.ts';

/** Directories for sockets are `signalbox-pg-XXXXXX` in one of {@link socketParents}. */
export const SOCKET_DIR_PREFIX = 'signalbox-pg-';

/** Where directories for sockets are made: short, and on a local file system. */
export function socketParents(): string[] {
  return [...new Set([tmpdir(), '/tmp'])];
}

/** How long a dead postmaster may keep its number until we stop expecting anyone to collect it. */
const COLLECTED_WITHIN_MS = 3_000;

/**
 * Stops a Postgres that outlived the process that started it, and removes a postmaster.pid that would stop ours
 * from starting although its process is dead: its number now belongs to another program (usual after a container
 * restart, where pids repeat), or to a zombie that is never collected (a container without an init process).
 * Postgres's own interlock does not depend on that file alone: it also finds the shared memory of old backends by
 * the data directory's inode.
 *
 * Must be called under the owner lock: that is what says that the Postgres found here is nobody's.
 *
 * @throws EmbeddedPostgresFailed when it cannot be stopped.
 */
export async function stopOrphan(data: string, log: (line: string) => void): Promise<void> {
  const pidFile = join(data, 'postmaster.pid');
  const pid = readPid(pidFile);
  if (pid === undefined) return;
  if (identifyPostmaster(pid, data) === 'postmaster') {
    log(`Postgres ${pid} still runs on ${data} although its owner is gone; stopping it`);
    await stopPostmaster(pid, data);
  }
  await waitUntil(() => identifyPostmaster(pid, data) !== 'dying', COLLECTED_WITHIN_MS);
  const left = identifyPostmaster(pid, data);
  if (left === 'other' || left === 'dying') rmSync(pidFile, { force: true });
}

async function stopPostmaster(pid: number, data: string): Promise<void> {
  const dead = () => identifyPostmaster(pid, data) !== 'postmaster';
  // Fast shutdown, then crash-like shutdown (recovery follows, nothing is lost), then the last resort.
  for (const [signal, seconds] of [
    ['SIGINT', 20],
    ['SIGQUIT', 5],
    ['SIGKILL', 5],
  ] as const) {
    send(pid, signal);
    if (await waitUntil(dead, seconds * 1000)) return;
  }
  throw new EmbeddedPostgresFailed(
    `Postgres ${pid}, left over on ${data}, could not be stopped. Stop it by hand.`,
  );
}

async function waitUntil(condition: () => boolean, ms: number): Promise<boolean> {
  const deadline = Date.now() + ms;
  while (!condition()) {
    if (Date.now() > deadline) return false;
    await sleep(20);
  }
  return true;
}

/** Removes the socket directory of an owner that was killed. The path comes from a file, so it is checked. */
export async function removeAbandonedSocketDir(socketDir: string | undefined): Promise<void> {
  if (socketDir === undefined) return;
  if (!socketParents().includes(dirname(socketDir)) || !basename(socketDir).startsWith(SOCKET_DIR_PREFIX))
    return;
  try {
    if ((await lstat(socketDir)).isDirectory()) await rm(socketDir, { recursive: true, force: true });
  } catch (error) {
    // A leftover in the temporary directory is no reason not to start.
    if (!hasCode(error, 'ENOENT', 'EACCES', 'EPERM', 'ENOTEMPTY')) throw error;
  }
}

function readPid(pidFile: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(pidFile, 'utf8'), 10);
    return pid > 1 ? pid : undefined;
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (hasCode(error, 'ESRCH') || !pidExists(pid)) return;
    throw new EmbeddedPostgresFailed(
      `Postgres ${pid}, left over from before, may not be stopped by this user.`,
      [],
      {
        cause: error,
      },
    );
  }
}
