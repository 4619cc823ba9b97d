/** The gate: several approvals for one task, what GitHub's rules ask for, and what else is known of a pull request. */
import { type Kysely, sql } from 'kysely';

const gate = sql`
alter table approval drop constraint approval_pkey;
alter table approval add primary key (installation_id, lane_id, issue, approved_by);
alter table approval add column source text not null default 'command';
alter table approval add column review bigint;
alter table approval add column epoch bigint not null default 0;
alter table approval add column owns json not null default '[]';
alter table lane add column required_checks json not null default '[]';
alter table pull add column gate json;
update pull set gate = json_build_object(
  'headAt', to_char(now() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
  'headVersion', (select version from task where task.installation_id = pull.installation_id
    and task.lane_id = pull.lane_id and task.issue = pull.issue),
  'headWork', '', 'forcePushes', 0, 'retargeted', null, 'objections', '[]'::json, 'overrides', '[]'::json,
  'spentReviews', '[]'::json, 'otherChecks', '[]'::json, 'opinion', null, 'answered', '[]'::json);
alter table pull alter column gate set not null;
update pull set verdict = null`;

export async function up(db: Kysely<unknown>): Promise<void> {
  await gate.execute(db);
}
