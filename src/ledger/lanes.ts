/** Lanes: which there are, and what is due in them. */
import { type Kysely, sql } from 'kysely';
import type { LaneAddress, LaneKey } from '../core/ids.ts';
import { isTaken } from './claim-attempt.ts';
import type { Row } from './lane-rows.ts';
import type { DB } from './schema.ts';

export type LaneRow = Row<'lane'>;

export function keyOf(row: Pick<LaneRow, 'installation_id' | 'lane_id'>): LaneKey {
  return { installationId: row.installation_id, laneId: row.lane_id };
}

const columns = (key: LaneKey) => ({ installation_id: key.installationId, lane_id: key.laneId });

/**
 * The lane of a repository and base branch; made when it is new. The repository is known by its id, not its name.
 * `isCurrent` is false when the lane does not know this name yet.
 */
export async function openLane(
  db: Kysely<DB>,
  address: LaneAddress,
): Promise<{ key: LaneKey; isCurrent: boolean }> {
  const mine = { installation_id: address.installationId, repo_id: address.repoId, base: address.base };
  const find = db
    .selectFrom('lane')
    .selectAll()
    .where((eb) => eb.and(mine));
  const found = await find.executeTakeFirst();
  if (found) {
    return { key: keyOf(found), isCurrent: found.owner === address.owner && found.repo === address.repo };
  }
  // The name comes with the lane's first fact, so that the journal alone tells everything.
  await db
    .insertInto('lane')
    .values({ ...mine, owner: '', repo: '' })
    .onConflict((oc) => oc.columns(['installation_id', 'repo_id', 'base']).doNothing())
    .execute();
  return { key: keyOf(await find.executeTakeFirstOrThrow()), isCurrent: false };
}

/** Whether the lane of this repository and base branch has been opened under this installation. */
export async function hasLane(db: Kysely<DB>, address: LaneAddress): Promise<boolean> {
  const { installationId, repoId, base } = address;
  const found = await db
    .selectFrom('lane')
    .select('lane_id')
    .where((eb) => eb.and({ installation_id: installationId, repo_id: repoId, base }))
    .executeTakeFirst();
  return found !== undefined;
}

export async function readLane(db: Kysely<DB>, key: LaneKey): Promise<LaneRow> {
  return db
    .selectFrom('lane')
    .selectAll()
    .where((eb) => eb.and(columns(key)))
    .executeTakeFirstOrThrow();
}

/** Every lane that has been opened, by name. */
export async function listLanes(db: Kysely<DB>): Promise<LaneRow[]> {
  return db.selectFrom('lane').selectAll().orderBy('owner').orderBy('repo').orderBy('base').execute();
}

/** Why a lane cannot be worked on (the App was removed, the repository is gone), or null to go on. */
export async function pauseLane(db: Kysely<DB>, key: LaneKey, reason: string | null): Promise<void> {
  await db
    .updateTable('lane')
    .set({ paused: reason })
    .where((eb) => eb.and(columns(key)))
    .execute();
}

/** True for the one process that may sweep the lane now, because nobody has since `everyMs` ago. */
export async function claimSweep(db: Kysely<DB>, key: LaneKey, everyMs: number): Promise<boolean> {
  const claimed = await db
    .updateTable('lane')
    .set({ swept_at: sql`now()` })
    .where((eb) => eb.and(columns(key)))
    .where((eb) =>
      // A little less than the interval, so that a timer that fires early still finds its turn.
      eb.or([
        eb('swept_at', 'is', null),
        eb('swept_at', '<=', sql<Date>`now() - make_interval(secs => ${everyMs / 1250})`),
      ]),
    )
    .returning('lane_id')
    .executeTakeFirst();
  return claimed !== undefined;
}

/** From when on comments are to be read next time. */
export async function noteCommentsRead(db: Kysely<DB>, key: LaneKey, at: string): Promise<void> {
  await db
    .updateTable('lane')
    .set({ comments_since: at })
    .where((eb) => eb.and(columns(key)))
    .execute();
}

export async function lanesOfInstallation(db: Kysely<DB>, installationId: number): Promise<LaneRow[]> {
  return db.selectFrom('lane').selectAll().where('installation_id', '=', installationId).execute();
}

/** Lanes in which something is due now: a look, an effect, something to publish, or a time that was waited for. */
export async function lanesWithDueWork(db: Kysely<DB>): Promise<LaneKey[]> {
  const { rows } = await sql<{ installation_id: number; lane_id: number }>`
    select installation_id, lane_id from lane where wake_at <= now() and paused is null
    union select installation_id, lane_id from look where due_at <= now()
    union select installation_id, lane_id from effect
      where done_at is null and due_at <= now() and (lease_until is null or lease_until < now())
    union select h.installation_id, h.lane_id from handed_token h
      left join attempt a using (installation_id, lane_id, fence)
      where h.due_at <= now() and (h.expires_at <= now() or not a.current)
    union select installation_id, lane_id from attempt a
      join task t using (installation_id, lane_id, issue) where ${isTaken}
    union select installation_id, lane_id from task where changed_seq > published_seq`.execute(db);
  return rows.map(keyOf);
}

/** Lanes of the installation in which a task waits, or once waited, for this issue of another repository. */
export async function lanesNaming(
  db: Kysely<DB>,
  installationId: number,
  reference: string,
): Promise<LaneKey[]> {
  const rows = await db
    .selectFrom('elsewhere')
    .select(['installation_id', 'lane_id'])
    .where((eb) => eb.and({ installation_id: installationId, reference }))
    .execute();
  return rows.map(keyOf);
}

/** Lanes in which a task waits to be given to an agent. */
export async function lanesWithWaitingTasks(db: Kysely<DB>): Promise<LaneKey[]> {
  const rows = await db
    .selectFrom('task')
    .select(['installation_id', 'lane_id'])
    .distinct()
    .where('state', '=', 'waiting')
    .execute();
  return rows.map(keyOf);
}

/** How long a lane may be run without a sign of life from its runner, in seconds. One request takes 15 at most. */
const runnerSeconds = 45;

/** Makes this process the lane's runner, or goes on being it. False while another process runs the lane. */
export async function holdLane(db: Kysely<DB>, key: LaneKey, runner: string): Promise<boolean> {
  const held = await db
    .updateTable('lane')
    .set({ runner, runner_until: sql`now() + make_interval(secs => ${runnerSeconds})` })
    .where((eb) => eb.and(columns(key)))
    .where((eb) =>
      eb.or([eb('runner', 'is', null), eb('runner', '=', runner), eb('runner_until', '<', sql<Date>`now()`)]),
    )
    .returning('lane_id')
    .executeTakeFirst();
  return held !== undefined;
}

/** Ends this process' run of the lane. */
export async function releaseLane(db: Kysely<DB>, key: LaneKey, runner: string): Promise<void> {
  await db
    .updateTable('lane')
    .set({ runner: null, runner_until: null })
    .where((eb) => eb.and({ ...columns(key), runner }))
    .execute();
}
