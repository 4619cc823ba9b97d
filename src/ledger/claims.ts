/** Claims on paths. An exclusion constraint decides who gets one, whoever asks and however many at once (I3). */
import { sql, type Transaction } from 'kysely';
import type { LaneKey } from '../core/ids.ts';
import { minimalSubtrees } from '../core/task/patterns.ts';
import type { DB } from './schema.ts';

export interface Claimer {
  key: LaneKey;
  issue: number;
  fence: number;
}

const columns = ({ key, issue }: Claimer) => ({
  installation_id: key.installationId,
  lane_id: key.laneId,
  issue,
});

/** The subtrees that only the first of two sets of patterns needs. */
function onlyIn(one: readonly string[], other: readonly string[]): string[] {
  if (one === other) return [];
  const others = new Set(minimalSubtrees(other));
  return minimalSubtrees(one).filter((path) => !others.has(path));
}

/** Gives back what a task had claimed and does not claim any more. Patterns, as the task has them. */
export async function giveBackClaims(
  trx: Transaction<DB>,
  claimer: Claimer,
  before: readonly string[],
  after: readonly string[],
): Promise<void> {
  const lost = onlyIn(before, after);
  if (lost.length === 0) return;
  await trx
    .updateTable('claim')
    .set({ active: false })
    .where((eb) => eb.and({ ...columns(claimer), active: true }))
    .where('path', '=', sql<string>`any(${lost}::text[])`)
    .execute();
}

/**
 * Claims what a task has not claimed yet. All or nothing: false when another task holds any part of it; the caller
 * then undoes its transaction.
 */
export async function takeClaims(
  trx: Transaction<DB>,
  claimer: Claimer,
  before: readonly string[],
  after: readonly string[],
): Promise<boolean> {
  // In one order for everybody, so that two who want the same do not wait for each other.
  const won = onlyIn(after, before).sort();
  if (won.length === 0) return true;
  const claimed = await trx
    .insertInto('claim')
    .values(won.map((path) => ({ ...columns(claimer), fence: claimer.fence, path })))
    .onConflict((oc) => oc.doNothing())
    .returning('claim_id')
    .execute();
  return claimed.length === won.length;
}
