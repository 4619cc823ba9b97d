/** Calls of agents about their attempts: which attempt is meant, and what the same call was answered before. */
import { type Kysely, sql } from 'kysely';
import type { LaneKey } from '../core/ids.ts';
import { emptyLane } from '../core/lane/fold.ts';
import type { Attempt, TaskState } from '../core/lane/state.ts';
import type { Policy } from '../core/policy.ts';
import type { Behind } from '../core/task/ejection-record.ts';
import type { DB } from './schema.ts';

/** Names one attempt for good. */
export interface AttemptKey extends LaneKey {
  issue: number;
  fence: number;
}

export interface AttemptSeen extends AttemptKey {
  repoId: number;
  owner: string;
  repo: string;
  base: string;
  policy: Policy;
  state: TaskState;
  pull: number | null;
  /** What has landed in its files and its branch does not have. */
  behind: readonly Behind[];
  correlationId: string;
  /** Null: the task never had an attempt with this fence. */
  attempt: {
    number: number;
    version: number;
    agent: string;
    via: Attempt['via'];
    runId: number | null;
    /** False once it has ended: its fence is old. */
    isCurrent: boolean;
    /** What its heartbeats have told of already. */
    head: string | null;
    tokens: number;
    usd: number;
  } | null;
}

const columns = ({ installationId, laneId, fence }: Omit<AttemptKey, 'issue'>) => ({
  installation_id: installationId,
  lane_id: laneId,
  fence,
});

/** The attempt with this fence, whether or not it is still the present one; null when there is no such task. */
export async function findAttempt(
  db: Kysely<DB>,
  laneId: number,
  issue: number,
  fence: number,
): Promise<AttemptSeen | null> {
  const row = await db
    .selectFrom('lane as l')
    .innerJoin('task as t', (join) =>
      join.onRef('t.installation_id', '=', 'l.installation_id').onRef('t.lane_id', '=', 'l.lane_id'),
    )
    .leftJoin('attempt as a', (join) =>
      join
        .onRef('a.installation_id', '=', 't.installation_id')
        .onRef('a.lane_id', '=', 't.lane_id')
        .onRef('a.issue', '=', 't.issue')
        .on('a.fence', '=', fence),
    )
    .leftJoin('pull as p', (join) =>
      join
        .onRef('p.installation_id', '=', 't.installation_id')
        .onRef('p.lane_id', '=', 't.lane_id')
        .onRef('p.issue', '=', 't.issue'),
    )
    .select(['l.installation_id', 'l.lane_id', 'l.repo_id', 'l.owner', 'l.repo', 'l.base', 'l.policy'])
    .select(['t.state', 't.correlation_id', 'p.number as pull'])
    .select(['a.number', 'a.version', 'a.agent', 'a.via', 'a.run_id', 'a.current'])
    .select(['a.head', 'a.tokens', 'a.usd'])
    .select(sql<Behind[] | null>`t.record->'behind'`.as('behind'))
    .where('l.lane_id', '=', laneId)
    .where('t.issue', '=', issue)
    .executeTakeFirst();
  if (!row) return null;
  const { number, version, agent, via } = row;
  return {
    installationId: row.installation_id,
    laneId: row.lane_id,
    issue,
    fence,
    repoId: row.repo_id,
    owner: row.owner,
    repo: row.repo,
    base: row.base,
    policy: (row.policy as unknown as Policy | null) ?? emptyLane.policy,
    state: row.state as TaskState,
    pull: row.pull,
    behind: row.behind ?? [],
    correlationId: row.correlation_id,
    attempt:
      number === null || version === null || agent === null
        ? null
        : {
            number,
            version,
            agent,
            via: via as Attempt['via'],
            runId: row.run_id,
            isCurrent: row.current === true,
            head: row.head,
            tokens: row.tokens ?? 0,
            usd: row.usd ?? 0,
          },
  };
}

/** Whether the fence is the present one of its task; asked under the lane's lock, the answer stays true. */
export async function isPresentFence(db: Kysely<DB>, key: AttemptKey): Promise<boolean> {
  const row = await db
    .selectFrom('attempt')
    .select('fence')
    .where((eb) => eb.and({ ...columns(key), issue: key.issue, current: true }))
    .executeTakeFirst();
  return row !== undefined;
}

/** So many of an attempt's latest calls are remembered; an older number is refused instead of being done again. */
const remembered = 100;

export type EarlierCall =
  | { kind: 'new' }
  /** The same call: this is what it was answered. */
  | { kind: 'repeated'; answer: object }
  /** The number was used for another call. */
  | { kind: 'used' }
  /** So old that nobody knows any more what it was answered. */
  | { kind: 'forgotten' };

/** What is known of a call. `hash` tells calls apart. */
export async function findCall(
  db: Kysely<DB>,
  key: AttemptKey,
  sequence: number,
  hash: string,
): Promise<EarlierCall> {
  const found = await db
    .selectFrom('agent_call')
    .select(['hash', 'answer'])
    .where((eb) => eb.and({ ...columns(key), sequence }))
    .executeTakeFirst();
  if (found) {
    return found.hash === hash ? { kind: 'repeated', answer: found.answer as object } : { kind: 'used' };
  }
  return sequence <= (await lastSequence(db, key)) - remembered ? { kind: 'forgotten' } : { kind: 'new' };
}

/** Remembers what a call was answered. False when the number has been used meanwhile. */
export async function recordCall(
  db: Kysely<DB>,
  key: AttemptKey,
  sequence: number,
  hash: string,
  answer: object,
): Promise<boolean> {
  const made = await db
    .insertInto('agent_call')
    .values({ ...columns(key), sequence, hash, answer: JSON.stringify(answer) })
    .onConflict((oc) => oc.doNothing())
    .returning('sequence')
    .executeTakeFirst();
  await db
    .deleteFrom('agent_call')
    .where((eb) => eb.and(columns(key)))
    .where('sequence', '<=', sequence - remembered)
    .execute();
  return made !== undefined;
}

/** The highest sequence number that a call of the attempt has used; 0 when there was none. */
export async function lastSequence(db: Kysely<DB>, key: Omit<AttemptKey, 'issue'>): Promise<number> {
  const { rows } = await sql<{ last: number }>`
    select coalesce(max(sequence), 0) as last from agent_call
    where installation_id = ${key.installationId} and lane_id = ${key.laneId} and fence = ${key.fence}`.execute(
    db,
  );
  return rows[0]?.last ?? 0;
}
