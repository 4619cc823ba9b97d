/** Tokens of people who let Signalbox assign agents in their name, sealed. */
import { type Kysely, sql } from 'kysely';

const tables = sql`
create table user_token (
  user_id bigint primary key,
  login text not null,
  sealed text not null,
  access_until timestamptz,
  updated_at timestamptz not null default now()
);
create index user_token_login on user_token (lower(login))`;

export async function up(db: Kysely<unknown>): Promise<void> {
  await tables.execute(db);
}
