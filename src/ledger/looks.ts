/**
 * Looks: what is to be read again on GitHub. An event, a sweep or an effect asks for one; asking twice is asking
 * once. A ticket drawn before the reading keeps an older reading from overwriting a newer one.
 */
import { type Kysely, sql } from 'kysely';
import type { LaneKey } from '../core/ids.ts';
import type { Look, LookKind } from '../core/lane/look.ts';
import type { DB } from './schema.ts';

export interface DueLook extends Look {
  ticket: number;
  tries: number;
  /** How many more times to look when there was nothing new to see. */
  again: number;
}

const columns = (key: LaneKey) => ({ installation_id: key.installationId, lane_id: key.laneId });

/**
 * Asks for looks; one that is asked for already gets a new ticket, so that a reading under way does not end it.
 * @param again how many more times to look when there is nothing new: a webhook may be faster than what it tells of
 */
export async function requestLooks(
  db: Kysely<DB>,
  key: LaneKey,
  looks: readonly Look[],
  again = 0,
): Promise<void> {
  const unique = new Map(looks.map((look) => [`${look.kind} ${look.subject}`, look]));
  if (unique.size === 0) return;
  await db
    .insertInto('look')
    .values([...unique.values()].map(({ kind, subject }) => ({ ...columns(key), kind, subject, again })))
    .onConflict((oc) =>
      oc.columns(['installation_id', 'lane_id', 'kind', 'subject']).doUpdateSet({
        ticket: sql`nextval('look_ticket')`,
        due_at: sql`now()`,
        tries: 0,
        again: sql`greatest(look.again, excluded.again)`,
        problem: null,
      }),
    )
    .execute();
}

/** The looks that are due, in the order in which they were asked for. */
export async function dueLooks(db: Kysely<DB>, key: LaneKey, limit: number): Promise<DueLook[]> {
  const rows = await db
    .selectFrom('look')
    .select(['kind', 'subject', 'ticket', 'tries', 'again'])
    .where((eb) => eb.and(columns(key)))
    .where('due_at', '<=', sql<Date>`now()`)
    .orderBy('ticket')
    .limit(limit)
    .execute();
  return rows.map((row) => ({ ...row, kind: row.kind as LookKind }));
}

/** Ends a look, unless it was asked for again meanwhile. */
export async function finishLook(db: Kysely<DB>, key: LaneKey, look: DueLook): Promise<void> {
  await db
    .deleteFrom('look')
    .where((eb) => eb.and({ ...columns(key), kind: look.kind, subject: look.subject, ticket: look.ticket }))
    .execute();
}

/** Looks once more after a while, because there was nothing new to see yet. */
export async function repeatLook(
  db: Kysely<DB>,
  key: LaneKey,
  look: DueLook,
  delayMs: number,
): Promise<void> {
  await db
    .updateTable('look')
    .set((eb) => ({
      due_at: sql`now() + make_interval(secs => ${delayMs / 1000})`,
      again: eb('again', '-', 1),
    }))
    .where((eb) => eb.and({ ...columns(key), kind: look.kind, subject: look.subject, ticket: look.ticket }))
    .execute();
}

/** Puts a look off after a reading that failed. */
export async function postponeLook(
  db: Kysely<DB>,
  key: LaneKey,
  look: DueLook,
  delayMs: number,
  problem: string,
): Promise<void> {
  await db
    .updateTable('look')
    .set((eb) => ({
      due_at: sql`now() + make_interval(secs => ${delayMs / 1000})`,
      tries: eb('tries', '+', 1),
      problem,
    }))
    .where((eb) => eb.and({ ...columns(key), kind: look.kind, subject: look.subject, ticket: look.ticket }))
    .execute();
}

/** Draws a ticket for a reading that nobody asked for through a look. */
export async function drawTicket(db: Kysely<DB>): Promise<number> {
  const { rows } = await sql<{ ticket: number }>`select nextval('look_ticket') as ticket`.execute(db);
  const [row] = rows;
  if (!row) throw new Error('no ticket drawn');
  return row.ticket;
}

/**
 * Notes that `subject` was read under this ticket. False when a later reading has been taken in already, and this
 * one is to be dropped. Call it inside the lane's lock.
 */
export async function noteSeen(
  db: Kysely<DB>,
  key: LaneKey,
  subject: string,
  ticket: number,
): Promise<boolean> {
  const row = await db
    .insertInto('seen')
    .values({ ...columns(key), subject, ticket })
    .onConflict((oc) =>
      oc
        .columns(['installation_id', 'lane_id', 'subject'])
        .doUpdateSet({ ticket })
        .where('seen.ticket', '<', ticket),
    )
    .returning('ticket')
    .executeTakeFirst();
  return row !== undefined;
}

/** Which of these subjects have been noted as seen. */
export async function filterSeen(
  db: Kysely<DB>,
  key: LaneKey,
  subjects: readonly string[],
): Promise<Set<string>> {
  const rows = await db
    .selectFrom('seen')
    .select('subject')
    .where((eb) => eb.and(columns(key)))
    .where('subject', '=', sql<string>`any(${[...subjects]}::text[])`)
    .execute();
  return new Set(rows.map((row) => row.subject));
}
