/** What every rule of the arbiter is made of. */
import type { Finding } from '../../lane/pull-state.ts';
import type { Task } from '../../lane/state.ts';
import type { Policy } from '../../policy.ts';
import type { Diff, DiffFacts } from '../diff.ts';

/** One rule: pure, and silent when it has nothing to say. Its findings all carry its own name. */
export type Rule = (diff: Diff, task: Task, policy: Policy, facts: DiffFacts) => Finding[];

export const ruleNames = [
  'unread',
  'scope',
  'held',
  'version',
  'size',
  'protected',
  'secrets',
  'packages',
  'tests',
  'loosened-tests',
  'role',
  'stale',
  'reversal',
  'files',
  'conflict-markers',
  'generated',
  'owners',
] as const;

export type RuleName = (typeof ruleNames)[number];

/** What a rule finds at one place; `severity` comes from the policy, so that `off` is nothing at all. */
export function report(
  rule: RuleName,
  weight: 'off' | 'warn' | 'fail',
  places: readonly { path: string | null; line?: number | null; message: string; remedy: string }[],
): Finding[] {
  if (weight === 'off') return [];
  return places.map(({ path, line, message, remedy }) => ({
    rule,
    severity: weight,
    path,
    line: line ?? null,
    message,
    remedy,
  }));
}

/** A number with its noun, for messages. */
export function amount(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
