/** Makes a task's specification: the canonical form of what an issue asks for, identified by its SHA-256. */
import { createHash } from 'node:crypto';
import type { Spec } from '../lane/state.ts';
import { normalisePattern } from './patterns.ts';

/** An issue that another one names as its prerequisite; `repo` is `owner/name`, or null for the same repository. */
export interface IssueReference {
  number: number;
  repo: string | null;
}

/** What an issue says, as plain fields; the issue form that protocol/ reads has this shape. */
export interface SpecInput {
  title: string;
  requirements: string;
  design: string;
  acceptance: readonly string[];
  ownedFiles: readonly string[];
  dependsOn: readonly IssueReference[];
  budget: { minutes: number | null; tokens: number | null; usd: number | null };
  freeText: string;
  /** The issue's own number and repository (`owner/name`): lets `owner/name#7` mean #7, and refuses a task that waits on itself. */
  issue?: number;
  repo?: string;
}

export type SpecReading = { kind: 'ok'; spec: Spec; hash: string } | { kind: 'refused'; why: string[] };

const limits = {
  textBytes: 64 * 1024,
  titleLength: 256,
  paths: 200,
  dependencies: 50,
  largestIssue: 2_147_483_647,
} as const;

/** Normalises, sorts and removes repeats, so that the same request always has the same hash; or says what is wrong. */
export function makeSpec(input: SpecInput): SpecReading {
  const owns = readPaths(input.ownedFiles);
  const dependsOn = readDependencies(input);
  const spec: Spec = {
    title: oneLine(input.title),
    requirements: [input.requirements, input.freeText]
      .map(clean)
      .filter((text) => text !== '')
      .join('\n\n'),
    design: clean(input.design),
    acceptance: input.acceptance.map(oneLine).filter((text) => text !== ''),
    owns: owns.patterns.length > 0 ? owns.patterns : ['**'],
    ownsDeclared: owns.patterns.length > 0,
    dependsOn: dependsOn.numbers,
    dependsElsewhere: dependsOn.elsewhere,
    budget: {
      minutes: positiveOrNull(input.budget.minutes),
      tokens: positiveOrNull(input.budget.tokens),
      usd: positiveOrNull(input.budget.usd),
    },
  };
  const why = [...limitsBroken(spec), ...owns.why, ...dependsOn.why];
  return why.length > 0 ? { kind: 'refused', why } : { kind: 'ok', spec, hash: hashSpec(spec) };
}

/** SHA-256 of the canonical JSON, as hex. What a spec does not have is not part of it. */
export function hashSpec(spec: Spec): string {
  const { dependsElsewhere, ...rest } = spec;
  const canonical = canonicalJson(dependsElsewhere.length > 0 ? spec : rest);
  return createHash('sha256').update(canonical).digest('hex');
}

function limitsBroken(spec: Spec): string[] {
  const why: string[] = [];
  const bytes = Buffer.byteLength([spec.requirements, spec.design, ...spec.acceptance].join('\n'));
  if (spec.title === '') why.push('The issue has no title.');
  if (spec.title.length > limits.titleLength)
    why.push(`The title is longer than ${limits.titleLength} characters.`);
  if (bytes > limits.textBytes)
    why.push(
      `The text is ${bytes} bytes long; at most ${limits.textBytes} (64 kB) fit into one task. Please split the issue.`,
    );
  return why;
}

/** Why a specification that commands have added to holds too much; null when it does not. */
export function tooMuch(spec: Pick<Spec, 'owns' | 'dependsOn' | 'dependsElsewhere'>): string | null {
  const dependencies = spec.dependsOn.length + spec.dependsElsewhere.length;
  if (spec.owns.length > limits.paths)
    return `the task would own ${spec.owns.length} paths; at most ${limits.paths} are possible. A directory such as "src/" covers all below it`;
  if (dependencies > limits.dependencies)
    return `the task would depend on ${dependencies} issues; at most ${limits.dependencies} are possible`;
  return null;
}

function readPaths(texts: readonly string[]): { patterns: string[]; why: string[] } {
  if (texts.length > limits.paths)
    return {
      patterns: [],
      why: [
        `The issue names ${texts.length} owned paths; at most ${limits.paths} are possible. A directory such as "src/" covers all below it.`,
      ],
    };
  const patterns = new Set<string>();
  const why: string[] = [];
  for (const text of texts) {
    const reading = normalisePattern(text);
    if (reading.kind === 'ok') patterns.add(reading.pattern);
    else why.push(reading.why);
  }
  return { patterns: [...patterns].sort(), why };
}

function readDependencies(input: SpecInput): { numbers: number[]; elsewhere: string[]; why: string[] } {
  const numbers = new Set<number>();
  const elsewhere = new Set<string>();
  const why: string[] = [];
  for (const { number, repo } of input.dependsOn) {
    const here = repo === null || repo.toLowerCase() === input.repo?.toLowerCase();
    if (!Number.isInteger(number) || number < 1 || number > limits.largestIssue)
      why.push(`#${number} is not an issue number.`);
    else if (!here) elsewhere.add(referenceTo(repo, number));
    else if (number === input.issue) why.push(`The issue says that it depends on itself (#${number}).`);
    else numbers.add(number);
  }
  const total = numbers.size + elsewhere.size;
  if (total > limits.dependencies)
    why.push(`The issue depends on ${total} others; at most ${limits.dependencies} are possible.`);
  return { numbers: [...numbers].sort((a, b) => a - b), elsewhere: [...elsewhere].sort(), why };
}

/** How an issue of another repository is written everywhere: GitHub's names differ in case and mean the same. */
export function referenceTo(repo: string, number: number): string {
  return `${repo.toLowerCase()}#${number}`;
}

function clean(text: string): string {
  return text
    .toWellFormed()
    .normalize('NFC')
    .replace(/\r\n?/gu, '\n')
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .trim();
}

function oneLine(text: string): string {
  return text.toWellFormed().normalize('NFC').replace(/\s+/gu, ' ').trim();
}

function positiveOrNull(amount: number | null): number | null {
  return amount !== null && Number.isFinite(amount) && amount > 0 ? amount : null;
}

/** JSON with the keys of every object in order, so that equal values have equal texts. */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${fields.map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`).join(',')}}`;
  }
  return JSON.stringify(value);
}
