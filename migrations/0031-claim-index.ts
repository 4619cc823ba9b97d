/** A claim that is repeated finds its attempt among the present ones without looking through them. */
import { type Kysely, sql } from 'kysely';

const index = sql`create index attempt_claim on attempt (coalesce(taken_claim, claim_id)) where current`;

export async function up(db: Kysely<unknown>): Promise<void> {
  await index.execute(db);
}
