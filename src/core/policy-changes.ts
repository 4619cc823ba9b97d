/** What one policy does otherwise than another, key by key. */
import type { Policy } from './policy.ts';
import { isDuration } from './policy-schema.ts';

/** `null` = the key is not there, which only happens to entries that a file makes up, such as an agent's name. */
export interface PolicyChange {
  key: string;
  before: string | null;
  after: string | null;
}

const units: [string, number][] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
];

function durationWords(ms: number): string {
  const [unit, size] = units.find(([, each]) => ms > 0 && ms % each === 0) ?? ['ms', 1];
  return `${ms / size}${unit}`;
}

function valueWords(value: unknown, path: readonly string[]): string {
  if (typeof value === 'number' && isDuration(path)) return durationWords(value);
  if (Array.isArray(value)) return `[${value.map((each) => valueWords(each, [...path, '0'])).join(', ')}]`;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function isGroup(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function flatten(value: unknown, path: readonly string[], into: Map<string, string>): Map<string, string> {
  if (!isGroup(value)) return into.set(path.join('.'), valueWords(value, path));
  for (const [key, inner] of Object.entries(value)) flatten(inner, [...path, key], into);
  return into;
}

/** Every key whose value differs, by name. */
export function policyChanges(before: Policy, after: Policy): PolicyChange[] {
  const old = flatten(before, [], new Map());
  const now = flatten(after, [], new Map());
  return [...new Set([...old.keys(), ...now.keys()])]
    .sort()
    .filter((key) => old.get(key) !== now.get(key))
    .map((key) => ({ key, before: old.get(key) ?? null, after: now.get(key) ?? null }));
}
