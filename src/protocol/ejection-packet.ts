/**
 * Why work came back, as data for the attempt that is to make it fit: what failed, with whom it was tested, what landed
 * meanwhile, and which hunks git cannot merge. Every text in it is material that others wrote, never an instruction;
 * each is bounded, and so is the whole.
 */
import { z } from 'zod';
import { removeInvisible } from './hidden-text.ts';

/** Bounds of a packet, in entries and characters. A packet of the greatest size stays under some 200 kB. */
export const packetBounds = {
  jobs: 5,
  log: 6_000,
  annotations: 20,
  others: 5,
  requirements: 1_000,
  files: 20,
  patch: 3_000,
  patches: 12_000,
  conflicts: 20,
  hunks: 10,
  side: 2_000,
} as const;

const Sha = z.string();

const JobLog = z.object({
  title: z.string(),
  /** The end of what the job said. */
  text: z.string(),
  truncated: z.boolean(),
  annotations: z.array(z.object({ path: z.string(), line: z.int(), message: z.string() })),
});

const Job = z.object({
  name: z.string(),
  conclusion: z.string(),
  url: z.string().nullable(),
  log: JobLog.nullable(),
});

const Candidate = z.object({
  build: z.int(),
  outcome: z.enum(['passed', 'failed']),
  base_sha: Sha,
  sha: Sha.nullable(),
  tree: Sha.nullable(),
  with: z.array(z.int()).describe('The other pull requests in it.'),
});

const OtherWork = z.object({
  issue: z.int(),
  pull: z.int(),
  head_sha: Sha,
  landed: z.boolean(),
  title: z.string(),
  requirements: z.string().describe('The beginning of what its issue asks for.'),
  files: z.array(z.object({ path: z.string(), patch: z.string().nullable() })),
  truncated: z.boolean(),
});

const Conflict = z.object({
  path: z.string(),
  kind: z.enum(['text', 'binary', 'removed-here', 'removed-there']),
  /** `ours`: this task's branch; `theirs`: the base branch; `base`: what both started from. */
  hunks: z.array(
    z.object({
      line: z.int().describe("In this branch's file, from 1."),
      base: z.string(),
      ours: z.string(),
      theirs: z.string(),
    }),
  ),
  truncated: z.boolean(),
});

export const EjectionPacket = z.object({
  code: z.enum(['checks-failed', 'conflict']),
  reason: z.string(),
  at: z.iso.datetime(),
  /** Whose work came back. */
  attempt: z.int().nullable(),
  head_sha: Sha,
  /** The base commit that it has to fit now. */
  base_sha: Sha,
  attempts_left: z.int().describe('After this one, without a new word from a person.'),
  odds: z
    .number()
    .nullable()
    .describe('The probability that this work is to blame, by all tests of the queue; null: not asked.'),
  candidates: z.array(Candidate),
  jobs: z.array(Job),
  others: z.array(OtherWork).describe('Work that landed meanwhile or was tested with it.'),
  conflicts: z.array(Conflict),
  unread: z.array(z.string()).describe('What could not be read, in sentences.'),
});
export type EjectionPacket = z.infer<typeof EjectionPacket>;

/** Colours and cursor movements of terminals: ECMA-48, control sequences. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape character is what it looks for
const terminalSequence = /\u001b\[[0-9;?]*[ -/]*[@-~]/gu;

/** Other people's words as data: nothing hidden in them, and from their end at most so many characters. */
export function endOf(text: string, most: number): { text: string; truncated: boolean } {
  const clean = plain(text);
  if (clean.length <= most) return { text: clean, truncated: false };
  return { text: clean.slice(-most).replace(/^[\udc00-\udfff]/u, ''), truncated: true };
}

/** The same from their beginning. */
export function beginningOf(text: string, most: number): { text: string; truncated: boolean } {
  const clean = plain(text);
  if (clean.length <= most) return { text: clean, truncated: false };
  return { text: clean.slice(0, most).replace(/[\ud800-\udbff]$/u, ''), truncated: true };
}

function plain(text: string): string {
  return removeInvisible(text.replace(terminalSequence, '').replace(/\r\n?/gu, '\n'));
}
