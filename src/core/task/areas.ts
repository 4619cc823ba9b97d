/** Areas: where an issue declares no files, its labels may say which part of the repository it is about. */
import type { Observation, SeenIssue } from '../lane/observation.ts';
import { isLive, type LaneState } from '../lane/state.ts';
import { hashSpec } from './specification.ts';

/** The paths of the areas that the labels name, sorted. */
export function areasIn({ policy }: LaneState, labels: readonly string[]): string[] {
  const said = new Set(labels.map((label) => label.trim().toLowerCase()));
  const paths = Object.entries(policy.areas).flatMap(([label, patterns]) =>
    said.has(label.toLowerCase()) ? patterns : [],
  );
  return [...new Set(paths)].sort();
}

/** The specification with the paths as its owned files, where its text declares none. */
export function inAreas(spec: SeenIssue['spec'], paths: string[]): SeenIssue['spec'] {
  if (spec.kind !== 'ok' || spec.spec.ownsDeclared || paths.length === 0) return spec;
  const owned = { ...spec.spec, owns: paths, ownsDeclared: true };
  return { kind: 'ok', spec: owned, hash: hashSpec(owned) };
}

/**
 * An issue's areas: those of its labels when the task was asked for. Later changes of labels or policy do not take
 * the files of work under way from under it; setting `agent-ready` anew does.
 */
export function areasOf(state: LaneState, issue: number, labels: readonly string[]): string[] {
  const task = state.tasks[issue];
  return task && isLive(task) ? task.areas : areasIn(state, labels);
}

/** The issue as it is understood in this lane: with the paths of its areas. */
export function withAreas(
  state: LaneState,
  observation: Extract<Observation, { kind: 'issue' }>,
): Extract<Observation, { kind: 'issue' }> {
  const { issue, seen } = observation;
  if (!seen) return observation;
  return { ...observation, seen: { ...seen, spec: inAreas(seen.spec, areasOf(state, issue, seen.labels)) } };
}
