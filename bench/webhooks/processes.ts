/** The processes of the benchmark: this file's program again in another role, and the real `signalbox serve`. */
import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const webhooks = fileURLToPath(new URL('../webhooks.ts', import.meta.url));
const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** Runs a benchmark's program in another role and gives the JSON lines it prints, one after another. */
export function startRole(
  role: string,
  options: object,
  program = webhooks,
): { child: ChildProcess; next(): Promise<unknown> } {
  const child = spawn(process.execPath, [program, '--role', role, JSON.stringify(options)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    child,
    next: async () => {
      const line = await lines.next();
      if (line.done) throw new Error(`the ${role} process ended without an answer`);
      return JSON.parse(line.value);
    },
  };
}

export interface Serve {
  child: ChildProcess;
  port: number;
}

const startDeadlineMs = 120_000;

/** Starts `signalbox serve` with default settings on its embedded Postgres, and waits until it is at work. */
export async function startServe(dir: string, githubPort: number, secret: string): Promise<Serve> {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  const logFile = join(dir, 'serve.log');
  const log = openSync(logFile, 'a');
  const child = spawn(process.execPath, [main, 'serve', '--until-input-ends'], {
    stdio: ['pipe', log, log],
    env: {
      PATH: process.env.PATH ?? '',
      APP_ID: '1',
      PRIVATE_KEY: privateKey,
      WEBHOOK_SECRET: secret,
      GITHUB_API_URL: `http://127.0.0.1:${githubPort}`,
      SIGNALBOX_DATA: join(dir, 'data'),
      PORT: '0',
    },
  });
  const deadline = Date.now() + startDeadlineMs;
  for (;;) {
    const text = readFileSync(logFile, 'utf8');
    const port = /"url":"http:\/\/127\.0\.0\.1:(\d+)"/.exec(text)?.[1];
    if (port !== undefined) return { child, port: Number(port) };
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`serve did not start:\n${text}`);
    await sleep(50);
  }
}

/** Ends a process at once and waits until it is gone. */
export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

/** Resident memory of a process in MB: now and at its highest; null where the system does not tell. */
export function memoryOf(pid: number): { rss: number; peak: number } | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const read = (name: string) =>
      Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024);
    return { rss: read('VmRSS'), peak: read('VmHWM') };
  } catch {
    return null;
  }
}

export interface CpuTimes {
  /** Seconds of CPU time since the start: the process itself, and all that it started (Postgres). */
  serve: number;
  postgres: number;
  /** Of the whole machine, ours included. */
  machine: number;
}

/** The fields of /proc/<pid>/stat after the name: parent, and clock ticks in and outside of the kernel. */
function statOf(pid: string): { pid: number; parent: number; seconds: number } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    return {
      pid: Number(pid),
      parent: fields[1] ?? 0,
      seconds: ((fields[11] ?? 0) + (fields[12] ?? 0)) / 100,
    };
  } catch {
    return null;
  }
}

/** CPU time so far; null where the system does not tell. */
export function cpuTimes(pid: number): CpuTimes | null {
  try {
    const stats = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? (statOf(name) ?? []) : []));
    const family = new Set([pid]);
    for (let size = 0; size !== family.size; ) {
      size = family.size;
      for (const each of stats) if (family.has(each.parent)) family.add(each.pid);
    }
    const sum = (of: typeof stats) => of.reduce((total, each) => total + each.seconds, 0);
    const [, user, nice, system, , , irq, softirq] = readFileSync('/proc/stat', 'utf8')
      .split(/\s+/)
      .map(Number);
    return {
      serve: sum(stats.filter((each) => each.pid === pid)),
      postgres: sum(stats.filter((each) => each.pid !== pid && family.has(each.pid))),
      machine: ((user ?? 0) + (nice ?? 0) + (system ?? 0) + (irq ?? 0) + (softirq ?? 0)) / 100,
    };
  } catch {
    return null;
  }
}
