/** The ledger: deliveries, lanes with their journal and state, effects, and who may touch which paths. */
import { type Kysely, sql } from 'kysely';

const laneTables = sql`
create table lane (
  installation_id bigint not null,
  lane_id bigint generated always as identity,
  repo_id bigint not null,
  owner text not null,
  repo text not null,
  base text not null,
  base_sha text,
  policy json,
  policy_hash text,
  policy_problem text,
  next_fence bigint not null default 1,
  next_build bigint not null default 1,
  next_entry bigint not null default 1,
  journal_seq bigint not null default 0,
  wake_at timestamptz,
  swept_at timestamptz,
  comments_since timestamptz,
  paused text,
  runner text,
  runner_until timestamptz,
  primary key (installation_id, lane_id),
  unique (installation_id, repo_id, base)
);
create table journal (
  installation_id bigint not null,
  lane_id bigint not null,
  seq bigint not null,
  at timestamptz not null,
  kind text not null,
  issue bigint,
  fact json not null,
  primary key (installation_id, lane_id, seq),
  foreign key (installation_id, lane_id) references lane
);
create index journal_issue on journal (installation_id, lane_id, issue, seq desc);
create table task (
  installation_id bigint not null,
  lane_id bigint not null,
  issue bigint not null,
  title text not null,
  state text not null,
  version bigint not null,
  spec json not null,
  spec_hash text not null,
  blocked_by json not null,
  requested_by text not null,
  requested_at timestamptz not null,
  held boolean not null,
  hidden bigint not null,
  correlation_id text not null,
  attempts bigint not null,
  claims json not null,
  ejected_head text,
  escalation json,
  last_reason text,
  since timestamptz not null,
  started_at timestamptz,
  landed_at timestamptz,
  landed_as text,
  changed_seq bigint not null default 0,
  published_seq bigint not null default 0,
  primary key (installation_id, lane_id, issue),
  foreign key (installation_id, lane_id) references lane
);
create index task_live on task (installation_id, lane_id) where state not in ('completed', 'cancelled', 'failed');
create table task_version (
  installation_id bigint not null,
  lane_id bigint not null,
  issue bigint not null,
  version bigint not null,
  spec json not null,
  spec_hash text not null,
  accepted_at timestamptz not null,
  primary key (installation_id, lane_id, issue, version),
  foreign key (installation_id, lane_id, issue) references task
);
create table attempt (
  installation_id bigint not null,
  lane_id bigint not null,
  fence bigint not null,
  issue bigint not null,
  number bigint not null,
  version bigint not null,
  agent text not null,
  via text not null,
  branch text not null,
  base_sha text not null,
  opened_sha text,
  claim_id text,
  worker text,
  assigned_at timestamptz not null,
  started_at timestamptz,
  current boolean not null,
  lease_until timestamptz,
  primary key (installation_id, lane_id, fence),
  foreign key (installation_id, lane_id, issue) references task
);
create unique index attempt_current on attempt (installation_id, lane_id, issue) where current;
create table pull (
  installation_id bigint not null,
  lane_id bigint not null,
  issue bigint not null,
  number bigint not null,
  head_sha text not null,
  draft boolean not null,
  open boolean not null,
  merged boolean not null,
  checks json not null,
  verdict json,
  primary key (installation_id, lane_id, issue),
  unique (installation_id, lane_id, number),
  foreign key (installation_id, lane_id, issue) references task
);
create table approval (
  installation_id bigint not null,
  lane_id bigint not null,
  issue bigint not null,
  head_sha text not null,
  version bigint not null,
  policy_hash text not null,
  approved_by text not null,
  approved_at timestamptz not null,
  primary key (installation_id, lane_id, issue),
  foreign key (installation_id, lane_id, issue) references task
);
create table entry (
  installation_id bigint not null,
  lane_id bigint not null,
  issue bigint not null,
  head_sha text not null,
  entered_at timestamptz not null,
  arrival bigint not null,
  primary key (installation_id, lane_id, issue),
  foreign key (installation_id, lane_id, issue) references task
);
create table collision (
  installation_id bigint not null,
  lane_id bigint not null,
  a bigint not null,
  b bigint not null,
  paths json not null,
  foreseen_at timestamptz not null,
  announced_at timestamptz,
  primary key (installation_id, lane_id, a, b),
  check (a < b)
);
create table build (
  installation_id bigint not null,
  lane_id bigint not null,
  number bigint not null,
  state text not null,
  base_sha text not null,
  entries json not null,
  sha text,
  tree text,
  checks json not null,
  started_at timestamptz not null,
  reason text,
  primary key (installation_id, lane_id, number),
  foreign key (installation_id, lane_id) references lane
);
create unique index build_active on build (installation_id, lane_id)
  where state in ('preparing', 'testing', 'passed');
create table landing (
  installation_id bigint not null,
  lane_id bigint not null,
  build bigint not null,
  sha text not null,
  tree text not null,
  tested_sha text not null,
  tested_tree text not null,
  entries json not null,
  landed_at timestamptz not null,
  primary key (installation_id, lane_id, build),
  foreign key (installation_id, lane_id, build) references build,
  constraint landed_tree_was_tested check (tree = tested_tree)
);
create table refusal (
  installation_id bigint not null,
  lane_id bigint not null,
  issue bigint not null,
  why text not null,
  primary key (installation_id, lane_id, issue),
  foreign key (installation_id, lane_id) references lane
);
create table prerequisite (
  installation_id bigint not null,
  lane_id bigint not null,
  issue bigint not null,
  state text not null,
  primary key (installation_id, lane_id, issue),
  foreign key (installation_id, lane_id) references lane
)`;

/** Every claim is a subtree of paths as a byte range, so that the database itself refuses an overlap (I3). */
const claims = sql`
create extension if not exists btree_gist;
create type path_range as range (subtype = text, collation = "C");
create function path_span(path text) returns path_range language sql immutable parallel safe as
$$ select case when path = '' then path_range(null, null) else path_range(path || '/', path || '0') end $$;
create table claim (
  claim_id bigint generated always as identity primary key,
  installation_id bigint not null,
  lane_id bigint not null,
  issue bigint not null,
  fence bigint not null,
  path text collate "C" not null check (path = '' or path !~ '(^|/)(\\.\\.?)?(/|$)'),
  span path_range generated always as (path_span(path)) stored,
  active boolean not null default true,
  foreign key (installation_id, lane_id, issue) references task,
  constraint claim_overlaps_no_other
    exclude using gist (installation_id with =, lane_id with =, span with &&) where (active)
)`;

const boundary = sql`
create table delivery (
  guid text primary key,
  event text not null,
  payload text storage external not null,
  received_at timestamptz not null default now(),
  lease_until timestamptz,
  tries bigint not null default 0,
  processed_at timestamptz,
  problem text
);
create index delivery_open on delivery (received_at) where processed_at is null;
create sequence look_ticket;
create table look (
  installation_id bigint not null,
  lane_id bigint not null,
  kind text not null,
  subject text not null,
  ticket bigint not null default nextval('look_ticket'),
  due_at timestamptz not null default now(),
  tries bigint not null default 0,
  again bigint not null default 0,
  problem text,
  primary key (installation_id, lane_id, kind, subject),
  foreign key (installation_id, lane_id) references lane
);
create table seen (
  installation_id bigint not null,
  lane_id bigint not null,
  subject text not null,
  ticket bigint not null,
  primary key (installation_id, lane_id, subject),
  foreign key (installation_id, lane_id) references lane
);
create table effect (
  effect_id bigint generated always as identity primary key,
  installation_id bigint not null,
  lane_id bigint not null,
  key text not null,
  kind text not null,
  detail json not null,
  due_at timestamptz not null default now(),
  tries bigint not null default 0,
  lease text,
  lease_until timestamptz,
  done_at timestamptz,
  problem text,
  unique (installation_id, lane_id, key),
  foreign key (installation_id, lane_id) references lane
);
create index effect_due on effect (installation_id, lane_id, due_at) where done_at is null;
create table projection (
  installation_id bigint not null,
  lane_id bigint not null,
  kind text not null,
  subject text not null,
  hash text not null,
  github_id bigint,
  posted_at timestamptz not null default now(),
  primary key (installation_id, lane_id, kind, subject),
  foreign key (installation_id, lane_id) references lane
);
create table presence (
  agent text not null,
  worker text not null,
  seen_at timestamptz not null default now(),
  primary key (agent, worker)
)`;

const journalIsAppendOnly = sql`
create function refuse_change() returns trigger language plpgsql as
$$ begin raise exception 'the journal is append-only' using errcode = '23001'; end $$;
create trigger journal_is_append_only before update or delete or truncate on journal
  for each statement execute function refuse_change()`;

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statements of [laneTables, claims, boundary, journalIsAppendOnly]) await statements.execute(db);
}
