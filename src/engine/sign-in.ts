/** People who let Signalbox act in their name, for the one thing that GitHub refuses to Apps: assigning an agent. */
import { z } from 'zod';
import {
  authorizeUrl,
  exchangeForToken,
  fetchSignedIn,
  type SignInApp,
  type UserToken,
} from '../github/user-sign-in.ts';
import { dropUserToken, findUserToken, type KeptUserToken, keepUserToken } from '../ledger/user-tokens.ts';
import type { EngineContext } from './context.ts';
import type { Vault } from './vault.ts';

export interface SignIn extends SignInApp {
  /** Seals people's tokens, under a key of the environment's. */
  vault: Vault;
}

const Sealed = z.object({ access: z.string(), refresh: z.string().nullable() });

async function keep(
  engine: EngineContext,
  { vault }: SignIn,
  whose: { userId: number; login: string },
  { access, refresh, accessUntil }: UserToken,
): Promise<void> {
  const sealed = vault.seal(JSON.stringify({ access, refresh }));
  await keepUserToken(engine.db, { ...whose, sealed, accessUntil });
}

/** Where a person is sent to agree; `state` comes back with the answer. */
export function beginSignIn(signIn: SignIn, redirectUri: string, state: string): string {
  return authorizeUrl(signIn, redirectUri, state);
}

/**
 * Takes in what came back from GitHub after a person agreed.
 * @returns the person's login; null when GitHub refuses the code
 */
export async function finishSignIn(
  engine: EngineContext,
  signIn: SignIn,
  code: string,
  redirectUri: string,
): Promise<string | null> {
  const token = await exchangeForToken(engine.github.asNobody(), signIn, { code, redirectUri });
  const person = token && (await fetchSignedIn(engine.github.asUser(token.access)));
  if (!token || !person) return null;
  await keep(engine, signIn, { userId: person.id, login: person.login }, token);
  return person.login;
}

/** Null: GitHub refuses it. Another process may have been faster: a refresh token is good once. */
async function renew(
  engine: EngineContext,
  signIn: SignIn,
  kept: KeptUserToken,
  refresh: string | null,
): Promise<string | null> {
  const renewed =
    refresh === null ? null : await exchangeForToken(engine.github.asNobody(), signIn, { refresh });
  if (renewed === null) await dropUserToken(engine.db, kept);
  else await keep(engine, signIn, kept, renewed);
  return renewed?.access ?? null;
}

/** A token of the person who has this login now, renewed where it was about to end; null where there is none. */
export async function tokenOf(engine: EngineContext, signIn: SignIn, login: string): Promise<string | null> {
  const kept = await findUserToken(engine.db, login);
  const text = kept && signIn.vault.open(kept.sealed);
  if (!kept || text === null) return null;
  const { access: old, refresh } = Sealed.parse(JSON.parse(text));
  const access = kept.isStale ? await renew(engine, signIn, kept, refresh) : old;
  if (access === null) return null;
  const person = await fetchSignedIn(engine.github.asUser(access));
  if (person === null) await dropUserToken(engine.db, kept);
  // A login can be given up and taken by somebody else.
  return person?.login.toLowerCase() === login.toLowerCase() ? access : null;
}
