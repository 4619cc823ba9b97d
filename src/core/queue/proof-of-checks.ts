/** What the checks of a candidate prove. */
import { findMissing, findRed, requiredChecks } from '../gate/required-checks.ts';
import type { CheckResult } from '../lane/pull-state.ts';
import type { LaneState } from '../lane/state.ts';

/**
 * - `passed`: every required check is proof by the gate's rules.
 * - `failed`: one of them ended without being proof.
 * - `interrupted`: one was cancelled, so that nothing can be said of the commit.
 * - `open`: some have not ended, or not been heard of.
 */
export type CheckVerdict =
  | { kind: 'passed' }
  | { kind: 'failed'; red: CheckResult }
  | { kind: 'interrupted'; by: CheckResult }
  | { kind: 'open'; missing: string[] };

/** Required checks that nobody has heard of, not even that they run. */
export function findUnheard(state: LaneState, checks: readonly CheckResult[]): string[] {
  return requiredChecks(state)
    .map(({ name }) => name)
    .filter((name) => !checks.some((check) => check.name === name));
}

/** A failure says more than an interruption, and an interruption ends the waiting for the rest. */
export function judgeChecks(state: LaneState, checks: readonly CheckResult[]): CheckVerdict {
  const isOver = ({ conclusion }: CheckResult) => conclusion === 'cancelled';
  const red = findRed(
    state,
    checks.filter((check) => !isOver(check)),
  );
  if (red) return { kind: 'failed', red };
  const by = findRed(state, checks.filter(isOver));
  if (by) return { kind: 'interrupted', by };
  const missing = findMissing(state, checks);
  return missing.length === 0 ? { kind: 'passed' } : { kind: 'open', missing };
}
