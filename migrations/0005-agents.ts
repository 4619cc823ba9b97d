/** Agents: who they are, what they have called, what they have saved, and the GitHub tokens they were handed. */
import { type Kysely, sql } from 'kysely';

const tables = sql`
create table agent_token (
  token_id bigint generated always as identity primary key,
  agent text not null,
  hash text not null unique,
  repo_ids json,
  note text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  revoked_at timestamptz,
  last_used_at timestamptz
);
create table agent_call (
  installation_id bigint not null,
  lane_id bigint not null,
  fence bigint not null,
  sequence bigint not null,
  hash text not null,
  answer json not null,
  called_at timestamptz not null default now(),
  primary key (installation_id, lane_id, fence, sequence),
  foreign key (installation_id, lane_id, fence) references attempt
);
create table checkpoint (
  installation_id bigint not null,
  lane_id bigint not null,
  fence bigint not null,
  head text not null,
  bundle bytea not null,
  late boolean not null,
  saved_at timestamptz not null default now(),
  primary key (installation_id, lane_id, fence, late),
  foreign key (installation_id, lane_id, fence) references attempt
);
alter table checkpoint alter column bundle set storage external;
create table handed_token (
  handed_id bigint generated always as identity primary key,
  installation_id bigint not null,
  lane_id bigint not null,
  fence bigint not null,
  sealed text not null,
  expires_at timestamptz not null,
  due_at timestamptz not null default now(),
  foreign key (installation_id, lane_id, fence) references attempt
);
create index handed_token_attempt on handed_token (installation_id, lane_id, fence);
alter table attempt add column run_id bigint;
alter table attempt add column asked json not null default '[]';
alter table presence add column repo_ids json`;

export async function up(db: Kysely<unknown>): Promise<void> {
  await tables.execute(db);
}
