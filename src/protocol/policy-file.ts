/**
 * Reads `.github/signalbox.yml`. Its text comes from whoever may push, so it is bounded before it is parsed: a file
 * that is large, nested, or unfolds into more than it says is refused by counting, not by waiting.
 */
import { type Document, isMap, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml';
import { type Policy, readPolicy } from '../core/policy.ts';
import { problemsOf, problemWords } from '../core/policy-problems.ts';
import { shorten } from './shorten.ts';

/** Where a repository's policy is. */
export const policyPath = '.github/signalbox.yml';

/** Far more than any honest policy needs; anchors stay usable. */
export const policyLimits = {
  bytes: 32 * 1024,
  lines: 2_000,
  lineLength: 1_000,
  depth: 20,
  aliases: 20,
} as const;

/** One thing that is wrong. `line` counts from 1. */
export interface FileProblem {
  line: number;
  what: string;
}

export type PolicyFileReading =
  | { kind: 'accepted'; policy: Policy; hash: string }
  | { kind: 'refused'; problem: string; problems: FileProblem[] };

/** Judges the text of a policy file; null = there is none, and the defaults apply. */
export function readPolicyFile(text: string | null): PolicyFileReading {
  if (text === null) return judge(undefined, () => 1);
  const excess = excessOf(text);
  if (excess !== null) return refuse([excess]);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  if (document.errors.length > 0) {
    const problems = document.errors.map(({ message, linePos }) => ({
      line: linePos?.[0].line ?? 1,
      what: firstLine(message),
    }));
    return refuse(problems);
  }
  if (countAliases(document) > policyLimits.aliases) {
    return refuse([{ line: 1, what: `has more than ${policyLimits.aliases} aliases` }]);
  }
  try {
    const content: unknown = document.toJS({ maxAliasCount: policyLimits.aliases });
    return judge(content, (path) => lineOf(document, lines, path));
  } catch (error) {
    return refuse([{ line: 1, what: error instanceof Error ? firstLine(error.message) : 'not understood' }]);
  }
}

function judge(content: unknown, lineAt: (path: readonly string[]) => number): PolicyFileReading {
  const reading = readPolicy(content);
  if (reading.kind === 'accepted') return reading;
  return refuse(
    problemsOf(reading.error, content).map((problem) => ({
      line: lineAt(problem.path),
      what: shorten(problemWords(problem), 400),
    })),
  );
}

/** As one sentence for people who see no list: the first problem, and how many more there are. */
function refuse(problems: FileProblem[]): PolicyFileReading {
  const sorted = problems.toSorted((a, b) => a.line - b.line);
  const [first] = sorted;
  const more = sorted.length > 1 ? ` (and ${sorted.length - 1} more)` : '';
  return {
    kind: 'refused',
    problem: `line ${first?.line ?? 1}: ${first?.what ?? ''}${more}`,
    problems: sorted,
  };
}

/** What makes a text too much to be parsed at all. */
function excessOf(text: string): FileProblem | null {
  const { bytes, lines: mostLines, lineLength, depth } = policyLimits;
  if (text.length > bytes || Buffer.byteLength(text) > bytes)
    return { line: 1, what: `is larger than ${bytes / 1024} kB` };
  const lines = text.split(/\r\n?|\n/u);
  if (lines.length > mostLines) return { line: 1, what: `has more than ${mostLines} lines` };
  const long = lines.findIndex((line) => line.length > lineLength);
  if (long >= 0) return { line: long + 1, what: `is longer than ${lineLength} characters` };
  let open = 0;
  for (const [index, line] of lines.entries()) {
    const steps = (/^(?:[ \t]*[-?:][ \t])+/u.exec(line)?.[0].match(/[-?:]/gu) ?? []).length;
    const indent = /^ */u.exec(line)?.[0].length ?? 0;
    for (const mark of line) {
      if (mark === '[' || mark === '{') open += 1;
      if (mark === ']' || mark === '}') open = Math.max(0, open - 1);
      if (open > depth) return { line: index + 1, what: `is nested more than ${depth} deep` };
    }
    if (steps > depth || indent > depth * 8)
      return { line: index + 1, what: `is nested more than ${depth} deep` };
  }
  return null;
}

function countAliases(document: Document): number {
  let count = 0;
  visit(document, {
    Alias: () => {
      count += 1;
    },
  });
  return count;
}

/** The line of the last key on the path that the file has. */
function lineOf(document: Document, lines: LineCounter, path: readonly string[]): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === step);
      if (!pair) break;
      offset = (isScalar(pair.key) ? pair.key.range?.[0] : undefined) ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      offset = (isScalar(node) || isMap(node) ? node.range?.[0] : undefined) ?? offset;
    } else break;
  }
  return lines.linePos(offset).line || 1;
}

/** The parser quotes the offending lines below its message; the place is told apart. */
function firstLine(message: string): string {
  const line = message.split('\n')[0] ?? message;
  return line
    .replace(/ at line \d+, column \d+:?$/u, '')
    .replace(/:$/u, '')
    .trim();
}
