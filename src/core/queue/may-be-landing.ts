import type { LaneState } from '../lane/state.ts';

/**
 * Whether a candidate with this issue's PR is on its way to the base branch: from then on only the effect that moves
 * the branch knows what became of it, and nothing may take the task away from under it.
 */
export function mayBeLanding(state: LaneState, issue: number): boolean {
  return Object.values(state.builds).some(
    (build) => build.state === 'landing' && build.flight?.entries.some((entry) => entry.issue === issue),
  );
}
