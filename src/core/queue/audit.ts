/** The audit of landings: whether the patches that landed before are still there (I11). */
import type { Landing, VanishedPatch } from '../lane/queue-state.ts';
import type { LaneState } from '../lane/state.ts';

/** Landings that are looked back at. A snapshot holds at least this many. */
export const landingsAudited = 10;

/** Paths of one landing whose content is kept. */
export const mostBlobs = 300;

/**
 * The landings whose patches must still be in this one, without what landings in between have changed as well. A
 * push from outside ends the look back, for nobody knows what it was to change; so does a landing of unknown paths.
 */
export function auditedAgainst({ landings }: Pick<LaneState, 'landings'>, landing: Landing): Landing[] {
  const earlier = landings.filter(({ position }) => position < landing.position);
  const found: Landing[] = [];
  const touched = new Set(Object.keys(landing.blobs ?? {}));
  let position = landing.position - landing.entries.length;
  for (const each of earlier.slice(-landingsAudited).reverse()) {
    if (each.position !== position || each.blobs === null) break;
    const left = Object.entries(each.blobs).filter(([path]) => !touched.has(path));
    for (const path of Object.keys(each.blobs)) touched.add(path);
    if (left.length > 0) found.push({ ...each, blobs: Object.fromEntries(left) });
    position = each.position - each.entries.length;
  }
  return found.reverse();
}

/** The patches that are missing from a tree, given by the ids of its files. */
export function findVanished(
  against: readonly Pick<Landing, 'build' | 'blobs'>[],
  files: ReadonlyMap<string, string>,
): VanishedPatch[] {
  return against.flatMap(({ build, blobs }) =>
    Object.entries(blobs ?? {})
      .filter(([path, blob]) => (files.get(path) ?? null) !== blob)
      .map(([path]) => ({ build, path })),
  );
}
