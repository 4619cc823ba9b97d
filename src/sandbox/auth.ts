import { createHash, randomBytes, verify } from 'node:crypto';
import { z } from 'zod';
import { ApiError } from './api-error.ts';
import type { Actor } from './issue-changes.ts';
import type { Account, AppRecord, Installation, InstallationToken, Repo, Role } from './model.ts';
import type { World } from './world.ts';
import { appOfBot, grants } from './world.ts';

export type Caller =
  | { kind: 'user'; account: Account; key: string }
  | { kind: 'app'; app: AppRecord; key: string }
  | { kind: 'installation'; token: InstallationToken; key: string };

const TOKEN_LIFE_MS = 60 * 60 * 1000;
/** https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app */
const MAX_JWT_LIFE_SECONDS = 600;
const CLOCK_DRIFT_SECONDS = 60;

const Claims = z.object({
  iss: z.union([z.string(), z.number()]),
  exp: z.number(),
  iat: z.number().optional(),
});

function parseJwtPart(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString());
  } catch {
    throw new ApiError(401, 'A JSON web token could not be decoded');
  }
}

/** Checks an App's JWT as GitHub does: RS256, issuer by id or client id, expiry at most ten minutes away. */
function readAppJwt(world: World, jwt: string): AppRecord {
  const [header = '', body = '', signature = ''] = jwt.split('.');
  const algorithm = z.object({ alg: z.literal('RS256') }).safeParse(parseJwtPart(header));
  const claims = Claims.safeParse(parseJwtPart(body));
  if (!algorithm.success || !claims.success) throw new ApiError(401, 'A JSON web token could not be decoded');
  const { iss, exp, iat } = claims.data;
  const app = [...world.book.apps.values()].find(
    (one) => String(one.id) === String(iss) || one.clientId === iss,
  );
  if (app === undefined) throw new ApiError(401, 'Integration not found');
  const signed = Buffer.from(`${header}.${body}`);
  if (!verify('RSA-SHA256', signed, app.publicKey, Buffer.from(signature, 'base64url')))
    throw new ApiError(401, 'A JSON web token could not be decoded');
  const now = Math.floor(Date.now() / 1000);
  if (exp <= now)
    throw new ApiError(
      401,
      "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
    );
  if (exp > now + MAX_JWT_LIFE_SECONDS + CLOCK_DRIFT_SECONDS)
    throw new ApiError(401, "'Expiration time' claim ('exp') is too far in the future");
  if (iat !== undefined && iat > now + CLOCK_DRIFT_SECONDS)
    throw new ApiError(
      401,
      "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
    );
  return app;
}

export function callerForToken(world: World, token: string): Caller | null {
  const account = world.book.userTokens.get(token);
  if (account !== undefined) return { kind: 'user', account, key: `user:${account.login}` };
  const found = world.book.installationTokens.get(token);
  if (found === undefined || found.expiresAt.getTime() <= Date.now()) return null;
  if (!world.book.installations.has(found.installation.id)) return null;
  return {
    kind: 'installation',
    token: found,
    key: `token:${createHash('sha256').update(token).digest('hex')}`,
  };
}

export function authenticate(world: World, authorization: string | undefined): Caller {
  if (authorization === undefined || authorization === '') throw new ApiError(401, 'Requires authentication');
  const token = authorization.replace(/^(?:bearer|token)\s+/i, '');
  if (/^basic\s/i.test(authorization)) {
    const caller = callerForToken(world, readBasicPassword(authorization));
    if (caller === null) throw new ApiError(401, 'Bad credentials');
    return caller;
  }
  // An installation token holds dots too: what is known is not taken for a JWT.
  const caller = callerForToken(world, token);
  if (caller !== null) return caller;
  if (token.split('.').length === 3 && token.startsWith('ey')) {
    const app = readAppJwt(world, token);
    return { kind: 'app', app, key: `app:${app.id}` };
  }
  throw new ApiError(401, 'Bad credentials');
}

/** git and some clients send the token as the password, some as the user name. */
export function readBasicPassword(authorization: string): string {
  const text = Buffer.from(authorization.replace(/^basic\s+/i, ''), 'base64').toString();
  const colon = text.indexOf(':');
  const password = text.slice(colon + 1);
  return password === '' || password === 'x-oauth-basic' ? text.slice(0, colon) : password;
}

export function issueInstallationToken(
  world: World,
  installation: Installation,
  scope: { repoIds: ReadonlySet<number> | null; permissions: Record<string, string> },
): InstallationToken {
  // Since 2026-04 GitHub's tokens are about 520 characters: `ghs_`, the App's id, and a JWT.
  const filler = [randomBytes(27), randomBytes(96), randomBytes(256)].map((one) => one.toString('base64url'));
  const token: InstallationToken = {
    token: `ghs_${installation.app.id}_${filler.join('.')}`,
    installation,
    ...scope,
    expiresAt: new Date(Date.now() + TOKEN_LIFE_MS),
  };
  world.book.installationTokens.set(token.token, token);
  return token;
}

export function reposOf(token: InstallationToken): Repo[] {
  return [...token.installation.repos].filter((repo) => token.repoIds?.has(repo.id) ?? true);
}

const RANK: Record<Role | 'none', number> = { none: 0, read: 1, triage: 2, write: 3, maintain: 4, admin: 5 };

export function roleOf(repo: Repo, account: Account): Role | 'none' {
  if (repo.owner === account) return 'admin';
  return repo.collaborators.get(account.login.toLowerCase()) ?? (repo.private ? 'none' : 'read');
}

export function hasRole(repo: Repo, account: Account, role: Role): boolean {
  return RANK[roleOf(repo, account)] >= RANK[role];
}

export interface Access {
  /** any of these permissions lets an App in */
  permissions: readonly string[];
  level: 'read' | 'write';
  /** what a user needs */
  role: Role;
}

/** 404 for what the caller may not see, 403 for what it may see and not do. */
export function demandAccess(caller: Caller, repo: Repo, access: Access): void {
  if (caller.kind === 'app') throw new ApiError(401, 'A JSON web token could not be decoded');
  if (caller.kind === 'user') {
    if (!hasRole(repo, caller.account, 'read')) throw new ApiError(404, 'Not Found');
    if (!hasRole(repo, caller.account, access.role))
      throw new ApiError(403, `Must have ${access.role} rights to Repository.`);
    return;
  }
  const { token } = caller;
  if (token.installation.suspendedAt !== null)
    throw new ApiError(403, 'This installation has been suspended');
  if (!reposOf(token).includes(repo)) throw new ApiError(404, 'Not Found');
  if (!access.permissions.some((name) => grants(token.permissions, name, access.level)))
    throw new ApiError(403, 'Resource not accessible by integration');
}

export function actorOf(world: World, caller: Caller): Actor {
  if (caller.kind === 'user') return { account: caller.account, via: appOfBot(world, caller.account) };
  const app = caller.kind === 'app' ? caller.app : caller.token.installation.app;
  return { account: app.bot, via: app };
}

export function appOf(caller: Caller): AppRecord | null {
  if (caller.kind === 'user') return null;
  return caller.kind === 'app' ? caller.app : caller.token.installation.app;
}

export function demandApp(caller: Caller): AppRecord {
  if (caller.kind !== 'app') throw new ApiError(401, 'A JSON web token could not be decoded');
  return caller.app;
}

export function parseRepoId(world: World, text: string): Repo | null {
  return [...world.book.repos.values()].find((repo) => repo.id === Number(text)) ?? null;
}
