/** What `signalbox replay` prints. */
import type { Difference, TaskStep } from '../core/lane/replay.ts';
import { describeFact } from './fact-text.ts';
import { removeInvisible } from './hidden-text.ts';
import { shorten } from './shorten.ts';

const longestValue = 120;

function show(value: unknown): string {
  return value === undefined ? 'nothing' : shorten(removeInvisible(JSON.stringify(value)), longestValue);
}

/** Whether the stored state is what the journal tells, and where not. */
export function renderReplay(lane: string, facts: number, differences: readonly Difference[]): string {
  const replayed = `${lane}: ${facts} fact${facts === 1 ? '' : 's'} replayed`;
  if (differences.length === 0) return `${replayed}; the stored state is exactly what they tell.`;
  return [
    `${replayed}; the stored state differs in ${differences.length} place${differences.length === 1 ? '' : 's'}:`,
    ...differences.map(
      ({ path, replayed: told, stored }) =>
        `  ${path}: the journal tells ${show(told)}, stored is ${show(stored)}`,
    ),
  ].join('\n');
}

/** A journal that cannot be replayed. It is never rewritten, so the ledger goes back to a backup. */
export function renderDamage(lane: string, damage: string): string {
  return `${lane}: the journal is damaged: ${removeInvisible(damage)}. Restore the database from a backup; the stored state was left as it is.`;
}

/** The life of one task: every fact, what it means, and what it changed. */
export function renderSteps(lane: string, issue: number, steps: readonly TaskStep[]): string {
  if (steps.length === 0) return `${lane}: the journal tells nothing about #${issue}.`;
  return steps
    .map(({ seq, fact, changes }) =>
      [
        `${seq}  ${fact.at}  ${fact.kind}${sentence(describeFact(fact))}`,
        ...changes.map(({ field, before, after }) => `      ${field}: ${show(before)} → ${show(after)}`),
      ].join('\n'),
    )
    .join('\n');
}

function sentence(text: string | null): string {
  return text === null ? '' : `: ${text}`;
}
