/** Tokens of people, sealed: kept until GitHub refuses them. */
import { type Kysely, sql } from 'kysely';
import type { DB } from './schema.ts';

export interface KeptUserToken {
  userId: number;
  login: string;
  sealed: string;
  /** Whether the access token ends within five minutes, or has ended. */
  isStale: boolean;
}

/** Keeps a person's token in place of the one before. `accessUntil`: ISO 8601; null: it does not end. */
export async function keepUserToken(
  db: Kysely<DB>,
  token: { userId: number; login: string; sealed: string; accessUntil: string | null },
): Promise<void> {
  const row = { login: token.login, sealed: token.sealed, access_until: token.accessUntil };
  await db
    .insertInto('user_token')
    .values({ user_id: token.userId, ...row })
    .onConflict((oc) => oc.column('user_id').doUpdateSet({ ...row, updated_at: sql`now()` }))
    .execute();
}

/** The newest token of whoever had this login when it was kept; whoever uses it asks GitHub whose it is. */
export async function findUserToken(db: Kysely<DB>, login: string): Promise<KeptUserToken | null> {
  const row = await db
    .selectFrom('user_token')
    .select(['user_id', 'login', 'sealed'])
    .select(sql<boolean>`coalesce(access_until < now() + interval '5 minutes', false)`.as('stale'))
    .where(sql`lower(login)`, '=', login.toLowerCase())
    .orderBy('updated_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row ? { userId: row.user_id, login: row.login, sealed: row.sealed, isStale: row.stale } : null;
}

/** Forgets a token that GitHub refuses, unless another has been kept in its place meanwhile. */
export async function dropUserToken(db: Kysely<DB>, { userId, sealed }: KeptUserToken): Promise<void> {
  await db
    .deleteFrom('user_token')
    .where((eb) => eb.and({ user_id: userId, sealed }))
    .execute();
}
