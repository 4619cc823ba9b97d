import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('./ledger-program.ts', import.meta.url));

/** Everything `ledger-program.ts` may say, one fact a line. */
interface Fact {
  readonly ready?: string;
  readonly postmaster?: number;
  readonly uid?: number;
  readonly id?: number;
  readonly refused?: number;
  readonly failed?: string;
  readonly applied?: string[];
  readonly log?: string;
  readonly together?: number;
}

/** A running `ledger-program.ts`. */
export interface LedgerProcess {
  readonly pid: number;
  readonly facts: readonly Fact[];
  /** The first fact that satisfies `wanted`, once it is said; rejects when the process ends without it. */
  said(wanted: (fact: Fact) => boolean): Promise<Fact>;
  /** SIGKILL, and waits until the process is reaped. */
  kill(): Promise<void>;
  readonly ended: Promise<void>;
}

/** Starts `ledger-program.ts` with these arguments, as another user when `uid` is given (needs root). */
export function startLedgerProcess(args: readonly string[], uid?: number): LedgerProcess {
  const as = uid === undefined ? {} : { uid, gid: uid };
  const child = spawn(process.execPath, [PROGRAM, ...args], { ...as, stdio: ['pipe', 'pipe', 'pipe'] });
  const facts: Fact[] = [];
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => facts.push(JSON.parse(line) as Fact));
  const ended = whenEnded(child);
  let over = false;
  void ended.then(() => {
    over = true;
  });
  const said = async (wanted: (fact: Fact) => boolean) => {
    let found: Fact | undefined;
    await eventually(() => {
      found = facts.find(wanted);
      return found !== undefined || over;
    });
    if (!found) throw new Error(`ended without saying it: ${JSON.stringify(facts.slice(-5))} ${errors}`);
    return found;
  };
  const kill = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  return { pid: child.pid ?? 0, facts, said, kill, ended };
}

/** `close` and not `exit`: everything it said has arrived by then. */
function whenEnded(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve());
  });
}

/** Polls until `condition` holds; rejects after `deadlineMs`. */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  deadlineMs = 25_000,
): Promise<void> {
  const deadline = Date.now() + deadlineMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`still not so after ${deadlineMs} ms: ${condition}`);
    await sleep(5);
  }
}
