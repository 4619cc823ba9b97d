/**
 * Entries whose pull request is not what was approved any more, though no event has told of it: before they are built
 * and before they land, GitHub is asked once more.
 */
import type { Fact } from '../core/lane/facts.ts';
import { interpret } from '../core/lane/interpret.ts';
import type { Observation } from '../core/lane/observation.ts';
import type { BuildEntry } from '../core/lane/queue-state.ts';
import type { LaneState } from '../core/lane/state.ts';
import { fetchPull } from '../github/fetch-pull.ts';
import type { LaneContext } from './context.ts';

/** News after which an entry is another one, or none. */
const telling: ReadonlySet<Fact['kind']> = new Set(['head-moved', 'pull-closed', 'pull-retargeted']);

/** What was seen of each such pull request, for the lane to take in; empty when all are as approved. */
export async function findOutdated(
  ctx: LaneContext,
  state: LaneState,
  entries: readonly BuildEntry[],
): Promise<Extract<Observation, { kind: 'pull' }>[]> {
  const seen = await Promise.all(
    entries.map(async ({ issue, pull }) => {
      if (state.tasks[issue]?.pull?.number !== pull) return [];
      const found = await fetchPull(ctx.client, ctx.repo, pull);
      if (found === null) return [];
      const observation = { kind: 'pull' as const, issue, seen: { ...found, base: found.baseRef } };
      return interpret(state, observation).some(({ kind }) => telling.has(kind)) ? [observation] : [];
    }),
  );
  return seen.flat();
}
