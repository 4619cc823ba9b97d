/** What is wrong with the content of a policy file, in words, with the nearest thing that would be right. */
import { closest, distance } from 'fastest-levenshtein';
import type { z } from 'zod';
import { allKeys, schemaAt } from './policy-schema.ts';

export interface PolicyProblem {
  /** The keys that lead to it; empty for the file as a whole. */
  path: string[];
  what: string;
  /** What was probably meant. */
  suggestion: string | null;
}

const typeWords: Record<string, string> = {
  int: 'a whole number',
  number: 'a number',
  string: 'text',
  array: 'a list',
  object: 'a group of keys',
  record: 'a group of keys',
  boolean: 'true or false',
};

/** The nearest of these words, when it is near enough to have been meant. */
function nearest(word: string, among: readonly string[]): string | null {
  if (among.length === 0 || word.length > 64) return null;
  const found = closest(word, among);
  return distance(word, found) <= Math.max(1, Math.floor(found.length / 3)) ? found : null;
}

/** A key of the same group that is spelt alike, or the same key in another group. */
function suggestKey(group: readonly string[], key: string): string | null {
  const here = nearest(key, Object.keys(schemaAt(group)?.properties ?? {}));
  if (here !== null) return here;
  const elsewhere = allKeys().find((path) => path.at(-1) === key);
  return elsewhere === undefined ? null : elsewhere.join('.');
}

function valueAt(content: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, step) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, step)
        ? (value as Record<string, unknown>)[step]
        : undefined,
    content,
  );
}

function describe(issue: z.core.$ZodIssue, content: unknown): PolicyProblem[] {
  const path = issue.path.map(String);
  const value = valueAt(content, path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({
        path: [...path, key],
        what: 'unknown key',
        suggestion: suggestKey(path, key),
      }));
    case 'invalid_value': {
      const allowed = issue.values.map(String);
      const suggestion = typeof value === 'string' ? nearest(value, allowed) : null;
      return [
        {
          path,
          what: `${value === undefined ? 'is missing: ' : ''}must be ${allowed.join(' or ')}`,
          suggestion,
        },
      ];
    }
    case 'invalid_type': {
      const wanted = typeWords[issue.expected] ?? issue.expected;
      return [{ path, what: value === undefined ? 'is missing' : `must be ${wanted}`, suggestion: null }];
    }
    case 'invalid_key':
      return [
        {
          path,
          what: 'may have lower-case letters, digits and dashes only, at most 39',
          suggestion: null,
        },
      ];
    case 'too_small':
    case 'too_big': {
      const bound = issue.code === 'too_small' ? issue.minimum : issue.maximum;
      const words = issue.code === 'too_small' ? (issue.inclusive ? 'at least' : 'more than') : 'at most';
      const unit =
        issue.origin === 'string' ? ' characters long' : issue.origin === 'array' ? ' entries long' : '';
      return [{ path, what: `must be ${words} ${bound}${unit}`, suggestion: null }];
    }
    default:
      return [{ path, what: issue.message, suggestion: null }];
  }
}

/** Every problem that the schema found, in its order. */
export function problemsOf(error: z.ZodError, content: unknown): PolicyProblem[] {
  return error.issues.flatMap((issue) => describe(issue, content));
}

/** One sentence without its end: `queue.buids: unknown key. Did you mean "builds"?`. */
export function problemWords({ path, what, suggestion }: PolicyProblem): string {
  const where = path.length === 0 ? 'the file' : path.join('.');
  return `${where}: ${what}${suggestion === null ? '' : `. Did you mean "${suggestion}"?`}`;
}
