/** What the checks of a commit prove. */
import type { CheckResult, LaneState } from '../lane/state.ts';

/**
 * - `passed`: every required check succeeded; neutral and skipped are no proof.
 * - `failed`: one of them ended without success.
 * - `interrupted`: one was cancelled, so that nothing can be said of the commit.
 * - `open`: some have not ended, or not been heard of.
 */
export type CheckVerdict =
  | { kind: 'passed' }
  | { kind: 'failed'; red: CheckResult }
  | { kind: 'interrupted'; by: CheckResult }
  | { kind: 'open'; missing: string[] };

/** A required check that ended without success. What the policy asked for before it changed stands in nobody's way. */
export function findRed(state: LaneState, checks: readonly CheckResult[]): CheckResult | undefined {
  return checks.find(
    ({ name, conclusion }) =>
      state.policy.gate.checks.includes(name) && conclusion !== 'success' && conclusion !== 'pending',
  );
}

/** Required checks that have not succeeded. */
export function findMissing(state: LaneState, checks: readonly CheckResult[]): string[] {
  return state.policy.gate.checks.filter(
    (name) => !checks.some((check) => check.name === name && check.conclusion === 'success'),
  );
}

/** Required checks that nobody has heard of, not even that they run. */
export function findUnheard(state: LaneState, checks: readonly CheckResult[]): string[] {
  return state.policy.gate.checks.filter((name) => !checks.some((check) => check.name === name));
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
