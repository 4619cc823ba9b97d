import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { hasCode } from './errors.ts';

/**
 * One process, not merely one number: `started` tells apart two processes that got the same pid, also across
 * reboots. Opaque text; compare only for equality.
 */
export interface ProcessMark {
  readonly pid: number;
  readonly started: string;
}

type Look = { state: 'gone' } | { state: 'hidden' } | { state: 'running'; started: string };

/** The mark of the calling process. */
export function ownMark(): ProcessMark {
  const look = lookAt(process.pid);
  return { pid: process.pid, started: look.state === 'running' ? look.started : 'unknown' };
}

/**
 * Whether the marked process still runs. A zombie does not: in a container without an init process a killed one
 * may never be reaped. Where the system hides other users' processes, an existing pid counts as running.
 */
export function isRunning(mark: ProcessMark): boolean {
  const look = lookAt(mark.pid);
  if (look.state === 'running') return mark.started === 'unknown' || look.started === mark.started;
  return look.state === 'hidden';
}

/** Whether some process (not a zombie) has this pid. */
export function pidExists(pid: number): boolean {
  return lookAt(pid).state !== 'gone';
}

/**
 * What runs under `pid`: the postmaster of `dataDir`, a process that is dead but still has its number (exiting, or
 * a zombie that nobody has collected), some other program, or nothing. `unknown` where the system does not let us
 * see. Read from the command line, which a container's root may read although it may not follow another user's
 * /proc/<pid>/cwd.
 */
export function identifyPostmaster(
  pid: number,
  dataDir: string,
): 'postmaster' | 'dying' | 'other' | 'none' | 'unknown' {
  if (!pidExists(pid)) return isTaken(pid) ? 'dying' : 'none';
  const args = commandLine(pid);
  if (args === undefined) return 'unknown';
  // A process that has given back its memory, the first thing that exiting does, shows an empty command line.
  if (args.every((arg) => arg === '')) return 'dying';
  const isPostgres = basename(args[0] ?? '') === 'postgres';
  return isPostgres && args.includes(dataDir) ? 'postmaster' : 'other';
}

/** Whether the number is taken, as the kernel and with it Postgres sees it: a zombie counts. */
function isTaken(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It exists, but belongs to someone else.
    return hasCode(error, 'EPERM');
  }
}

function lookAt(pid: number): Look {
  if (!isTaken(pid)) return { state: 'gone' };
  return process.platform === 'linux' ? lookInProc(pid) : askPs(pid);
}

function lookInProc(pid: number): Look {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses and may itself contain spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return { state: 'gone' };
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return { state: 'running', started: `${boot}:${fields[19] ?? ''}` };
  } catch (error) {
    // ESRCH: it ended between the two system calls. ENOENT after a successful kill(0): hidepid, or just ended.
    if (hasCode(error, 'ESRCH')) return { state: 'gone' };
    return { state: 'hidden' };
  }
}

function askPs(pid: number): Look {
  const line = ps(pid, 'stat=,lstart=');
  if (line === undefined || line.startsWith('Z')) return { state: 'gone' };
  return { state: 'running', started: line.replace(/^\S+\s+/, '') };
}

function commandLine(pid: number): string[] | undefined {
  if (process.platform !== 'linux') return ps(pid, 'command=')?.split(' ');
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ESRCH', 'EACCES', 'EPERM')) return undefined;
    throw error;
  }
}

function ps(pid: number, columns: string): string | undefined {
  try {
    const env = { PATH: '/bin:/usr/bin', LC_ALL: 'C' };
    return (
      execFileSync('ps', ['-o', columns, '-p', String(pid)], { encoding: 'utf8', env }).trim() || undefined
    );
  } catch {
    // ps exits with 1 when there is no such process.
    return undefined;
  }
}
