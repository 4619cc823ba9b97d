import { type Kysely, sql } from 'kysely';

/** Finds the lanes with comments to write without reading every task there ever was. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create index task_unpublished on task (installation_id, lane_id) where changed_seq > published_seq`.execute(
    db,
  );
}
