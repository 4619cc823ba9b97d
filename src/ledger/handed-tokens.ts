/** GitHub tokens that were handed to attempts, sealed, until they have been revoked or have expired. */
import { type Kysely, sql } from 'kysely';
import type { LaneKey } from '../core/ids.ts';
import type { DB } from './schema.ts';

export async function keepHandedToken(
  db: Kysely<DB>,
  key: LaneKey & { fence: number },
  sealed: string,
  expiresAt: string,
): Promise<void> {
  await db
    .insertInto('handed_token')
    .values({
      installation_id: key.installationId,
      lane_id: key.laneId,
      fence: key.fence,
      sealed,
      expires_at: expiresAt,
    })
    .execute();
}

export interface HandedToken {
  handedId: number;
  sealed: string;
  isExpired: boolean;
}

/** Tokens whose attempt is not being worked on any more: it has ended, or its work is in review. */
export async function dueHandedTokens(db: Kysely<DB>, key: LaneKey): Promise<HandedToken[]> {
  const rows = await db
    .selectFrom('handed_token as h')
    .innerJoin('attempt as a', (join) =>
      join
        .onRef('a.installation_id', '=', 'h.installation_id')
        .onRef('a.lane_id', '=', 'h.lane_id')
        .onRef('a.fence', '=', 'h.fence'),
    )
    .innerJoin('task as t', (join) =>
      join
        .onRef('t.installation_id', '=', 'a.installation_id')
        .onRef('t.lane_id', '=', 'a.lane_id')
        .onRef('t.issue', '=', 'a.issue'),
    )
    .select(['h.handed_id', 'h.sealed'])
    .select(sql<boolean>`h.expires_at <= now()`.as('expired'))
    .where('h.installation_id', '=', key.installationId)
    .where('h.lane_id', '=', key.laneId)
    .where('h.due_at', '<=', sql<Date>`now()`)
    .where((eb) =>
      eb.or([
        eb('a.current', '=', false),
        eb('t.state', 'not in', ['assigned', 'working']),
        eb('h.expires_at', '<=', sql<Date>`now()`),
      ]),
    )
    .orderBy('h.handed_id')
    .execute();
  return rows.map((row) => ({ handedId: row.handed_id, sealed: row.sealed, isExpired: row.expired }));
}

/** Forgets a token that is good for nothing any more. */
export async function dropHandedToken(db: Kysely<DB>, handedId: number): Promise<void> {
  await db.deleteFrom('handed_token').where('handed_id', '=', handedId).execute();
}

/** Leaves a token for a later try. */
export async function postponeHandedToken(db: Kysely<DB>, handedId: number, delayMs: number): Promise<void> {
  await db
    .updateTable('handed_token')
    .set({ due_at: sql`now() + make_interval(secs => ${delayMs / 1000})` })
    .where('handed_id', '=', handedId)
    .execute();
}
