import { failureError, isRateLimit, isRead, retryTime } from './failure.ts';
import { type Bucket, createLimiter } from './limiter.ts';
import { redactSecrets } from './redact.ts';

/** The part of a pino logger that this room uses. */
export interface RequestLog {
  debug(fields: object, message: string): void;
}

export type Fetch = typeof globalThis.fetch;

export interface SendOptions {
  fetch: Fetch;
  log: RequestLog;
  now: () => Date;
  timeoutMs: number;
  inFlight: number;
  /** The `authorization` header; `renew` asks for a new token after a 401. Null leaves the header as it is. */
  authorize: ((renew: boolean) => Promise<string>) | null;
}

interface Outgoing {
  url: string;
  method: string;
  init: RequestInit;
}

/** GitHub supports this version for at least 24 months after 2026-03-10, which breaks things, came out. */
const apiVersion = '2022-11-28';

/**
 * The `fetch` that all requests of one client pass through: in turn, authorised, timed, logged, and sent once.
 * Only reads are sent a second time, after 502, 503, 504 or a broken connection; a write never is, since it may have
 * been carried out. A 401 is the exception, for it had no effect: the token is renewed once.
 */
export function createSend(options: SendOptions): Fetch {
  const limiter = createLimiter({ inFlight: options.inFlight, now: options.now });
  return async (input, init) => {
    const outgoing: Outgoing = { url: String(input), method: init?.method ?? 'GET', init: init ?? {} };
    const bucket: Bucket = new URL(outgoing.url).pathname.endsWith('/graphql') ? 'graphql' : 'core';
    return limiter.inTurn(bucket, async () => {
      const response = await sendWithSecondChance(outgoing, options);
      await noteLimits(response, bucket, limiter.block, options.now());
      return response;
    });
  };
}

async function sendWithSecondChance(outgoing: Outgoing, options: SendOptions): Promise<Response> {
  const first = await sendOnce(outgoing, options, false).catch((error: unknown) => {
    // An error with a meaning of its own (no token to be had, a redirect) will not be another one next time.
    const settled = error instanceof Error && 'failure' in error;
    if (isRead(outgoing.method, outgoing.url) && !settled) return null;
    throw error;
  });
  if (first === null) return sendOnce(outgoing, options, false);
  if (first.status === 401 && options.authorize !== null) return sendOnce(outgoing, options, true);
  const passing = [502, 503, 504].includes(first.status) && !first.headers.has('retry-after');
  return passing && isRead(outgoing.method, outgoing.url) ? sendOnce(outgoing, options, false) : first;
}

async function sendOnce(outgoing: Outgoing, options: SendOptions, renew: boolean): Promise<Response> {
  const { method, url, init } = outgoing;
  const headers = new Headers(init.headers);
  headers.set('x-github-api-version', apiVersion);
  headers.set('user-agent', 'signalbox');
  if (options.authorize !== null) headers.set('authorization', await options.authorize(renew));
  const startedAt = performance.now();
  const note = (status: number | string, requestId: string | null) => {
    const ms = Math.round(performance.now() - startedAt);
    options.log.debug(
      { method, path: redactSecrets(new URL(url).pathname), status, ms, requestId },
      'github request',
    );
  };
  try {
    const response = await options.fetch(url, {
      ...init,
      headers,
      signal: AbortSignal.timeout(options.timeoutMs),
      // A redirected POST may become a GET that succeeds without having done anything (Fetch standard, 301 and 302).
      redirect: isRead(method, url) ? 'follow' : 'manual',
    });
    const whole = await readWhole(response, logPath.test(new URL(url).pathname));
    note(response.status, response.headers.get('x-github-request-id'));
    if (
      response.type === 'opaqueredirect' ||
      (response.status >= 300 && response.status < 400 && response.status !== 304)
    ) {
      const message = 'GitHub redirects this request: the repository was renamed or moved';
      throw failureError(message, { kind: 'refused', status: response.status, message });
    }
    return whole;
  } catch (error) {
    if (!(error instanceof Error && 'failure' in error)) note('no answer', null);
    throw error;
  }
}

/** The one answer that is no JSON: GitHub sends a log from where it keeps them. */
const logPath = /\/actions\/jobs\/\d+\/logs$/;

/**
 * Reads the whole body under the timeout. Octokit would take a body that broke off, or that is not JSON, for a
 * success with other content; here either is a request without an answer.
 */
async function readWhole(response: Response, isLog: boolean): Promise<Response> {
  const text = await response.text();
  const empty = text === '';
  const headers = new Headers(response.headers);
  if (response.ok && isLog) headers.set('content-type', 'text/plain; charset=utf-8');
  else if (response.ok && !empty) {
    JSON.parse(text);
    headers.set('content-type', 'application/json; charset=utf-8');
  }
  const status = response.status === 0 ? 301 : response.status;
  const bodiless = [204, 205, 304].includes(status);
  return new Response(bodiless || empty ? null : text, { status, headers });
}

async function noteLimits(
  response: Response,
  bucket: Bucket,
  block: (bucket: Bucket | 'all', until: Date) => void,
  now: Date,
): Promise<void> {
  const headers = Object.fromEntries(response.headers);
  const exhausted = headers['x-ratelimit-remaining'] === '0' && headers['x-ratelimit-reset'] !== undefined;
  if (exhausted) block(bucket, retryTime({ ...headers, 'retry-after': undefined }, now));
  const text = response.status === 403 ? await response.clone().text() : '';
  const limited = isRateLimit(response.status, headers, text);
  if (limited && (headers['retry-after'] !== undefined || !exhausted)) block('all', retryTime(headers, now));
}
