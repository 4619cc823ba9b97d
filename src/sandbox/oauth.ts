/**
 * People who let an App act in their name: https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-user-access-token-for-a-github-app
 * Nobody is asked: whoever the address names by `login`, which GitHub only suggests, has agreed.
 */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Account, AppRecord } from './model.ts';
import type { World } from './world.ts';
import { findAccount } from './world.ts';

export const OAUTH_PATH = '/login/oauth/';

const EIGHT_HOURS = 28_800;
const SIX_MONTHS = 15_897_600;

interface Grant {
  app: AppRecord;
  account: Account;
  /** The access token that a refresh token belongs to. */
  access: string | null;
}

/** Codes and refresh tokens, each good for once. */
const grants = new WeakMap<World, Map<string, Grant>>();

function grantsOf(world: World): Map<string, Grant> {
  const known = grants.get(world) ?? new Map<string, Grant>();
  grants.set(world, known);
  return known;
}

function random(prefix: string): string {
  return `${prefix}_${randomBytes(18).toString('hex')}`;
}

function findApp(world: World, clientId: string | null): AppRecord | undefined {
  return [...world.book.apps.values()].find((app) => app.clientId === clientId);
}

function authorize(world: World, url: URL): Response {
  const app = findApp(world, url.searchParams.get('client_id'));
  const account = findAccount(world, url.searchParams.get('login') ?? '');
  const back = url.searchParams.get('redirect_uri') ?? '';
  if (app === undefined || account === null || !URL.canParse(back))
    return new Response('Not Found', { status: 404 });
  const code = random('code');
  grantsOf(world).set(code, { app, account, access: null });
  const target = new URL(back);
  target.searchParams.set('code', code);
  target.searchParams.set('state', url.searchParams.get('state') ?? '');
  return Response.redirect(target.href, 302);
}

const Exchange = z.object({
  client_id: z.string(),
  client_secret: z.string(),
  grant_type: z.string().optional(),
  code: z.string().optional(),
  refresh_token: z.string().optional(),
});

async function exchange(world: World, request: Request): Promise<Response> {
  const input = Exchange.safeParse(await request.json().catch(() => null));
  const app = input.success ? findApp(world, input.data.client_id) : undefined;
  if (!input.success || app === undefined || app.clientSecret !== input.data.client_secret)
    return Response.json({ error: 'incorrect_client_credentials' });
  const isRefresh = input.data.grant_type === 'refresh_token';
  const shown = (isRefresh ? input.data.refresh_token : input.data.code) ?? '';
  const grant = grantsOf(world).get(shown);
  grantsOf(world).delete(shown);
  if (grant?.app !== app || (grant.access !== null) !== isRefresh)
    return Response.json({ error: isRefresh ? 'bad_refresh_token' : 'bad_verification_code' });
  if (grant.access !== null) world.book.userTokens.delete(grant.access);
  const access = random('ghu');
  const refresh = random('ghr');
  world.book.userTokens.set(access, grant.account);
  grantsOf(world).set(refresh, { ...grant, access });
  return Response.json({
    access_token: access,
    expires_in: EIGHT_HOURS,
    refresh_token: refresh,
    refresh_token_expires_in: SIX_MONTHS,
    scope: '',
    token_type: 'bearer',
  });
}

export async function answerOauth(world: World, request: Request): Promise<Response> {
  const url = new URL(request.url);
  if (url.pathname === `${OAUTH_PATH}authorize` && request.method === 'GET') return authorize(world, url);
  if (url.pathname === `${OAUTH_PATH}access_token` && request.method === 'POST')
    return exchange(world, request);
  return new Response('Not Found', { status: 404 });
}
