/** Areas: where an issue declares no files, its labels may say which part of the repository it is about. */

import { patternsOwnedBy } from '../gate/codeowners.ts';
import type { Observation, SeenIssue } from '../lane/observation.ts';
import { type LaneState, mayGoOn } from '../lane/state.ts';
import { ownerPrefix, type Policy } from '../policy.ts';
import { hashSpec } from './specification.ts';

/** The owners that areas leave it to CODEOWNERS to speak for. */
export function ownersInAreas(policy: Policy): string[] {
  const references = Object.values(policy.areas).flat();
  return references.flatMap((each) => (each.startsWith(ownerPrefix) ? [each.slice(ownerPrefix.length)] : []));
}

/** The policy with what CODEOWNERS gives to the owners that its areas name; an owner of nothing adds nothing. */
export function resolveAreas(policy: Policy, codeowners: string): Policy {
  const resolve = (entry: string): string[] =>
    entry.startsWith(ownerPrefix) ? patternsOwnedBy(codeowners, entry.slice(ownerPrefix.length)) : [entry];
  const areas = Object.entries(policy.areas).map(([label, entries]) => [
    label,
    [...new Set(entries.flatMap(resolve))],
  ]);
  return { ...policy, areas: Object.fromEntries(areas) };
}

/** The paths of the areas that the labels name, sorted. */
export function areasIn({ policy }: LaneState, labels: readonly string[]): string[] {
  const said = new Set(labels.map((label) => label.trim().toLowerCase()));
  const paths = Object.entries(policy.areas).flatMap(([label, patterns]) =>
    // A dry run knows no CODEOWNERS.
    said.has(label.toLowerCase()) ? patterns.filter((each) => !each.startsWith(ownerPrefix)) : [],
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
  return task && mayGoOn(task) ? task.areas : areasIn(state, labels);
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
