/** What labels and commands say about a task, and how often each waiting task was passed over. */
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table task
    add column labels json not null default '[]',
    add column areas json not null default '[]',
    add column routing json not null default '{"priority":null,"agent":null}'`.execute(db);
  await sql`alter table lane add column passed_over json not null default '{}'`.execute(db);
  // A task's claims, and its collisions, are found without looking through those of all others.
  await sql`create index claim_of_task on claim (installation_id, lane_id, issue) where active`.execute(db);
  await sql`create index collision_b on collision (installation_id, lane_id, b)`.execute(db);
  await sql`create index collision_unannounced on collision (installation_id, lane_id) where announced_at is null`.execute(
    db,
  );
}
