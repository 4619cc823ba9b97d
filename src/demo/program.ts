/** A program of ours, run as a process the way a user would run it, that can be killed and started again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFile, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));

export interface ProgramOptions {
  name: string;
  args: string[];
  env: Record<string, string>;
  /** Where programs are found. */
  path: string;
  /** Everything it prints goes here. */
  logFile: string;
}

export interface Program {
  readonly name: string;
  start(): void;
  /** Ends it at once, as a crash would; resolves when it is gone. */
  kill(): Promise<void>;
  /** Asks it to end, and insists after a while; resolves when it is gone. */
  stop(): Promise<void>;
  /** Stops it in its tracks (SIGSTOP), as a suspended machine would; what it has started goes on. */
  pause(): void;
  /** Lets it go on where it was paused. */
  resume(): void;
  /** Everything it has printed. */
  printed(): Promise<string>;
  /** What it printed last, for a failure's message. */
  lastLines(): string;
  /** Called when it ends without having been asked to. */
  onCrash: (code: number | null) => void;
}

const patienceMs = 15_000;

export function openProgram(options: ProgramOptions): Program {
  let child: ChildProcess | null = null;
  let expected = false;
  let tail: string[] = [];

  const gone = (process: ChildProcess): Promise<void> =>
    process.exitCode !== null || process.signalCode !== null
      ? Promise.resolve()
      : new Promise((resolve) => process.once('exit', () => resolve()));

  const keep = (chunk: Buffer): void => {
    const text = chunk.toString('utf8');
    tail = [...tail, ...text.split('\n').filter((line) => line !== '')].slice(-15);
    void appendFile(options.logFile, text);
  };

  const program: Program = {
    name: options.name,
    onCrash: () => {},
    start: () => {
      expected = false;
      // The child watches its standard input: when this process dies, however it dies, the child ends too.
      const started = spawn(process.execPath, [main, ...options.args, '--until-input-ends'], {
        env: { PATH: `${dirname(process.execPath)}:${options.path}`, ...options.env },
        stdio: ['pipe', 'pipe', 'pipe'],
      });
      child = started;
      started.stdout.on('data', keep);
      started.stderr.on('data', keep);
      started.stdin.on('error', () => started.kill());
      started.once('exit', (code) => {
        if (!expected && child === started) program.onCrash(code);
      });
    },
    kill: async () => {
      expected = true;
      child?.kill('SIGKILL');
      if (child) await gone(child);
    },
    stop: async () => {
      expected = true;
      if (!child) return;
      child.kill('SIGTERM');
      // One that is paused hears of it only when it goes on.
      child.kill('SIGCONT');
      const insist = setTimeout(() => child?.kill('SIGKILL'), patienceMs);
      await gone(child);
      clearTimeout(insist);
    },
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    printed: async () => {
      try {
        return await readFile(options.logFile, 'utf8');
      } catch (error) {
        // It has printed nothing yet.
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
        throw error;
      }
    },
    lastLines: () => tail.join('\n'),
  };
  return program;
}
