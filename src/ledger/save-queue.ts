/** Writes a lane's builds and landings: those that are new, and those that have changed. */
import type { Insertable } from 'kysely';
import type { LaneState } from '../core/lane/state.ts';
import { ids, json } from './lane-columns.ts';
import type { LaneLock } from './load-lane.ts';
import type { DB } from './schema.ts';

export async function saveBuilds(lock: LaneLock, before: LaneState, after: LaneState): Promise<void> {
  const changed = Object.values(after.builds)
    .filter((build) => before.builds[build.number] !== build)
    // Only one build may be landing at a time: one that has ended makes room first.
    .sort((a, b) => Number(a.state === 'landing') - Number(b.state === 'landing'));
  for (const build of changed) {
    const row: Insertable<DB['build']> = {
      ...ids(lock),
      number: build.number,
      state: build.state,
      purpose: build.purpose,
      base: build.base,
      base_sha: build.baseSha,
      parent: build.parent,
      entries: json(build.entries),
      sha: build.sha,
      tree: build.tree,
      steps: json(build.steps),
      checks: json(build.checks),
      started_at: build.startedAt,
      ended_at: build.endedAt,
      reason: build.reason,
      open: build.open,
      tries: build.tries,
      flight: build.flight ? json(build.flight) : null,
    };
    await lock.trx
      .insertInto('build')
      .values(row)
      .onConflict((oc) => oc.columns(['installation_id', 'lane_id', 'number']).doUpdateSet(row))
      .execute();
  }
}

export async function saveLandings(lock: LaneLock, before: LaneState, after: LaneState): Promise<void> {
  const known = new Set(before.landings);
  for (const landing of after.landings.filter((each) => !known.has(each))) {
    const row: Insertable<DB['landing']> = {
      ...ids(lock),
      build: landing.build,
      sha: landing.sha,
      tree: landing.tree,
      tested_sha: landing.testedSha,
      tested_tree: landing.testedTree,
      entries: json(landing.entries),
      landed_at: landing.at,
      exact: landing.exact,
      position: landing.position,
      blobs: landing.blobs ? json(landing.blobs) : null,
      audit: landing.audit ? json(landing.audit) : null,
    };
    await lock.trx
      .insertInto('landing')
      .values(row)
      .onConflict((oc) => oc.columns(['installation_id', 'lane_id', 'build']).doUpdateSet(row))
      .execute();
  }
}
