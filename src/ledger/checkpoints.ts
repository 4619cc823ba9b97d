/** Checkpoints: the newest git bundle of each attempt, so that work outlives the worker that did it. */
import { type Kysely, sql } from 'kysely';
import type { AttemptKey } from './agent-calls.ts';
import type { DB } from './schema.ts';

export interface Checkpoint {
  attempt: number;
  fence: number;
  head: string;
  bytes: number;
  savedAt: string;
}

/**
 * Keeps a bundle in place of the attempt's earlier one.
 * @param late the attempt had ended already: it is kept for a person and taken up by nobody
 */
export async function saveCheckpoint(
  db: Kysely<DB>,
  key: AttemptKey,
  saved: { head: string; bundle: Buffer; late: boolean },
): Promise<void> {
  const row = {
    installation_id: key.installationId,
    lane_id: key.laneId,
    fence: key.fence,
    ...saved,
    saved_at: sql<Date>`now()`,
  };
  await db
    .insertInto('checkpoint')
    .values(row)
    .onConflict((oc) => oc.columns(['installation_id', 'lane_id', 'fence', 'late']).doUpdateSet(row))
    .execute();
}

/** The checkpoints that one agent has saved of a task at one version. */
const ofAgent = (
  db: Kysely<DB>,
  { installationId, laneId, issue }: Omit<AttemptKey, 'fence'>,
  agent: string,
  version: number,
) =>
  db
    .selectFrom('checkpoint as c')
    .innerJoin('attempt as a', (join) =>
      join
        .onRef('a.installation_id', '=', 'c.installation_id')
        .onRef('a.lane_id', '=', 'c.lane_id')
        .onRef('a.fence', '=', 'c.fence'),
    )
    .where('c.installation_id', '=', installationId)
    .where('c.lane_id', '=', laneId)
    .where('a.issue', '=', issue)
    .where('a.agent', '=', agent)
    .where('a.version', '=', version)
    .where('c.late', '=', false)
    .orderBy('c.fence', 'desc')
    .limit(1);

/** The newest checkpoint of a task by this agent at this version, without its bundle; null when there is none. */
export async function findCheckpoint(
  db: Kysely<DB>,
  key: Omit<AttemptKey, 'fence'>,
  agent: string,
  version: number,
): Promise<Checkpoint | null> {
  const row = await ofAgent(db, key, agent, version)
    .select(['a.number', 'c.fence', 'c.head', 'c.saved_at'])
    .select(sql<number>`octet_length(c.bundle)`.as('bytes'))
    .executeTakeFirst();
  if (!row) return null;
  const { number, fence, head, bytes, saved_at } = row;
  return { attempt: number, fence, head, bytes, savedAt: saved_at.toISOString() };
}

/** The bundle of that checkpoint. */
export async function readBundle(
  db: Kysely<DB>,
  key: Omit<AttemptKey, 'fence'>,
  agent: string,
  version: number,
): Promise<{ attempt: number; head: string; bundle: Buffer } | null> {
  const row = await ofAgent(db, key, agent, version)
    .select(['a.number', 'c.head', 'c.bundle'])
    .executeTakeFirst();
  return row ? { attempt: row.number, head: row.head, bundle: row.bundle } : null;
}
