/** The queue: several builds at once, what each is for and what it taught, landings with their audit. */
import { type Kysely, sql } from 'kysely';

const builds = sql`
drop index build_active;
alter table build
  add column purpose text not null default 'train',
  add column base bigint not null default 0,
  add column parent bigint,
  add column steps json not null default '[]',
  add column ended_at timestamptz,
  add column open boolean not null default false,
  add column tries bigint not null default 0,
  add column flight json;
update build set open = state in ('preparing', 'testing');
create unique index build_landing on build (installation_id, lane_id) where state = 'landing';
create index build_open on build (installation_id, lane_id) where open;
alter table entry
  add column base bigint not null default 0,
  add column "group" text not null default '',
  add column paths json not null default '[]',
  add column conflicts json not null default '[]';
alter table lane add column queue json`;

/** A landing whose sum was not tested as a whole says so; all others are still held to their tested tree. */
const landings = sql`
alter table landing
  add column exact boolean not null default true,
  add column position bigint not null default 0,
  add column blobs json,
  add column audit json;
alter table landing drop constraint landed_tree_was_tested;
alter table landing add constraint landed_tree_was_tested check (tree = tested_tree or not exact)`;

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statements of [builds, landings]) await statements.execute(db);
}
