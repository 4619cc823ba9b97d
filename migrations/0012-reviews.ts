import { type Kysely, sql } from 'kysely';

/** Who is giving a second opinion on which head, and what was answered. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create table review_claim (
    installation_id bigint not null,
    lane_id bigint not null,
    issue integer not null,
    head_sha text not null,
    version integer not null,
    agent text not null,
    worker text not null,
    claim_id text not null,
    until timestamptz not null,
    hash text,
    answer json,
    primary key (installation_id, lane_id, issue),
    foreign key (installation_id, lane_id, issue) references task
  )`.execute(db);
}
