/** What is typed after a command, read and bounded. */
import { InvalidArgumentError } from 'commander';
import { policyLimits } from '../protocol/policy-file.ts';

export function readIssue(text: string): number {
  const number = Number(text.replace(/^#/, ''));
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('an issue number');
  return number;
}

function readCount(text: string, most: number): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > most)
    throw new InvalidArgumentError(`a whole number from 1 to ${most}`);
  return count;
}

export const readCapacity = (text: string): number => readCount(text, 64);
export const readRotation = (text: string): number => readCount(text, 1_000);

export function readMinutes(text: string): number {
  const minutes = Number(text);
  if (!(minutes > 0 && minutes <= 1_440)) throw new InvalidArgumentError('a number above 0 and up to 1440');
  return minutes;
}

export function readDays(text: string): number {
  const days = Number(text);
  if (!Number.isInteger(days) || days < 1 || days > 3650)
    throw new InvalidArgumentError('a whole number of days, at most 3650');
  return days;
}

/** Reads no more than a policy may be long: whatever pours out of a pipe, the rest would not be looked at. */
export async function readBounded(input: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of input) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > policyLimits.bytes) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}
