/**
 * The agent's process: the user's command, in a process group of its own, so that stopping it stops whatever it
 * started too. The group does not outlive the worker either, however the worker ends.
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
}

/** Events of agents can be long; a line beyond this is cut off. */
const longestLine = 4_000_000;
const graceMs = 5_000;
/** Pipes held open by a process that left the group are given up after this. */
const drainMs = 1_000;

/**
 * A watchman in the agent's group reads a pipe that the worker holds open: its end is the worker's end, and then the
 * whole group is killed. The command runs in a shell of its own, so that its `wait` does not wait for the watchman.
 * One pipe for both streams: with two, the last words could arrive before what led to them.
 */
const guardedShell = `exec 2>&1
(trap '' TERM INT HUP; read -r _ <&3; kill -KILL 0) >/dev/null &
exec 3<&-
exec /bin/sh -c "$1"`;

/** Runs the agent until it exits or the signal stops its whole process group. */
export async function runAgentProcess(
  command: AgentCommand,
  signal: AbortSignal,
  onStart: (pid: number) => void,
): Promise<AgentExit> {
  const child = spawn('/bin/sh', ['-c', guardedShell, 'signalbox-agent', command.exec], {
    cwd: command.cwd,
    env: command.env,
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore', 'pipe'],
  });
  const closed = once(child, 'close');
  const exited = once(child, 'exit');
  // `once` rejects on 'error'; the first await below reports it, the other promise must not count as unhandled.
  closed.catch(() => undefined);
  const lifeline = child.stdio[3];
  const output = child.stdout;
  if (!lifeline || !output) throw new Error('the agent could not be started');
  // The watchman goes with its group, and the pipe with it.
  lifeline.on('error', () => undefined);
  collectLines(output, command.onLine);

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
    lifeline.destroy();
    await Promise.race([closed, pause(drainMs)]);
    output.destroy();
    return { code, signal: killedBy };
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

function collectLines(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  stream.on('data', (chunk: Buffer) => {
    // Terminals go back to the start of a line with \r to write over it.
    const lines = (rest + decoder.write(chunk)).split(/\r?\n|\r(?!$)/);
    rest = (lines.pop() ?? '').slice(0, longestLine);
    for (const line of lines) if (line.trim() !== '') onLine(line.slice(0, longestLine));
  });
  stream.on('end', () => {
    if (rest.trim() !== '') onLine(rest);
  });
}
