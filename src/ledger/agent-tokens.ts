/** Tokens of agents. Only their hashes are kept: a token is 256 random bits, so nothing can be guessed from one. */
import { type Kysely, sql } from 'kysely';
import type { Row } from './lane-rows.ts';
import type { DB } from './schema.ts';

export interface NewAgentToken {
  agent: string;
  /** SHA-256 of the token, as hex. */
  hash: string;
  /** The repositories it is good for; null means all. */
  repoIds: readonly number[] | null;
  note: string;
  expiresInSeconds: number | null;
}

export async function insertAgentToken(db: Kysely<DB>, token: NewAgentToken): Promise<number> {
  const { agent, hash, repoIds, note, expiresInSeconds } = token;
  const made = await db
    .insertInto('agent_token')
    .values({
      agent,
      hash,
      repo_ids: repoIds === null ? null : JSON.stringify(repoIds),
      note,
      expires_at:
        expiresInSeconds === null ? null : sql<Date>`now() + make_interval(secs => ${expiresInSeconds})`,
    })
    .returning('token_id')
    .executeTakeFirstOrThrow();
  return made.token_id;
}

/** Every token there has been, oldest first. */
export async function listAgentTokens(db: Kysely<DB>): Promise<Row<'agent_token'>[]> {
  return db.selectFrom('agent_token').selectAll().orderBy('token_id').execute();
}

/** False when there is no such token that still counts. */
export async function revokeAgentToken(db: Kysely<DB>, tokenId: number): Promise<boolean> {
  const revoked = await db
    .updateTable('agent_token')
    .set({ revoked_at: sql`now()` })
    .where('token_id', '=', tokenId)
    .where('revoked_at', 'is', null)
    .returning('token_id')
    .executeTakeFirst();
  return revoked !== undefined;
}

/** Whose token this is; null when it is unknown, revoked or expired. */
export async function findAgentToken(
  db: Kysely<DB>,
  hash: string,
): Promise<{ agent: string; repoIds: number[] | null } | null> {
  const found = await db
    .selectFrom('agent_token')
    .select(['token_id', 'agent', 'repo_ids', 'last_used_at'])
    .where('hash', '=', hash)
    .where('revoked_at', 'is', null)
    .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', sql<Date>`now()`)]))
    .executeTakeFirst();
  if (!found) return null;
  await db
    .updateTable('agent_token')
    .set({ last_used_at: sql`now()` })
    .where('token_id', '=', found.token_id)
    // Once a minute is enough for people, and keeps heartbeats from writing here.
    .where((eb) =>
      eb.or([
        eb('last_used_at', 'is', null),
        eb('last_used_at', '<', sql<Date>`now() - interval '1 minute'`),
      ]),
    )
    .execute();
  return { agent: found.agent, repoIds: found.repo_ids as number[] | null };
}
