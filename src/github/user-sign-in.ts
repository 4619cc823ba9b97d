/**
 * A person lets the App act in their name (GitHub's docs, "Generating a user access token for a GitHub App"): the web
 * flow's two exchanges, and who it was. A refusal answers 200 with `error` in it.
 */
import type { Octokit } from '@octokit/rest';
import { z } from 'zod';
import { classifyFailure, failureError } from './failure.ts';

export interface SignInApp {
  clientId: string;
  clientSecret: string;
  /** Where people use GitHub, not its API. */
  webUrl: string;
}

export interface UserToken {
  access: string;
  /** Null where the App's tokens do not expire. */
  refresh: string | null;
  /** ISO 8601; null where it does not expire. */
  accessUntil: string | null;
}

const Granted = z.object({
  access_token: z.string().min(1),
  refresh_token: z.string().min(1).optional(),
  expires_in: z.number().positive().optional(),
});

/** Where a person is sent to agree. `state` comes back with the answer. */
export function authorizeUrl(app: SignInApp, redirectUri: string, state: string): string {
  const url = new URL('/login/oauth/authorize', app.webUrl);
  url.search = new URLSearchParams({
    client_id: app.clientId,
    redirect_uri: redirectUri,
    state,
  }).toString();
  return url.href;
}

/**
 * Exchanges the code that came back, or a refresh token, for a token. Null: GitHub refuses it.
 * @param client without any token of its own
 */
export async function exchangeForToken(
  client: Octokit,
  app: SignInApp,
  given: { code: string; redirectUri: string } | { refresh: string },
): Promise<UserToken | null> {
  const proof =
    'code' in given
      ? { code: given.code, redirect_uri: given.redirectUri }
      : { grant_type: 'refresh_token', refresh_token: given.refresh };
  const { data } = await client.request({
    method: 'POST',
    url: new URL('/login/oauth/access_token', app.webUrl).href,
    headers: { accept: 'application/json' },
    client_id: app.clientId,
    client_secret: app.clientSecret,
    ...proof,
  });
  const granted = Granted.safeParse(data);
  if (granted.success) {
    const { access_token: access, refresh_token: refresh = null, expires_in: seconds } = granted.data;
    const accessUntil = seconds === undefined ? null : new Date(Date.now() + seconds * 1_000).toISOString();
    return { access, refresh, accessUntil };
  }
  if (z.object({ error: z.string() }).safeParse(data).success) return null;
  throw failureError('GitHub answered the exchange of a token with something else', { kind: 'unclear' });
}

/** Whose token a client has; null when it is good for nothing any more. */
export async function fetchSignedIn(asUser: Octokit): Promise<{ id: number; login: string } | null> {
  try {
    const { data } = await asUser.request('GET /user');
    return { id: Number(data.id), login: data.login };
  } catch (error) {
    const failure = classifyFailure(error);
    if (failure.kind === 'refused' && failure.status === 401) return null;
    throw error;
  }
}
