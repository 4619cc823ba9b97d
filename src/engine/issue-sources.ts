/** Where the issues of a dry run come from: a JSON file, a folder of Markdown files, or standard input. */
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type IssuesReading,
  readIssueMarkdown,
  readIssuesJson,
  withoutDoubles,
} from '../protocol/issue-files.ts';

/** More than any plan that a person reads; what lies beyond is refused and not cut off. */
const limits = { bytes: 32 * 1024 * 1024, issues: 2_000 } as const;

async function readText(input: AsyncIterable<Buffer>): Promise<string | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of input) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > limits.bytes) return null;
  }
  return Buffer.concat(chunks).toString('utf8');
}

const tooLong = (name: string): IssuesReading => ({
  kind: 'refused',
  problem: `${name} is longer than ${limits.bytes / 2 ** 20} MB`,
});

const tooMany = (count: number): IssuesReading => ({
  kind: 'refused',
  problem: `there are ${count} issues; a plan is made of at most ${limits.issues}`,
});

async function readFolder(folder: string): Promise<IssuesReading> {
  const names = (await readdir(folder, { withFileTypes: true }))
    .filter((entry) => !entry.isDirectory() && /\.(md|markdown)$/iu.test(entry.name))
    .map(({ name }) => name)
    .sort();
  if (names.length === 0) return { kind: 'refused', problem: 'there is no Markdown file in it' };
  if (names.length > limits.issues) return tooMany(names.length);
  const issues = [];
  for (const [index, name] of names.entries()) {
    const text = await readText(createReadStream(join(folder, name)));
    if (text === null) return tooLong(name);
    issues.push(readIssueMarkdown(name, text, index + 1));
  }
  return withoutDoubles(issues);
}

/**
 * @param from a file with an array of issues, a folder of Markdown files, or `-` for an array on standard input
 * @throws when it cannot be read
 */
export async function readIssues(from: string, stdin: AsyncIterable<Buffer>): Promise<IssuesReading> {
  if (from !== '-' && (await stat(from)).isDirectory()) return readFolder(from);
  const text = await readText(from === '-' ? stdin : createReadStream(from));
  if (text === null) return tooLong(from === '-' ? 'it' : from);
  const reading = readIssuesJson(text);
  return reading.kind === 'ok' && reading.issues.length > limits.issues
    ? tooMany(reading.issues.length)
    : reading;
}
