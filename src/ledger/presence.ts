/** Workers that ask for work, the attempts they can claim, and the leases they keep alive. */
import { type Kysely, sql } from 'kysely';
import type { LaneKey } from '../core/ids.ts';
import type { DB } from './schema.ts';

/**
 * Notes that a worker is there. True when its agent had not been heard of for a minute.
 * @param repoIds the repositories that the worker may work in; null means all
 */
export async function notePresence(
  db: Kysely<DB>,
  agent: string,
  worker: string,
  repoIds: readonly number[] | null,
): Promise<boolean> {
  const repos = repoIds === null ? null : JSON.stringify(repoIds);
  const { rows } = await sql<{ fresh: boolean }>`
    with before as (select max(seen_at) as seen_at from presence
      where agent = ${agent} and (repo_ids is null or repo_ids::text = ${repos}::text)),
    noted as (insert into presence (agent, worker, repo_ids) values (${agent}, ${worker}, ${repos}::json)
      on conflict (agent, worker) do update set seen_at = now(), repo_ids = excluded.repo_ids)
    select coalesce(seen_at < now() - interval '1 minute', true) as fresh from before`.execute(db);
  return rows[0]?.fresh ?? true;
}

export interface ClaimableAttempt extends LaneKey {
  issue: number;
  attempt: number;
  fence: number;
}

/**
 * The attempt that this claim took before, or the oldest one waiting for a worker of the agent; null when none.
 * @param repoIds only in these repositories; null means all
 * @param passedOver attempts that other claims are just taking, as `<lane>.<fence>`
 */
export async function findClaimable(
  db: Kysely<DB>,
  agent: string,
  claimId: string,
  repoIds: readonly number[] | null,
  passedOver: readonly string[] = [],
): Promise<ClaimableAttempt | null> {
  const row = await db
    .selectFrom('attempt as a')
    .innerJoin('task as t', (join) =>
      join
        .onRef('t.installation_id', '=', 'a.installation_id')
        .onRef('t.lane_id', '=', 'a.lane_id')
        .onRef('t.issue', '=', 'a.issue'),
    )
    .leftJoin('pull as p', (join) =>
      join
        .onRef('p.installation_id', '=', 'a.installation_id')
        .onRef('p.lane_id', '=', 'a.lane_id')
        .onRef('p.issue', '=', 'a.issue'),
    )
    .select(['a.installation_id', 'a.lane_id', 'a.issue', 'a.number', 'a.fence'])
    .where('a.current', '=', true)
    .where('a.agent', '=', agent)
    .where('a.via', '=', 'pull')
    .where((eb) =>
      eb.or([
        eb('a.job', '=', 'plan'),
        eb.and([eb('a.opened_sha', 'is not', null), eb('p.open', '=', true)]),
      ]),
    )
    .$if(repoIds !== null, (query) =>
      query
        .innerJoin('lane as l', (join) =>
          join.onRef('l.installation_id', '=', 'a.installation_id').onRef('l.lane_id', '=', 'a.lane_id'),
        )
        .where('l.repo_id', '=', sql<number>`any(${[...(repoIds ?? [])]}::bigint[])`),
    )
    .where((eb) =>
      eb.or([
        eb.and([eb('a.claim_id', '=', claimId), eb('t.state', 'in', ['assigned', 'working'])]),
        eb.and([eb('a.claim_id', 'is', null), eb('t.state', '=', 'assigned')]),
      ]),
    )
    .where(sql`a.lane_id || '.' || a.fence`, '<>', sql<string>`all(${[...passedOver]}::text[])`)
    .orderBy((eb) => eb.case().when('a.claim_id', '=', claimId).then(0).else(1).end())
    .orderBy('a.assigned_at')
    .limit(1)
    .executeTakeFirst();
  return row
    ? {
        installationId: row.installation_id,
        laneId: row.lane_id,
        issue: row.issue,
        attempt: row.number,
        fence: row.fence,
      }
    : null;
}

/**
 * Renews the lease of an attempt. Null when the fence is not the present one any more.
 * @returns when the lease ends now, ISO 8601
 */
export async function renewLease(
  db: Kysely<DB>,
  key: LaneKey,
  issue: number,
  fence: number,
  leaseMs: number,
): Promise<string | null> {
  const row = await db
    .updateTable('attempt')
    .set({ lease_until: sql`now() + make_interval(secs => ${leaseMs / 1000})` })
    .where((eb) =>
      eb.and({ installation_id: key.installationId, lane_id: key.laneId, issue, fence, current: true }),
    )
    .returning('lease_until')
    .executeTakeFirst();
  return row?.lease_until?.toISOString() ?? null;
}
