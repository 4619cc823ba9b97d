/** Replaying a journal: the state it tells, where that differs from what is stored, and what each fact changed. */
import { isDeepStrictEqual } from 'node:util';
import { type Fact, issueOf } from './facts.ts';
import { emptyLane, fold } from './fold.ts';
import type { LaneState, Task } from './state.ts';

/** A fact with its place in the journal, from 1. */
export interface Recorded {
  seq: number;
  fact: Fact;
}

/** One place in which two states differ; `path` as in `tasks.42.state`. */
export interface Difference {
  path: string;
  replayed: unknown;
  stored: unknown;
}

/** A journal that cannot be replayed: a fact is missing, or cannot follow what was before it. */
export class JournalDamage extends Error {}

/** @throws JournalDamage with the fact's place */
function follow(state: LaneState, { seq, fact }: Recorded): LaneState {
  try {
    return fold(state, fact);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new JournalDamage(`fact ${seq} (${fact?.kind ?? 'no fact'}) cannot follow: ${why}`);
  }
}

/** @throws JournalDamage when a place is empty */
export function assertWhole(journal: readonly Recorded[]): void {
  const gap = journal.findIndex(({ seq }, index) => seq !== index + 1);
  if (gap >= 0) throw new JournalDamage(`fact ${gap + 1} is missing`);
}

/** The state that the journal tells (I7). @throws JournalDamage with the fact's place when one cannot follow */
export function replayJournal(journal: readonly Recorded[]): LaneState {
  return journal.reduce(follow, emptyLane);
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Every place in which the two differ, in order of the path; equal states give none. */
export function compareStates(replayed: unknown, stored: unknown, path = ''): Difference[] {
  if (isDeepStrictEqual(replayed, stored)) return [];
  if (!isPlain(replayed) || !isPlain(stored)) return [{ path, replayed, stored }];
  const keys = [...new Set([...Object.keys(replayed), ...Object.keys(stored)])].sort();
  return keys.flatMap((key) =>
    compareStates(replayed[key], stored[key], path === '' ? key : `${path}.${key}`),
  );
}

/** What one fact did to one task. */
export interface TaskStep {
  seq: number;
  fact: Fact;
  changes: { field: string; before: unknown; after: unknown }[];
}

function changesOf(before: Task | undefined, after: Task | undefined): TaskStep['changes'] {
  return compareStates(before ?? {}, after ?? {}).map(({ path, replayed, stored }) => ({
    field: path,
    before: replayed,
    after: stored,
  }));
}

/** The life of one task, fact by fact: those about it, and others that changed it. */
export function stepThrough(journal: readonly Recorded[], issue: number): TaskStep[] {
  const steps: TaskStep[] = [];
  let state = emptyLane;
  for (const recorded of journal) {
    const { seq, fact } = recorded;
    const before = state.tasks[issue];
    state = follow(state, recorded);
    const after = state.tasks[issue];
    if (issueOf(fact) === issue || before !== after)
      steps.push({ seq, fact, changes: changesOf(before, after) });
  }
  return steps;
}
