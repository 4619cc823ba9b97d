/** Webhook deliveries: recorded under their GUID before the answer, worked through afterwards. */
import { type Kysely, sql } from 'kysely';
import type { DB } from './schema.ts';

export interface Delivery {
  guid: string;
  event: string;
  /** The body as it arrived, byte for byte. */
  payload: string;
}

/** How long one worker may hold a delivery before another tries, in seconds. */
const leaseSeconds = 30;
/** A delivery that failed this often is left alone with its problem on record; the sweep heals what it meant. */
const maxTries = 5;

/** Records deliveries; one that is known already stays as it is. Durable when this resolves. */
export async function recordDeliveries(db: Kysely<DB>, deliveries: readonly Delivery[]): Promise<void> {
  await db
    .insertInto('delivery')
    .columns(['guid', 'event', 'payload'])
    .expression(
      sql`select * from unnest(${deliveries.map((d) => d.guid)}::text[], ${deliveries.map((d) => d.event)}::text[],
        ${deliveries.map((d) => d.payload)}::text[])`,
    )
    .onConflict((oc) => oc.column('guid').doNothing())
    .execute();
}

/** Takes the oldest deliveries that nobody has finished, for a limited time. */
export async function claimDeliveries(db: Kysely<DB>, limit: number): Promise<Delivery[]> {
  const { rows } = await sql<Delivery & { received_at: Date }>`
    update delivery set lease_until = now() + make_interval(secs => ${leaseSeconds}), tries = tries + 1
    where guid in (
      select guid from delivery
      where processed_at is null and (lease_until is null or lease_until < now()) and tries < ${maxTries}
      order by received_at limit ${limit} for update skip locked)
    returning guid, event, payload, received_at`.execute(db);
  return rows.sort((a, b) => a.received_at.getTime() - b.received_at.getTime());
}

/** Whether a delivery waits that nobody holds: one that nobody was woken for, or whose lease has ended. */
export async function hasDueDeliveries(db: Kysely<DB>): Promise<boolean> {
  const { rows } = await sql<{ due: boolean }>`
    select exists (select from delivery
      where processed_at is null and (lease_until is null or lease_until < now()) and tries < ${maxTries}) as due`.execute(
    db,
  );
  return rows[0]?.due ?? false;
}

/** Marks deliveries as finished: a later delivery with the same GUID has no effect. */
export async function finishDeliveries(db: Kysely<DB>, guids: readonly string[]): Promise<void> {
  await db
    .updateTable('delivery')
    .set({ processed_at: sql`now()`, lease_until: null })
    .where('guid', '=', sql<string>`any(${[...guids]}::text[])`)
    .execute();
}

/** Keeps why a delivery could not be worked through; it is tried again when its lease ends. */
export async function noteDeliveryProblem(db: Kysely<DB>, guid: string, problem: string): Promise<void> {
  await db.updateTable('delivery').set({ problem }).where('guid', '=', guid).execute();
}

/** Deliveries not finished yet, for health and metrics. */
export async function countOpenDeliveries(db: Kysely<DB>): Promise<number> {
  const { count } = await db
    .selectFrom('delivery')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('processed_at', 'is', null)
    .where('tries', '<', maxTries)
    .executeTakeFirstOrThrow();
  return count;
}
