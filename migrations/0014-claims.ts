/** A claim is written down beside its attempt at once; the lane takes it in with whatever comes next. */
import { type Kysely, sql } from 'kysely';

const columns = sql`
alter table attempt add column taken_claim text;
alter table attempt add column taken_worker text;
create index attempt_free on attempt (agent, assigned_at) where current and claim_id is null and taken_claim is null`;

export async function up(db: Kysely<unknown>): Promise<void> {
  await columns.execute(db);
}
