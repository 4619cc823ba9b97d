/** What people can do by command: hold a task, freeze a lane, cancel while the label is still there; and how often they ask. */
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table task add column hold json, add column dismissed_at timestamptz`.execute(db);
  await sql`alter table lane add column frozen json, add column asked json not null default '{}'`.execute(db);
}
