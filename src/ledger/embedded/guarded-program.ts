import { type ChildProcess, spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import { type Account, PROGRAM_ENVIRONMENT } from './account.ts';

/**
 * `$$` becomes the program itself (exec), so its exit is seen by us directly. The guard is a grandchild (Postgres
 * must not find a child it did not fork) that reads a pipe whose other end only we hold: when we die, however we
 * die, the kernel closes it, the read ends and the guard interrupts the program. Chosen over `setpriv
 * --pdeathsig`, which is Linux only, absent from small images, misses a parent that dies before it is set, and
 * fires when the *thread* that started the program ends. "done" means the program has already ended, so its pid
 * may belong to someone else by now.
 */
const GUARD = `
( (
  trap '' INT TERM HUP
  while read -r word <&3; do [ "$word" = done ] && exit 0; done
  kill -INT $$
) & )
exec 3<&-
exec "$@"
`;

/** How a guarded program ended; exactly one of the two is set. */
interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A program that is interrupted (SIGINT) when this process ends, even by SIGKILL. */
export interface GuardedProgram {
  readonly pid: number | undefined;
  /** Settles when the program ends; rejects when it could not be started at all. */
  readonly ended: Promise<Ending>;
  /** Sends a signal; does nothing once the program has ended. */
  kill(signal: NodeJS.Signals): void;
}

/**
 * Starts `file` as `account` in a session of its own, so that Ctrl-C in a terminal reaches us first and we stop it
 * in order. Its output goes to the open file `logFile`: a pipe would break when we die. Does not keep us alive.
 */
export function startGuarded(
  file: string,
  args: readonly string[],
  how: { account: Account | undefined; logFile: number },
): GuardedProgram {
  const child = spawn('/bin/sh', ['-c', GUARD, 'sh', file, ...args], {
    ...how.account,
    cwd: '/',
    env: PROGRAM_ENVIRONMENT,
    detached: true,
    stdio: ['ignore', how.logFile, how.logFile, 'pipe'],
  });
  const ended = whenEnded(child);
  child.unref();
  const lifeline = child.stdio[3] as (Writable & { unref(): void }) | undefined;
  lifeline?.unref();
  // The guard may be gone already (killed together with the program): then there is nobody to tell.
  lifeline?.on('error', () => lifeline.destroy());
  const dismissGuard = () => lifeline?.end('done\n');
  ended.then(dismissGuard, dismissGuard);
  return { pid: child.pid, ended, kill: (signal) => void child.kill(signal) };
}

function whenEnded(child: ChildProcess): Promise<Ending> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
}

/** Waits for `promise` at most `ms` milliseconds; tells whether it settled in time. A rejection is passed on. */
export async function settledWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
