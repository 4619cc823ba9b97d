/** Areas: where an issue declares no files, its labels may say which part of the repository it is about. */
import type { Observation } from '../lane/observation.ts';
import type { Policy } from '../policy.ts';
import { hashSpec } from './specification.ts';

type IssueSeen = Extract<Observation, { kind: 'issue' }>;

/**
 * The issue with the paths of its labels' areas as its owned files. What the text declares goes before; without
 * either, the task owns the whole repository.
 */
export function withAreas(policy: Policy, observation: IssueSeen): IssueSeen {
  const { seen } = observation;
  if (seen?.spec.kind !== 'ok' || seen.spec.spec.ownsDeclared) return observation;
  const labels = new Set(seen.labels.map((label) => label.trim().toLowerCase()));
  const paths = Object.entries(policy.areas).flatMap(([label, patterns]) =>
    labels.has(label.toLowerCase()) ? patterns : [],
  );
  if (paths.length === 0) return observation;
  const spec = { ...seen.spec.spec, owns: [...new Set(paths)].sort(), ownsDeclared: true };
  return { ...observation, seen: { ...seen, spec: { kind: 'ok', spec, hash: hashSpec(spec) } } };
}
