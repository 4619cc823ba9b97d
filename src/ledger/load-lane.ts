/** Reads a lane: what its decisions need, or all of it. */
import { type Kysely, sql, type Transaction } from 'kysely';
import type { LaneKey } from '../core/ids.ts';
import { type LaneState, prerequisitesOf, type Snapshot, type Spec } from '../core/lane/state.ts';
import { landingsAudited } from '../core/queue/audit.ts';
import type { Split } from '../core/task/parts.ts';
import { type TakenAttempt, takenAttempts } from './claim-attempt.ts';
import { type LaneRows, type Row, readLaneState } from './lane-rows.ts';
import type { DB } from './schema.ts';
import { Turns } from './turns.ts';

/** Proof that the lane's row is locked by this transaction; whatever changes a lane asks for it. */
export interface LaneLock {
  readonly key: LaneKey;
  readonly trx: Transaction<DB>;
  readonly lane: Row<'lane'>;
  /** The database's time when the lock was taken, ISO 8601 with milliseconds. */
  readonly at: string;
}

const turns = new WeakMap<Kysely<DB>, Turns>();

/**
 * Runs `act` in a transaction that holds the lane. Nothing outside the database may be touched meanwhile.
 * @throws when the lane does not exist
 */
export async function withLane<T>(
  db: Kysely<DB>,
  key: LaneKey,
  act: (lock: LaneLock) => Promise<T>,
): Promise<T> {
  const step = async (trx: Transaction<DB>): Promise<T> => {
    const lane = await trx
      .selectFrom('lane')
      .selectAll()
      .where('installation_id', '=', key.installationId)
      .where('lane_id', '=', key.laneId)
      .forUpdate()
      .executeTakeFirstOrThrow();
    return act({ key, trx, lane, at: await readClock(trx) });
  };
  const mine = turns.get(db) ?? new Turns();
  turns.set(db, mine);
  return mine.take(`${key.installationId}/${key.laneId}`, () => db.transaction().execute(step));
}

/** The database's time, to the millisecond: the only clock there is. */
export async function readClock(db: Kysely<DB>): Promise<string> {
  const { rows } = await sql<{ now: Date }>`select clock_timestamp() as now`.execute(db);
  const [row] = rows;
  if (!row) throw new Error('Postgres did not tell the time');
  return row.now.toISOString();
}

/** What is to be read besides the live part of a lane. */
export interface Named {
  issues?: readonly number[];
  pulls?: readonly number[];
  builds?: readonly number[];
}

type Scope = { all: true } | ({ all: false } & Named);

const columns = (key: LaneKey) => ({ installation_id: key.installationId, lane_id: key.laneId });

/**
 * Word for word the condition of the index `task_live`: closed tasks, of which there are many, are not looked through.
 * Failed ones are in the human queue: they are told about again when nobody answers.
 */
const isLiveRow = sql<boolean>`state not in ('completed', 'cancelled')`;

function tasksOf(db: Kysely<DB>, key: LaneKey) {
  return db
    .selectFrom('task')
    .selectAll()
    .where((eb) => eb.and(columns(key)))
    .orderBy('issue');
}

async function selectTasksByIssue(
  db: Kysely<DB>,
  key: LaneKey,
  issues: readonly number[],
): Promise<Row<'task'>[]> {
  if (issues.length === 0) return [];
  return tasksOf(db, key)
    .where('issue', '=', sql<number>`any(${[...issues]}::bigint[])`)
    .execute();
}

async function issuesOfPulls(db: Kysely<DB>, key: LaneKey, pulls: readonly number[]): Promise<number[]> {
  if (pulls.length === 0) return [];
  const rows = await db
    .selectFrom('pull')
    .select('issue')
    .where((eb) => eb.and(columns(key)))
    .where('number', '=', sql<number>`any(${[...pulls]}::bigint[])`)
    .execute();
  return rows.map((row) => row.issue);
}

/** The tasks in scope, and those they name as prerequisites: one step is enough, for only their state is asked. */
async function selectTasks(db: Kysely<DB>, key: LaneKey, scope: Scope): Promise<Row<'task'>[]> {
  if (scope.all) return tasksOf(db, key).execute();
  const tasks = new Map<number, Row<'task'>>();
  const add = (rows: readonly Row<'task'>[]) => {
    for (const row of rows) tasks.set(row.issue, row);
  };
  const unknown = (issues: readonly number[]) => issues.filter((issue) => !tasks.has(issue));
  add(await tasksOf(db, key).where(isLiveRow).execute());
  const named = [...(scope.issues ?? []), ...(await issuesOfPulls(db, key, scope.pulls ?? []))];
  add(await selectTasksByIssue(db, key, unknown(named)));
  const prerequisites = [...tasks.values()].flatMap((task) =>
    prerequisitesOf({
      spec: task.spec as unknown as Spec,
      blockedBy: task.blocked_by as number[],
      split: task.split as unknown as Split | null,
    }),
  );
  add(await selectTasksByIssue(db, key, unknown(prerequisites)));
  return [...tasks.values()].sort((a, b) => a.issue - b.issue);
}

/** Oldest first; of a lane's live part only those that the next landing is compared with. */
async function selectLandings(db: Kysely<DB>, key: LaneKey, scope: Scope): Promise<Row<'landing'>[]> {
  const landings = db
    .selectFrom('landing')
    .selectAll()
    .where((eb) => eb.and(columns(key)));
  if (scope.all) return landings.orderBy('landed_at').orderBy('position').orderBy('build').execute();
  const newest = landings.orderBy('landed_at', 'desc').orderBy('position', 'desc').orderBy('build', 'desc');
  return (await newest.limit(landingsAudited + 1).execute()).reverse();
}

async function selectRows(db: Kysely<DB>, lane: Row<'lane'>, scope: Scope): Promise<LaneRows> {
  const key = { installationId: lane.installation_id, laneId: lane.lane_id };
  const mine = columns(key);
  const task = await selectTasks(db, key, scope);
  const ofTasks = sql<number>`any(${task.map((row) => row.issue)}::bigint[])`;
  const build = db
    .selectFrom('build')
    .selectAll()
    .where((eb) => eb.and(mine))
    .orderBy('number');
  return {
    lane,
    task,
    attempt: await db
      .selectFrom('attempt')
      .selectAll()
      .where((eb) => eb.and(mine))
      .where('current', '=', true)
      .where('issue', '=', ofTasks)
      .execute(),
    pull: await db
      .selectFrom('pull')
      .selectAll()
      .where((eb) => eb.and(mine))
      .where('issue', '=', ofTasks)
      .execute(),
    approval: await db
      .selectFrom('approval')
      .selectAll()
      .where((eb) => eb.and(mine))
      .where('issue', '=', ofTasks)
      .orderBy('approved_at')
      .orderBy(sql`approved_by collate "C"`)
      .execute(),
    entry: await db
      .selectFrom('entry')
      .selectAll()
      .where((eb) => eb.and(mine))
      .where('issue', '=', ofTasks)
      .execute(),
    collision: await db
      .selectFrom('collision')
      .selectAll()
      .where((eb) => eb.and(mine))
      // One that is not announced yet is still to be, though both tasks may have closed meanwhile.
      .where((eb) => eb.or([eb('a', '=', ofTasks), eb('b', '=', ofTasks), eb('announced_at', 'is', null)]))
      .orderBy('a')
      .orderBy('b')
      .execute(),
    build: scope.all
      ? await build.execute()
      : await build
          .where((eb) =>
            eb.or([
              eb('open', '=', true),
              eb('number', '=', sql<number>`any(${[...(scope.builds ?? [])]}::bigint[])`),
            ]),
          )
          .execute(),
    landing: await selectLandings(db, key, scope),
    refusal: await db
      .selectFrom('refusal')
      .selectAll()
      .where((eb) => eb.and(mine))
      .execute(),
    prerequisite: await db
      .selectFrom('prerequisite')
      .selectAll()
      .where((eb) => eb.and(mine))
      .execute(),
    elsewhere: await db
      .selectFrom('elsewhere')
      .selectAll()
      .where((eb) => eb.and(mine))
      .execute(),
  };
}

async function selectContext(db: Kysely<DB>, key: LaneKey, repoId: number): Promise<Omit<Snapshot, 'state'>> {
  const presence = await db
    .selectFrom('presence')
    .selectAll()
    .where('seen_at', '>', sql<Date>`now() - interval '1 hour'`)
    // A worker whose token does not reach this repository could not claim anything here.
    .where(
      sql<boolean>`(repo_ids is null or exists (select from json_array_elements_text(repo_ids) as id where id = ${String(repoId)}))`,
    )
    .orderBy('agent')
    .orderBy('worker')
    .execute();
  const leases = await db
    .selectFrom('attempt')
    .select(['issue', 'lease_until'])
    .where('installation_id', '=', key.installationId)
    .where('lane_id', '=', key.laneId)
    .where('current', '=', true)
    .where('lease_until', 'is not', null)
    .execute();
  const unread = await db
    .selectFrom('look')
    .select(['kind', 'subject'])
    .where((eb) => eb.and({ ...columns(key), tries: 0 }))
    .where('kind', 'in', ['issue', 'checks'])
    .where('due_at', '<=', sql<Date>`now()`)
    .execute();
  return {
    hasUnreadIssues: unread.some(({ kind }) => kind === 'issue'),
    unreadChecks: unread.filter(({ kind }) => kind === 'checks').map(({ subject }) => subject),
    presence: presence.map((row) => ({
      agent: row.agent,
      worker: row.worker,
      seenAt: row.seen_at.toISOString(),
    })),
    leases: Object.fromEntries(leases.map((row) => [row.issue, row.lease_until?.toISOString() ?? ''])),
  };
}

export interface Loaded extends Snapshot {
  /** The length of the journal that this snapshot stands for. */
  seq: number;
}

/** A snapshot to decide on, with the claims that the lane has not taken in yet. */
export interface Decidable extends Loaded {
  taken: readonly TakenAttempt[];
}

/**
 * What the decisions of a lane need: the live tasks with their prerequisites, whatever is named, active builds.
 * Closed tasks stay in the database.
 */
export async function loadSnapshot(lock: LaneLock, named: Named): Promise<Decidable> {
  const rows = await selectRows(lock.trx, lock.lane, { all: false, ...named });
  return {
    state: readLaneState(rows),
    ...(await selectContext(lock.trx, lock.key, lock.lane.repo_id)),
    seq: lock.lane.journal_seq,
    taken: await takenAttempts(lock.trx, lock.key),
  };
}

async function readConsistently(
  db: Kysely<DB>,
  key: LaneKey,
  scope: Scope,
): Promise<Loaded & { at: string }> {
  return db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (trx) => {
      const lane = await trx
        .selectFrom('lane')
        .selectAll()
        .where((eb) => eb.and(columns(key)))
        .executeTakeFirstOrThrow();
      const rows = await selectRows(trx, lane, scope);
      const context = await selectContext(trx, key, lane.repo_id);
      // That issues are being read is over in a moment, and nothing that people need to be told.
      const shown = { ...context, hasUnreadIssues: false };
      return { state: readLaneState(rows), ...shown, seq: lane.journal_seq, at: await readClock(trx) };
    });
}

/** The lane with one of its tasks alone: enough for what is asked about that task itself. */
export async function loadTask(db: Kysely<DB>, key: LaneKey, issue: number): Promise<LaneState> {
  const mine = columns(key);
  const lane = await db
    .selectFrom('lane')
    .selectAll()
    .where((eb) => eb.and(mine))
    .executeTakeFirstOrThrow();
  const ofTask = { ...mine, issue };
  const attempt = db
    .selectFrom('attempt')
    .selectAll()
    .where((eb) => eb.and({ ...ofTask, current: true }));
  const pull = db
    .selectFrom('pull')
    .selectAll()
    .where((eb) => eb.and(ofTask));
  const none = { approval: [], entry: [], collision: [], build: [], landing: [] };
  return readLaneState({
    ...none,
    refusal: [],
    prerequisite: [],
    elsewhere: [],
    lane,
    task: await selectTasksByIssue(db, key, [issue]),
    attempt: await attempt.execute(),
    pull: await pull.execute(),
  });
}

/** The whole lane, closed tasks and all landings included; from one consistent read, without the lock. */
export async function loadWholeLane(db: Kysely<DB>, key: LaneKey): Promise<Loaded & { at: string }> {
  return readConsistently(db, key, { all: true });
}

/** The live part of the lane and what is named, to look at and not to decide on; `at` is when it was read. */
export async function loadForReading(
  db: Kysely<DB>,
  key: LaneKey,
  named: Named = {},
): Promise<Loaded & { at: string }> {
  return readConsistently(db, key, { all: false, ...named });
}
