/** Which process something on disk belongs to, told apart from a later one with the same number. */
import { readFileSync } from 'node:fs';

const shape = /^(\d+)-(\d+)$/;

/** When a process started, in the system's own count; 0 where the system does not tell. Null: there is none. */
function startOf(pid: number): string | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? null : (fields[19] ?? '0');
  } catch {
    return isThere(pid) ? '0' : null;
  }
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** This process, as a part of file names: `<pid>-<start>`. */
export const ownMark = `${process.pid}-${startOf(process.pid) ?? '0'}`;

/** Whether the process with this mark still runs. What is no mark belongs to nobody. */
export function isAlive(mark: string): boolean {
  const [, pid, start] = shape.exec(mark) ?? [];
  return pid !== undefined && startOf(Number(pid)) === start;
}
