/**
 * The agent's process: the user's command, in a process group of its own, so that stopping it stops whatever it
 * started too.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { StringDecoder } from 'node:string_decoder';
import { pause } from './patience.ts';

export interface AgentCommand {
  exec: string;
  cwd: string;
  env: Record<string, string>;
  onLine: (line: string) => void;
}

export interface AgentExit {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** The end of what it wrote, both streams in order of arrival. */
  tail: string;
}

/** Kept of the output: more than a report can carry. */
const tailLength = 8_000;
const longestLine = 2_000;
const graceMs = 5_000;
/** Pipes held open by a process that left the group are given up after this. */
const drainMs = 1_000;

/** Runs the agent until it exits or the signal stops its whole process group. */
export async function runAgentProcess(
  command: AgentCommand,
  signal: AbortSignal,
  onStart: (pid: number) => void,
): Promise<AgentExit> {
  // One pipe for both streams: with two, the last words could arrive before what led to them.
  const child = spawn('/bin/sh', ['-c', `exec 2>&1\n${command.exec}`], {
    cwd: command.cwd,
    env: command.env,
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const closed = once(child, 'close');
  const exited = once(child, 'exit');
  // `once` rejects on 'error'; the first await below reports it, the other promise must not count as unhandled.
  closed.catch(() => undefined);
  let tail = '';
  collectLines(child.stdout, command.onLine, (text) => {
    tail = (tail + text).slice(-tailLength);
  });

  const { pid } = child;
  if (pid !== undefined) onStart(pid);
  const stop = (): void => {
    if (pid !== undefined) void stopGroup(pid, child);
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    const [code, killedBy] = (await exited) as [number | null, NodeJS.Signals | null];
    // Whatever the agent left running in the background must not go on writing into the worktree.
    if (pid !== undefined) signalGroup(pid, 'SIGKILL');
    await Promise.race([closed, pause(drainMs)]);
    child.stdout.destroy();
    return { code, signal: killedBy, tail };
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** Asks the group to end, and after a grace period makes it end. */
async function stopGroup(pid: number, child: ChildProcess): Promise<void> {
  signalGroup(pid, 'SIGTERM');
  const ended = new AbortController();
  child.once('exit', () => ended.abort());
  await pause(graceMs, ended.signal);
  if (!ended.signal.aborted) signalGroup(pid, 'SIGKILL');
}

function signalGroup(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(-pid, name);
  } catch (error) {
    // ESRCH: the group has ended already, which is what was wanted. EPERM: only zombies are left (macOS).
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}

function collectLines(
  stream: NodeJS.ReadableStream,
  onLine: (line: string) => void,
  onText: (text: string) => void,
): void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  stream.on('data', (chunk: Buffer) => {
    const text = decoder.write(chunk);
    onText(text);
    const lines = (rest + text).split('\n');
    rest = (lines.pop() ?? '').slice(-longestLine);
    for (const line of lines) if (line.trim() !== '') onLine(line.slice(0, longestLine));
  });
  stream.on('end', () => {
    if (rest.trim() !== '') onLine(rest);
  });
}
