/** The id that is in everything that has to do with one request: comments, commits, briefs, logs and the journal. */
import type { Kysely } from 'kysely';
import type { LaneKey } from '../core/ids.ts';
import type { DB } from './schema.ts';

/** The correlation id of the issue's task; null when the issue is none. */
export async function readCorrelationId(
  db: Kysely<DB>,
  key: LaneKey,
  issue: number | null,
): Promise<string | null> {
  if (issue === null) return null;
  const row = await db
    .selectFrom('task')
    .select('correlation_id')
    .where((eb) => eb.and({ installation_id: key.installationId, lane_id: key.laneId, issue }))
    .executeTakeFirst();
  return row?.correlation_id ?? null;
}
