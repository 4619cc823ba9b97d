import { closeSync, fstatSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { hasCode } from './errors.ts';

const ROTATE_AT_BYTES = 4 * 1024 * 1024;
const TAIL_LINES = 20;

/** The file that initdb and Postgres write to: `postgres.log`, and `postgres.log.1` for what was before. */
export interface ServerLog {
  readonly file: number;
  /** The last lines written since `mark`, or since the log was opened; oldest first. */
  tail(): string[];
  /** Forgets what was written so far, for the next attempt. */
  mark(): void;
  close(): void;
}

/** Opens the log below `root` for appending. */
export function openServerLog(root: string): ServerLog {
  const path = join(root, 'postgres.log');
  try {
    if (statSync(path).size > ROTATE_AT_BYTES) renameSync(path, `${path}.1`);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
  const file = openSync(path, 'a', 0o600);
  let from = fstatSync(file).size;
  return {
    file,
    tail: () => {
      const written = readFileSync(path).subarray(from).toString('utf8');
      return written.split('\n').filter(Boolean).slice(-TAIL_LINES);
    },
    mark: () => {
      from = fstatSync(file).size;
    },
    close: () => closeSync(file),
  };
}
