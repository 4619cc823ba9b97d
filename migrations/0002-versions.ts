/** What a task's versions need: the text that was accepted, edits that nobody has accepted, prerequisites elsewhere. */
import { type Kysely, sql } from 'kysely';

const statements = sql`
alter table task
  add column blocked_elsewhere json not null default '[]',
  add column labelled_at text,
  add column text_at text,
  add column written_hash text,
  add column adjust json not null default '{"own":[],"disown":[],"depends":[],"independent":[]}',
  add column suspension json,
  add column change json,
  add column branch text,
  add column asked json not null default '[]';
update task set written_hash = spec_hash;
update task set branch = (
  select attempt.branch from attempt
  where attempt.installation_id = task.installation_id and attempt.lane_id = task.lane_id
    and attempt.issue = task.issue
  order by fence desc limit 1);
alter table task alter column written_hash set not null;
create table elsewhere (
  installation_id bigint not null,
  lane_id bigint not null,
  reference text not null,
  state text not null,
  primary key (installation_id, lane_id, reference),
  foreign key (installation_id, lane_id) references lane
)`;

export async function up(db: Kysely<unknown>): Promise<void> {
  await statements.execute(db);
}
