/** Effects: booked with the state that wants them, done afterwards under a lease, ended by the fact they report. */
import { type Kysely, sql } from 'kysely';
import type { LaneKey } from '../core/ids.ts';
import type { Effect } from '../core/lane/effects.ts';
import type { DB } from './schema.ts';

export interface LeasedEffect {
  effectId: number;
  effect: Effect;
  tries: number;
  /** Proof of the lease; ending the effect asks for it. */
  lease: string;
}

/** Longer than the slowest effect takes: a request may take 15 s, and the longest effect makes several. */
const leaseSeconds = 120;

/** Takes the oldest effect that is due and that nobody holds; null when there is none. */
export async function claimEffect(db: Kysely<DB>, key: LaneKey, owner: string): Promise<LeasedEffect | null> {
  const { rows } = await sql<{ effect_id: number; detail: Effect; tries: number; lease: string }>`
    update effect set lease = ${owner} || ':' || effect_id || ':' || tries,
      lease_until = now() + make_interval(secs => ${leaseSeconds}), tries = tries + 1
    where effect_id = (
      select effect_id from effect
      where installation_id = ${key.installationId} and lane_id = ${key.laneId} and done_at is null
        and due_at <= now() and (lease_until is null or lease_until < now())
      order by effect_id limit 1 for update skip locked)
    returning effect_id, detail, tries, lease`.execute(db);
  const [row] = rows;
  return row ? { effectId: row.effect_id, effect: row.detail, tries: row.tries, lease: row.lease } : null;
}

/** Ends an effect. False when its lease has passed to somebody else, whose result counts instead. */
export async function finishEffect(
  db: Kysely<DB>,
  held: LeasedEffect,
  problem: string | null,
): Promise<boolean> {
  const ended = await db
    .updateTable('effect')
    .set({ done_at: sql`now()`, lease: null, lease_until: null, problem })
    .where((eb) => eb.and({ effect_id: held.effectId, lease: held.lease }))
    .returning('effect_id')
    .executeTakeFirst();
  return ended !== undefined;
}

/** Gives an effect back, to be tried again after a while. */
export async function postponeEffect(
  db: Kysely<DB>,
  held: LeasedEffect,
  delayMs: number,
  problem: string,
): Promise<void> {
  await db
    .updateTable('effect')
    .set({
      due_at: sql`now() + make_interval(secs => ${delayMs / 1000})`,
      lease: null,
      lease_until: null,
      problem,
    })
    .where((eb) => eb.and({ effect_id: held.effectId, lease: held.lease }))
    .execute();
}

/** Takes back every lease of a process that is known to be gone: only for the one process on an embedded Postgres. */
export async function releaseAllLeases(db: Kysely<DB>): Promise<void> {
  await db
    .updateTable('effect')
    .set({ lease: null, lease_until: null })
    .where('done_at', 'is', null)
    .execute();
  await db.updateTable('delivery').set({ lease_until: null }).where('processed_at', 'is', null).execute();
  await db.updateTable('lane').set({ runner: null, runner_until: null }).execute();
}
