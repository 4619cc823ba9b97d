/** Projections: what was last published of a task, so that only differences are published. */
import { type Kysely, sql } from 'kysely';
import type { LaneKey } from '../core/ids.ts';
import type { DB } from './schema.ts';

export type ProjectionKind =
  | 'issue-comment'
  | 'pull-comment'
  | 'arbiter-check'
  | 'queue-check'
  | 'policy-check'
  | 'labels';

export interface Published {
  hash: string;
  /** What it became on GitHub; `isNew` for as long as GitHub's readers may lag behind. Null for labels. */
  known: { id: number; isNew: boolean } | null;
}

/** GitHub's reads lag behind its writes by seconds; minutes are on the safe side. */
const newForMinutes = 5;

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

/**
 * Has tasks that wait for something published afresh when a time that the lane waited for has come: what they wait on
 * may read differently then, though no fact says so. Call it before the lane is advanced, which sets the next such time.
 */
export async function republishWaiting(db: Kysely<DB>, key: LaneKey): Promise<void> {
  await db
    .updateTable('task')
    .set({ published_seq: 0 })
    .where((eb) => eb.and(columns(key)))
    .where('state', 'in', ['waiting', 'in-review', 'approved'])
    .where((eb) =>
      eb.exists(
        eb
          .selectFrom('lane')
          .select('lane_id')
          .where((lane) => lane.and(columns(key)))
          .where('wake_at', '<=', sql<Date>`now()`),
      ),
    )
    .execute();
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
    .select(sql<boolean>`posted_at > now() - make_interval(mins => ${newForMinutes})`.as('is_new'))
    .where((eb) => eb.and({ ...columns(key), kind, subject }))
    .executeTakeFirst();
  if (!row) return null;
  return { hash: row.hash, known: row.github_id === null ? null : { id: row.github_id, isNew: row.is_new } };
}

/** Notes what was published. `posted_at` stays that of the first time for the same comment or check. */
export async function saveProjection(
  db: Kysely<DB>,
  key: LaneKey,
  kind: ProjectionKind,
  subject: string,
  published: { hash: string; githubId: number | null },
): Promise<void> {
  const { hash, githubId } = published;
  await db
    .insertInto('projection')
    .values({ ...columns(key), kind, subject, hash, github_id: githubId })
    .onConflict((oc) =>
      oc.columns(['installation_id', 'lane_id', 'kind', 'subject']).doUpdateSet({
        hash,
        github_id: githubId,
        posted_at: sql`case when projection.github_id = excluded.github_id then projection.posted_at else now() end`,
      }),
    )
    .execute();
}
