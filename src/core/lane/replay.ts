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

/** The state that the journal tells (I7). @throws with the fact's place when one cannot follow */
export function replayJournal(journal: readonly Recorded[]): LaneState {
  return journal.reduce<LaneState>((state, { seq, fact }) => {
    try {
      return fold(state, fact);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`fact ${seq} (${fact.kind}) cannot follow: ${why}`);
    }
  }, emptyLane);
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
  for (const { seq, fact } of journal) {
    const before = state.tasks[issue];
    state = fold(state, fact);
    const after = state.tasks[issue];
    if (issueOf(fact) === issue || before !== after)
      steps.push({ seq, fact, changes: changesOf(before, after) });
  }
  return steps;
}
