/** Where a pull request has landed, and what has landed since. */
import { type Kysely, sql } from 'kysely';
import type { LaneKey } from '../core/ids.ts';
import type { BuildEntry } from '../core/lane/queue-state.ts';
import type { DB } from './schema.ts';

export interface LandingOfPull {
  entry: BuildEntry;
  /** The base branch right before and right after this entry. */
  before: string;
  after: string;
  exact: boolean;
  /** Issues that landed after it, oldest first, those of the same landing included. */
  later: number[];
}

/** Landings after it that are looked through. */
const mostLater = 200;

/** The newest landing of a PR; null when it has not landed through the queue. */
export async function landingOfPull(
  db: Kysely<DB>,
  key: LaneKey,
  pull: number,
): Promise<LandingOfPull | null> {
  const landings = db
    .selectFrom('landing')
    .where('landing.installation_id', '=', key.installationId)
    .where('landing.lane_id', '=', key.laneId);
  const landing = await landings
    .innerJoin('build', (join) =>
      join
        .onRef('build.installation_id', '=', 'landing.installation_id')
        .onRef('build.lane_id', '=', 'landing.lane_id')
        .on(sql`build.number`, '=', sql.ref('landing.build')),
    )
    .select([
      'landing.position',
      'landing.exact',
      'landing.entries',
      'build.steps',
      'build.base_sha',
      'build.entries as built',
    ])
    .where(
      sql<boolean>`exists (select from json_array_elements(landing.entries) as e where (e->>'pull')::bigint = ${pull})`,
    )
    .orderBy('landing.position', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (!landing) return null;
  // Written by this room alone, from these types.
  const built = landing.built as unknown as BuildEntry[];
  const steps = landing.steps as unknown as string[];
  const place = built.findIndex((entry) => entry.pull === pull);
  const entry = built[place];
  const after = steps[place];
  if (!entry || after === undefined) return null;
  const since = await landings
    .select('landing.entries')
    .where('landing.position', '>', landing.position)
    .orderBy('landing.position')
    .limit(mostLater)
    .execute();
  const beside = (landing.entries as unknown as BuildEntry[]).filter((each) => isAfter(built, each, place));
  const others = since.flatMap(({ entries }) => entries as unknown as BuildEntry[]);
  return {
    entry,
    before: steps[place - 1] ?? landing.base_sha,
    after,
    exact: landing.exact,
    later: [...beside, ...others].map(({ issue }) => issue),
  };
}

function isAfter(built: readonly BuildEntry[], { pull }: BuildEntry, place: number): boolean {
  return built.findIndex((entry) => entry.pull === pull) > place;
}
