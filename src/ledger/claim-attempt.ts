/**
 * Claiming an attempt without taking its lane: one statement marks the attempt's row, and whatever advances the lane
 * next takes the mark in as a fact (`takenAttempts`). The mark is no part of the lane's state, just as a lease is none.
 */
import { type Kysely, sql } from 'kysely';
import type { LaneKey } from '../core/ids.ts';
import { defaultPolicy } from '../core/policy.ts';
import type { DB } from './schema.ts';

export interface ClaimedAttempt extends LaneKey {
  issue: number;
  attempt: number;
  fence: number;
  /** When its lease ends now, ISO 8601. */
  leaseUntil: string;
}

interface ClaimedRow {
  installation_id: number;
  lane_id: number;
  issue: number;
  number: number;
  fence: number;
  lease_until: Date;
}

const leaseFromPolicy = sql`make_interval(secs =>
  coalesce((l.policy -> 'ownership' ->> 'lease')::float8, ${defaultPolicy.ownership.lease}) / 1000)`;

const returned = sql`a.installation_id, a.lane_id, a.issue, a.number, a.fence, a.lease_until`;

/** The tables of the attempt `a` that is looked for; the ledger's rows alone say whether it can be had. */
const around = sql`attempt a
  join lane l using (installation_id, lane_id)
  join task t using (installation_id, lane_id, issue)
  left join pull p using (installation_id, lane_id, issue)`;

function isWithin(repoIds: readonly number[] | null) {
  return repoIds === null ? sql`true` : sql`l.repo_id = any(${[...repoIds]}::bigint[])`;
}

/**
 * Gives the claim the attempt that it took before, or else the oldest one that waits for a worker of the agent; null
 * when there is none. Of claims at the same time each gets another attempt: rows that one holds are passed over.
 * @param repoIds only in these repositories; null means all
 */
export async function claimAttempt(
  db: Kysely<DB>,
  claim: { agent: string; worker: string; claimId: string },
  repoIds: readonly number[] | null,
): Promise<ClaimedAttempt | null> {
  const { agent, worker, claimId } = claim;
  if (!(await mayFind(db, agent, claimId))) return null;
  return db.transaction().execute(async (trx) => {
    // The same claim twice at the same moment must not get two attempts.
    await sql`select pg_advisory_xact_lock(hashtextextended(${claimId}, 0))`.execute(trx);
    const again = await sql<ClaimedRow>`
      update attempt a set lease_until = now() + ${leaseFromPolicy}
      from lane l, task t
      where (l.installation_id, l.lane_id) = (a.installation_id, a.lane_id)
        and (t.installation_id, t.lane_id, t.issue) = (a.installation_id, a.lane_id, a.issue)
        and a.current and a.agent = ${agent} and a.via = 'pull'
        and coalesce(a.taken_claim, a.claim_id) = ${claimId}
        and t.state in ('assigned', 'working') and ${isWithin(repoIds)}
      returning ${returned}`.execute(trx);
    const taken = again.rows[0] ?? (await takeFree(trx, agent, worker, claimId, repoIds));
    return taken
      ? {
          installationId: taken.installation_id,
          laneId: taken.lane_id,
          issue: taken.issue,
          attempt: taken.number,
          fence: taken.fence,
          leaseUntil: taken.lease_until.toISOString(),
        }
      : null;
  });
}

/** Whether it is worth a transaction: most workers ask while there is nothing to do. */
async function mayFind(db: Kysely<DB>, agent: string, claimId: string): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`select
    exists (select from attempt where current and coalesce(taken_claim, claim_id) = ${claimId})
    or exists (select from attempt
      where current and agent = ${agent} and claim_id is null and taken_claim is null) as found`.execute(db);
  return rows[0]?.found ?? false;
}

async function takeFree(
  trx: Kysely<DB>,
  agent: string,
  worker: string,
  claimId: string,
  repoIds: readonly number[] | null,
): Promise<ClaimedRow | undefined> {
  const { rows } = await sql<ClaimedRow>`
    with free as (
      select a.installation_id, a.lane_id, a.fence, ${leaseFromPolicy} as lease from ${around}
      where a.current and a.agent = ${agent} and a.via = 'pull' and a.claim_id is null and a.taken_claim is null
        and t.state = 'assigned' and (a.job = 'plan' or (a.opened_sha is not null and p.open))
        and ${isWithin(repoIds)}
      order by a.assigned_at, a.lane_id, a.fence
      limit 1
      for update of a skip locked)
    update attempt a
    set taken_claim = ${claimId}, taken_worker = ${worker}, lease_until = now() + free.lease
    from free
    where (a.installation_id, a.lane_id, a.fence) = (free.installation_id, free.lane_id, free.fence)
    returning ${returned}`.execute(trx);
  return rows[0];
}

/** A claim that the lane has not taken in yet. */
export interface TakenAttempt {
  issue: number;
  attempt: number;
  fence: number;
  claimId: string;
  worker: string;
}

/** Of an attempt `a` of the task `t`: a claim was written down, and the lane has not taken it in. */
export const isTaken = sql<boolean>`
  a.current and a.claim_id is null and a.taken_claim is not null and t.state = 'assigned'`;

/** The claims that a lane has not taken in yet, oldest assignment first. */
export async function takenAttempts(db: Kysely<DB>, key: LaneKey): Promise<TakenAttempt[]> {
  const { rows } = await sql<{
    issue: number;
    number: number;
    fence: number;
    taken_claim: string;
    taken_worker: string;
  }>`
    select a.issue, a.number, a.fence, a.taken_claim, a.taken_worker from attempt a
    join task t using (installation_id, lane_id, issue)
    where a.installation_id = ${key.installationId} and a.lane_id = ${key.laneId} and ${isTaken}
    order by a.fence`.execute(db);
  return rows.map((row) => ({
    issue: row.issue,
    attempt: row.number,
    fence: row.fence,
    claimId: row.taken_claim,
    worker: row.taken_worker,
  }));
}
