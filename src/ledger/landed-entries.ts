/** What has landed lately, for looking at what a new change does to it. */
import { type Kysely, sql } from 'kysely';
import type { LaneKey } from '../core/ids.ts';
import type { BuildEntry } from '../core/lane/queue-state.ts';
import type { DB } from './schema.ts';

export interface LandedEntry extends BuildEntry {
  /** The base commit that it landed on. */
  baseSha: string;
}

/** The entries of the newest landings, newest first. */
export async function landedEntries(db: Kysely<DB>, key: LaneKey, most: number): Promise<LandedEntry[]> {
  const rows = await db
    .selectFrom('landing')
    .innerJoin('build', (join) =>
      join
        .onRef('build.installation_id', '=', 'landing.installation_id')
        .onRef('build.lane_id', '=', 'landing.lane_id')
        .on(sql`build.number`, '=', sql.ref('landing.build')),
    )
    .select(['landing.entries', 'build.base_sha'])
    .where('landing.installation_id', '=', key.installationId)
    .where('landing.lane_id', '=', key.laneId)
    .orderBy('landing.build', 'desc')
    .limit(most)
    .execute();
  return rows
    .flatMap((row) =>
      (row.entries as unknown as BuildEntry[]).map((entry) => ({ ...entry, baseSha: row.base_sha })),
    )
    .slice(0, most);
}
