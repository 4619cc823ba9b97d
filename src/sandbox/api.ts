// The frame of every API request: who asks, how often, what fails on purpose, and what all answers have in common.
import { createHash, randomUUID } from 'node:crypto';
import type { Http2Bindings, HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { Context } from 'hono';
import { Hono } from 'hono';
import { PatternRouter } from 'hono/router/pattern-router';
import { getPath } from 'hono/utils/url';
import type { z } from 'zod';
import { ApiError, notFound } from './api-error.ts';
import type { Access, Caller } from './auth.ts';
import { actorOf, authenticate, demandAccess } from './auth.ts';
import type { RequestFault } from './faults.ts';
import type { Actor } from './issue-changes.ts';
import type { Repo, Role } from './model.ts';
import type { World } from './world.ts';
import { findRepo } from './world.ts';

interface ApiEnv {
  Bindings: HttpBindings | Http2Bindings;
  Variables: { caller: Caller };
}
export type Api = Hono<ApiEnv>;
export type ApiContext = Context<ApiEnv>;

const HOUR_MS = 60 * 60 * 1000;
const DOCS = 'https://docs.github.com/rest';

export interface Usage {
  limit: number;
  used: number;
  resetAt: number;
}

/** Requests are counted and never refused: running dry is a fault to ask for, not an accident of a long test. */
export interface UsageBook {
  /** Requests that each caller may make in an hour. */
  limit: number;
  callers: Map<string, Usage>;
}

export function usageOf({ limit, callers }: UsageBook, key: string): Usage {
  const known = callers.get(key);
  if (known !== undefined && known.resetAt > Date.now()) return known;
  const fresh = { limit, used: 0, resetAt: Date.now() + HOUR_MS };
  callers.set(key, fresh);
  return fresh;
}

export function apiPath(request: Request): string {
  const path = getPath(request);
  if (path === '/api/graphql') return '/graphql';
  return path.startsWith('/api/v3/') ? path.slice('/api/v3'.length) : path;
}

function stampHeaders(response: Response, usage: Usage | null): void {
  response.headers.set('X-GitHub-Request-Id', randomUUID().toUpperCase());
  response.headers.set('X-GitHub-Media-Type', 'github.v3; format=json');
  response.headers.set('X-GitHub-Api-Version-Selected', '2022-11-28');
  if (usage === null) return;
  response.headers.set('X-RateLimit-Limit', String(usage.limit));
  response.headers.set('X-RateLimit-Remaining', String(Math.max(0, usage.limit - usage.used)));
  response.headers.set('X-RateLimit-Used', String(usage.used));
  response.headers.set('X-RateLimit-Reset', String(Math.floor(usage.resetAt / 1000)));
  response.headers.set('X-RateLimit-Resource', 'core');
}

/** Answers 304 to a reader who has this very text already. Such an answer is not counted. */
async function applyEtag(c: ApiContext): Promise<boolean> {
  if (c.req.method !== 'GET' || c.res.status !== 200) return false;
  const body = Buffer.from(await c.res.clone().arrayBuffer());
  const etag = `W/"${createHash('sha256').update(body).digest('hex')}"`;
  c.res.headers.set('ETag', etag);
  c.res.headers.set('Cache-Control', 'private, max-age=60, s-maxage=60');
  if (c.req.header('if-none-match') !== etag) return false;
  const headers = new Headers(c.res.headers);
  headers.delete('content-type');
  c.res = new Response(null, { status: 304, headers });
  return true;
}

function failOnPurpose(c: ApiContext, answer: number | 'disconnect'): Response {
  if (answer === 'disconnect') {
    c.env.incoming.socket.destroy();
    return RESPONSE_ALREADY_SENT;
  }
  const headers = { 'content-type': 'application/json', ...(answer === 429 ? { 'retry-after': '1' } : {}) };
  return new Response(JSON.stringify({ message: faultMessage(answer), documentation_url: DOCS }), {
    status: answer,
    headers,
  });
}

function faultMessage(answer: number): string {
  if (answer === 403 || answer === 429)
    return 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.';
  return answer >= 500 ? 'Server Error' : 'Request failed on purpose';
}

function renderError(c: ApiContext, error: Error): Response {
  if (!(error instanceof ApiError))
    return c.json({ message: `Server Error: ${error.stack ?? error.message}`, documentation_url: DOCS }, 500);
  const errors = error.errors.length === 0 ? {} : { errors: error.errors };
  return c.json(
    { message: error.message, ...errors, documentation_url: DOCS, status: String(error.status) },
    error.status,
  );
}

/** The one frame around all API routes; the routes are added by the files in `routes/`. */
export function createApi(world: World, usage: UsageBook): Api {
  const api: Api = new Hono<ApiEnv>({ router: new PatternRouter(), getPath: apiPath });
  let asked = 0;
  api.onError((error, c) => {
    const response = renderError(c, error);
    stampHeaders(response, null);
    return response;
  });
  api.notFound((c) => renderError(c, notFound()));
  api.use('*', async (c, next) => {
    const caller = authenticate(world, c.req.header('authorization'));
    c.set('caller', caller);
    const counter = usageOf(usage, caller.key);
    const fault = await runWithFaults(world, c, caller, () => asked++, next);
    if (fault !== null) {
      // hono would carry the headers of the answer that is being withheld over to this one.
      c.res = undefined;
      c.res = fault;
    } else if (!(await applyEtag(c))) counter.used += 1;
    stampHeaders(c.res, counter);
  });
  return api;
}

async function runWithFaults(
  world: World,
  c: ApiContext,
  caller: Caller,
  takeIndex: () => number,
  next: () => Promise<void>,
): Promise<Response | null> {
  const ask = caller.kind === 'user' ? undefined : world.faults.request;
  if (ask === undefined) {
    await next();
    return null;
  }
  const { method } = c.req;
  const path = apiPath(c.req.raw);
  const write =
    path === '/graphql' ? /\bmutation\b/.test(await c.req.text()) : method !== 'GET' && method !== 'HEAD';
  const request = { method, path, index: takeIndex(), write };
  const first: RequestFault = await ask({ ...request, phase: 'before' });
  if (first?.when === 'before') return failOnPurpose(c, first.answer);
  await next();
  const second = await ask({ ...request, phase: 'after' });
  const fault = second?.when === 'after' ? second : first;
  return fault === undefined ? null : failOnPurpose(c, fault.answer);
}

export async function readBody<T>(c: ApiContext, shape: z.ZodType<T>): Promise<T> {
  const text = await c.req.text();
  let body: unknown = {};
  try {
    if (text !== '') body = JSON.parse(text);
  } catch {
    throw new ApiError(400, 'Problems parsing JSON');
  }
  const parsed = shape.safeParse(body);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `"${issue.path.join('.')}": ${issue.message}`);
  throw new ApiError(422, `Invalid request.\n\n${problems.join('\n')}`);
}

/** One page of a list, with GitHub's `Link` header. */
export function takePage<T>(c: ApiContext, items: readonly T[]): T[] {
  const url = new URL(c.req.url);
  const perPage = Math.min(100, Math.max(1, Number(url.searchParams.get('per_page')) || 30));
  const page = Math.max(1, Number(url.searchParams.get('page')) || 1);
  const last = Math.max(1, Math.ceil(items.length / perPage));
  const links: string[] = [];
  const link = (rel: string, to: number) => {
    url.searchParams.set('page', String(to));
    links.push(`<${url.href}>; rel="${rel}"`);
  };
  if (page > 1) link('prev', page - 1);
  if (page < last) {
    link('next', page + 1);
    link('last', last);
  }
  if (page > 1) link('first', 1);
  if (links.length > 0) c.header('Link', links.join(', '));
  return items.slice((page - 1) * perPage, page * perPage);
}

export interface RepoCall {
  c: ApiContext;
  repo: Repo;
  caller: Caller;
  actor: Actor;
  param(name: string): string;
  query(name: string): string | undefined;
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
type RepoHandler = (call: RepoCall) => Response | Promise<Response>;

/** `contents:write` or `issues|pull_requests:write`; users need `role`, else read to read and write to write. */
function parseAccess(text: string, role?: Role): Access {
  const [names = '', level] = text.split(':');
  const wanted = level === 'write' ? 'write' : 'read';
  return { permissions: names.split('|'), level: wanted, role: role ?? wanted };
}

export type AddRepoRoute = (
  method: Method,
  path: string,
  access: string,
  handler: RepoHandler,
  role?: Role,
) => void;

/** Adds routes below `/repos/{owner}/{repo}`: access is checked, and writes wait for the repository's lock. */
export function repoRoutes(world: World, api: Api): AddRepoRoute {
  return (method, path, access, handler, role) => {
    const needed = parseAccess(access, role);
    api.on(method, `/repos/:owner/:repo${path}`, async (c) => {
      const params: Record<string, string> = c.req.param();
      const param = (name: string) => params[name] ?? '';
      const repo = findRepo(world, `${param('owner')}/${param('repo')}`);
      if (repo === null) throw notFound();
      const caller = c.get('caller');
      demandAccess(caller, repo, needed);
      const actor = actorOf(world, caller);
      const call: RepoCall = { c, repo, caller, actor, param, query: (name) => c.req.query(name) };
      if (method === 'GET') return handler(call);
      return world.withLock(repo, async () => handler(call));
    });
  };
}
