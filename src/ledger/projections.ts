/** Projections: what was last published of a task, so that only differences are published. */
import type { Kysely } from 'kysely';
import type { LaneKey } from '../core/ids.ts';
import type { Fact } from '../core/lane/facts.ts';
import type { DB } from './schema.ts';

export type ProjectionKind = 'issue-comment' | 'pull-comment' | 'arbiter-check' | 'queue-check' | 'labels';

export interface Published {
  hash: string;
  githubId: number | null;
}

const columns = (key: LaneKey) => ({ installation_id: key.installationId, lane_id: key.laneId });

/** Tasks that changed since they were last published, and the journal's length that their change stands for. */
export async function tasksToPublish(
  db: Kysely<DB>,
  key: LaneKey,
): Promise<{ issue: number; seq: number }[]> {
  const rows = await db
    .selectFrom('task')
    .select(['issue', 'changed_seq as seq'])
    .where((eb) => eb.and(columns(key)))
    .whereRef('changed_seq', '>', 'published_seq')
    .orderBy('issue')
    .execute();
  return rows;
}

/** Notes that a task has been published as of `seq`; changes that came later stay to be published. */
export async function notePublished(db: Kysely<DB>, key: LaneKey, issue: number, seq: number): Promise<void> {
  await db
    .updateTable('task')
    .set({ published_seq: seq })
    .where((eb) => eb.and({ ...columns(key), issue }))
    .where('published_seq', '<', seq)
    .execute();
}

export async function readProjection(
  db: Kysely<DB>,
  key: LaneKey,
  kind: ProjectionKind,
  subject: string,
): Promise<Published | null> {
  const row = await db
    .selectFrom('projection')
    .select(['hash', 'github_id'])
    .where((eb) => eb.and({ ...columns(key), kind, subject }))
    .executeTakeFirst();
  return row ? { hash: row.hash, githubId: row.github_id } : null;
}

export async function saveProjection(
  db: Kysely<DB>,
  key: LaneKey,
  kind: ProjectionKind,
  subject: string,
  published: Published,
): Promise<void> {
  const row = { ...columns(key), kind, subject, hash: published.hash, github_id: published.githubId };
  await db
    .insertInto('projection')
    .values(row)
    .onConflict((oc) => oc.columns(['installation_id', 'lane_id', 'kind', 'subject']).doUpdateSet(row))
    .execute();
}

/** The newest facts about an issue, newest first. */
export async function recentFacts(
  db: Kysely<DB>,
  key: LaneKey,
  issue: number,
  limit: number,
): Promise<Fact[]> {
  const rows = await db
    .selectFrom('journal')
    .select('fact')
    .where((eb) => eb.and({ ...columns(key), issue }))
    .orderBy('seq', 'desc')
    .limit(limit)
    .execute();
  return rows.map((row) => row.fact as unknown as Fact);
}

/** All facts of a lane in order, for replaying them. */
export async function readJournal(db: Kysely<DB>, key: LaneKey): Promise<Fact[]> {
  const rows = await db
    .selectFrom('journal')
    .select('fact')
    .where((eb) => eb.and(columns(key)))
    .orderBy('seq')
    .execute();
  return rows.map((row) => row.fact as unknown as Fact);
}
