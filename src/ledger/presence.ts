/** Workers that ask for work, and the leases they keep alive. */
import { type Kysely, sql } from 'kysely';
import type { LaneKey } from '../core/ids.ts';
import type { DB } from './schema.ts';

/**
 * Notes that a worker is there, to within five seconds. True when its agent had not been heard of for a minute.
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
      on conflict (agent, worker) do update set seen_at = now(), repo_ids = excluded.repo_ids
      where presence.seen_at < now() - interval '5 seconds'
        or presence.repo_ids::text is distinct from excluded.repo_ids::text)
    select coalesce(seen_at < now() - interval '1 minute', true) as fresh from before`.execute(db);
  return rows[0]?.fresh ?? true;
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
