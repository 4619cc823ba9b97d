/** Checkpoints: the newest git bundle of each attempt, so that work outlives the worker that did it. */
import { type Kysely, sql } from 'kysely';
import type { LaneKey } from '../core/ids.ts';
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
    // What a failed attempt made is not what the next one is to start from.
    .where(
      sql<boolean>`c.fence > coalesce((
        select max((e->>'fence')::bigint) from task t, json_array_elements(t.record->'endings') e
        where t.installation_id = c.installation_id and t.lane_id = c.lane_id and t.issue = a.issue
          and e->>'end' = 'semantic'), 0)`,
    )
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

/** The late bundle of the attempt with this fence; null when there is none. */
export async function readLateBundle(
  db: Kysely<DB>,
  { installationId, laneId }: LaneKey,
  fence: number,
): Promise<Buffer | null> {
  const row = await db
    .selectFrom('checkpoint')
    .select('bundle')
    .where((eb) => eb.and({ installation_id: installationId, lane_id: laneId, fence, late: true }))
    .executeTakeFirst();
  return row?.bundle ?? null;
}

/** The bundles that are kept of a task, oldest attempt first. */
export async function listBundles(
  db: Kysely<DB>,
  { owner, repo, issue }: { owner: string; repo: string; issue: number },
): Promise<(Omit<Checkpoint, 'bytes'> & { late: boolean; bundle: Buffer })[]> {
  const rows = await db
    .selectFrom('checkpoint as c')
    .innerJoin('attempt as a', (join) =>
      join
        .onRef('a.installation_id', '=', 'c.installation_id')
        .onRef('a.lane_id', '=', 'c.lane_id')
        .onRef('a.fence', '=', 'c.fence'),
    )
    .innerJoin('lane as l', (join) =>
      join.onRef('l.installation_id', '=', 'c.installation_id').onRef('l.lane_id', '=', 'c.lane_id'),
    )
    .select(['a.number', 'c.fence', 'c.head', 'c.late', 'c.bundle', 'c.saved_at'])
    .where(sql<boolean>`lower(l.owner) = lower(${owner}) and lower(l.repo) = lower(${repo})`)
    .where('a.issue', '=', issue)
    .orderBy('c.fence')
    .orderBy('c.late')
    .execute();
  return rows.map(({ number, fence, head, late, bundle, saved_at }) => ({
    attempt: number,
    fence,
    head,
    late,
    bundle,
    savedAt: saved_at.toISOString(),
  }));
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
