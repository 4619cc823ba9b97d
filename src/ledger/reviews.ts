/** Second opinions that agents are asked for: which wait for whom, and who is giving one. */
import { type Kysely, sql } from 'kysely';
import type { LaneKey } from '../core/ids.ts';
import type { DB } from './schema.ts';

/** One head at one version of a task. */
export interface ReviewKey extends LaneKey {
  issue: number;
  headSha: string;
  version: number;
}

export interface Reviewer {
  agent: string;
  worker: string;
  claimId: string;
}

/** Without the same claim again a reviewer counts as gone after this. */
const leaseSeconds = 120;

/**
 * The review that this claim has, or the one that waits longest and nobody has; null when there is none. It is the
 * claim's for two minutes from now.
 * @param repoIds only in these repositories; null means all
 */
export async function takeReview(
  db: Kysely<DB>,
  { agent, worker, claimId }: Reviewer,
  repoIds: readonly number[] | null,
): Promise<ReviewKey | null> {
  const { rows } = await sql<{
    installation_id: number;
    lane_id: number;
    issue: number;
    head_sha: string;
    version: number;
  }>`
    with wanted as (
      select p.installation_id, p.lane_id, p.issue, p.head_sha, t.version
      from pull p
      join task t using (installation_id, lane_id, issue)
      join lane l using (installation_id, lane_id)
      left join review_claim c using (installation_id, lane_id, issue)
      where p.open and p.gate -> 'asked' ->> 'agent' = ${agent}
        and p.gate -> 'asked' ->> 'headSha' = p.head_sha and (p.gate -> 'asked' ->> 'version')::int = t.version
        and (${repoIds === null} or l.repo_id = any(${[...(repoIds ?? [])]}::bigint[]))
        and (c.claim_id is null or c.claim_id = ${claimId} or c.until < now()
          or c.head_sha <> p.head_sha or c.version <> t.version)
      order by c.claim_id is not distinct from ${claimId} desc, p.gate -> 'asked' ->> 'at'
      limit 1)
    insert into review_claim as c (installation_id, lane_id, issue, head_sha, version, agent, worker, claim_id, until)
    select w.*, ${agent}, ${worker}, ${claimId}, now() + make_interval(secs => ${leaseSeconds}) from wanted w
    on conflict (installation_id, lane_id, issue) do update
      set head_sha = excluded.head_sha, version = excluded.version, agent = excluded.agent, worker = excluded.worker,
        claim_id = excluded.claim_id, until = excluded.until, hash = null, answer = null
      where c.claim_id = excluded.claim_id or c.until < now()
        or c.head_sha <> excluded.head_sha or c.version <> excluded.version
    returning installation_id, lane_id, issue, head_sha, version`.execute(db);
  const [row] = rows;
  return row
    ? {
        installationId: row.installation_id,
        laneId: row.lane_id,
        issue: row.issue,
        headSha: row.head_sha,
        version: row.version,
      }
    : null;
}

export interface ReviewClaim extends ReviewKey, Reviewer {
  repoId: number;
  /** What was answered under it, and what that was told; null before. */
  given: { hash: string; answer: object } | null;
}

/** The claim that a task's review is under; null when there is none. */
export async function findReviewClaim(
  db: Kysely<DB>,
  laneId: number,
  issue: number,
): Promise<ReviewClaim | null> {
  const row = await db
    .selectFrom('review_claim as c')
    .innerJoin('lane as l', (join) =>
      join.onRef('l.installation_id', '=', 'c.installation_id').onRef('l.lane_id', '=', 'c.lane_id'),
    )
    .selectAll('c')
    .select('l.repo_id')
    .where('c.lane_id', '=', laneId)
    .where('c.issue', '=', issue)
    .executeTakeFirst();
  return row
    ? {
        installationId: row.installation_id,
        laneId: row.lane_id,
        issue: row.issue,
        headSha: row.head_sha,
        version: row.version,
        agent: row.agent,
        worker: row.worker,
        claimId: row.claim_id,
        repoId: row.repo_id,
        given: row.hash === null ? null : { hash: row.hash, answer: row.answer as object },
      }
    : null;
}

/** Remembers what the claim was answered. */
export async function recordReview(
  db: Kysely<DB>,
  { installationId, laneId, issue }: ReviewKey,
  hash: string,
  answer: object,
): Promise<void> {
  await db
    .updateTable('review_claim')
    .set({ hash, answer: JSON.stringify(answer) })
    .where((eb) => eb.and({ installation_id: installationId, lane_id: laneId, issue }))
    .execute();
}
