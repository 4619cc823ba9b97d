/** What a planner would have a task split into, and which attempts are for plans. */
import { type Kysely, sql } from 'kysely';

const columns = sql`
alter table task add column split json;
alter table attempt add column job text not null default 'work'`;

export async function up(db: Kysely<unknown>): Promise<void> {
  await columns.execute(db);
}
