/** Read-only views for pages and programs. */
import { type Kysely, sql } from 'kysely';
import { viewLane } from '../core/lane/plan-view.ts';
import type { LaneView } from '../core/lane/view.ts';
import { keyOf, type LaneRow, listLanes } from './lanes.ts';
import { loadWholeLane } from './load-lane.ts';
import type { DB } from './schema.ts';

async function readView(db: Kysely<DB>, row: LaneRow): Promise<LaneView> {
  const snapshot = await loadWholeLane(db, keyOf(row));
  return viewLane(snapshot, snapshot.seq, snapshot.at);
}

/** Every lane, by name. */
export async function readLaneViews(db: Kysely<DB>): Promise<LaneView[]> {
  const named = (await listLanes(db)).filter((row) => row.owner !== '');
  const nameOf = ({ owner, repo, base }: LaneRow): string => `${owner}/${repo}@${base}`;
  const running = new Set(named.filter((row) => row.paused === null).map(nameOf));
  // Where the App was removed and installed again, the old installation's lane rests beside the new one.
  const rows = named.filter((row) => row.paused === null || !running.has(nameOf(row)));
  return Promise.all(rows.map((row) => readView(db, row)));
}

/** Where the App was installed again, the lane that runs is meant. */
async function findLane(
  db: Kysely<DB>,
  owner: string,
  repo: string,
  base: string,
): Promise<LaneRow | undefined> {
  return db
    .selectFrom('lane')
    .selectAll()
    .where((eb) => eb.and({ owner, repo, base }))
    .orderBy(sql`paused is not null`)
    .orderBy('lane_id', 'desc')
    .executeTakeFirst();
}

/** One lane by its names; null when there is none. */
export async function readLaneView(
  db: Kysely<DB>,
  owner: string,
  repo: string,
  base: string,
): Promise<LaneView | null> {
  const row = await findLane(db, owner, repo, base);
  return row ? readView(db, row) : null;
}

/** The length of a lane's journal: a page is current as long as it has not changed. Null when there is no lane. */
export async function readRevision(
  db: Kysely<DB>,
  owner: string,
  repo: string,
  base: string,
): Promise<number | null> {
  return (await findLane(db, owner, repo, base))?.journal_seq ?? null;
}
