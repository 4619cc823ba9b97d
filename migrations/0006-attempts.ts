/** Attempts: what they show of themselves, what they used, what tasks remember of them, and how agents fare. */
import { type Kysely, sql } from 'kysely';

const columns = sql`
alter table attempt add column head text;
alter table attempt add column moved_at timestamptz;
alter table attempt add column is_running boolean not null default false;
alter table attempt add column extended_at timestamptz;
alter table attempt add column tokens double precision not null default 0;
alter table attempt add column usd double precision not null default 0;
alter table attempt add column warned boolean not null default false;
alter table task add column record json not null default
  '{"used":0,"infraInRow":0,"notBefore":null,"afresh":false,"endings":[],"spent":{"minutes":0,"tokens":0,"usd":0},
  "forgiven":{"minutes":0,"tokens":0,"usd":0},"escalations":0,"guidance":[],"late":[],"grace":null}';
alter table lane add column health json not null default '{}';
alter table lane add column spending json not null default '{"day":"","agents":{}}';
alter table journal add column correlation_id text;
create index journal_correlation on journal (correlation_id) where correlation_id is not null;
drop index task_live;
create index task_live on task (installation_id, lane_id) where state not in ('completed', 'cancelled')`;

export async function up(db: Kysely<unknown>): Promise<void> {
  await columns.execute(db);
}
