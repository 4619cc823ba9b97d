/**
 * What a failed call to GitHub means. This file alone decides whether something may be tried again: a read may, a
 * write whose outcome is unknown may only be looked at again, and what is not understood stops with its reason.
 */
import { redactSecrets } from './redact.ts';

export type Failure =
  | { kind: 'rate-limited'; retryAt: Date }
  /** A write whose outcome is unknown: read again before anything else. */
  | { kind: 'unclear' }
  /** A read that can be tried again. */
  | { kind: 'transient' }
  | { kind: 'gone' }
  | { kind: 'conflict'; message: string }
  | { kind: 'refused'; status: number | null; message: string };

interface Answer {
  status: number;
  method: string;
  url: string;
  /** Absent when no answer arrived. */
  headers: Readonly<Record<string, unknown>> | null;
  message: string;
}

/**
 * GitHub's docs, "Rate limits for the REST API": obey `retry-after`; else with `x-ratelimit-remaining: 0` wait until
 * `x-ratelimit-reset`; else wait at least a minute.
 */
const leastWaitMs = 60_000;
/** No limit of GitHub's lasts longer than its hour; a reset further away is a broken clock. */
const longestWaitMs = 3_600_000;

/** An error of ours whose meaning is already known. */
export function failureError(message: string, failure: Failure): Error {
  return Object.assign(new Error(redactSecrets(message)), { failure });
}

/** Names what a failed call means; anything unknown is `refused`, which is never retried. */
export function classifyFailure(error: unknown, now: Date = new Date()): Failure {
  const known = knownFailure(error);
  if (known !== null) return known;
  if (isGraphqlError(error)) return classifyGraphql(error, now);
  const answer = answerOf(error);
  if (answer === null) return { kind: 'refused', status: null, message: shortMessage(messageOf(error)) };
  return classifyAnswer(answer, now);
}

function classifyAnswer(answer: Answer, now: Date): Failure {
  const { status, headers } = answer;
  const message = shortMessage(answer.message);
  const unknown: Failure = isRead(answer.method, answer.url) ? { kind: 'transient' } : { kind: 'unclear' };
  if (headers === null) return unknown;
  if (isRateLimit(status, headers, answer.message)) {
    return { kind: 'rate-limited', retryAt: retryTime(headers, now) };
  }
  if (status === 404 || status === 410) return { kind: 'gone' };
  if (status === 501) return { kind: 'refused', status, message };
  if (status >= 500 || status === 408) return unknown;
  // `/merges` is sometimes refused so for a moment, with the same credentials that work a second later (F18).
  if (status === 409 && /not authorized to push/i.test(message)) return { kind: 'unclear' };
  if (status === 409) return { kind: 'conflict', message };
  // 405 is both the passing "Base branch was modified" and a final refusal; only the text tells them apart (F13).
  if (status === 405 && /(base|head) branch was modified/i.test(message))
    return { kind: 'conflict', message };
  if (
    status === 422 &&
    /not a fast.?forward|reference (already exists|update failed)|expected .* to be at/i.test(message)
  ) {
    return { kind: 'conflict', message };
  }
  return { kind: 'refused', status, message };
}

function classifyGraphql(error: GraphqlError, now: Date): Failure {
  if (error.errors.some((each) => each.type === 'RATE_LIMITED' || /rate limit/i.test(each.message ?? ''))) {
    return { kind: 'rate-limited', retryAt: retryTime(error.headers ?? {}, now) };
  }
  const message = error.errors.map((each) => each.message ?? each.type ?? 'unknown').join('; ');
  // GitHub reports its own faults and timeouts in a 200 as well; the mutation may have been carried out.
  if (/something went wrong|timed? ?out|timeout/i.test(message)) return { kind: 'unclear' };
  return { kind: 'refused', status: 200, message: shortMessage(message) };
}

/** True when what was asked for is not there: never was, deleted, or not ours to see. */
export function isGone(error: unknown): boolean {
  const status = refusalOf(error)?.status;
  return status === 404 || status === 410;
}

/** True when the server does not even have the endpoint, or the thing; optional endpoints then count as empty. */
export function isMissing(error: unknown): boolean {
  const answer = answerOf(error);
  return (
    answer?.headers != null && [404, 405, 410, 501].includes(answer.status) && !isModified(answer.message)
  );
}

function isModified(message: string): boolean {
  return /branch was modified/i.test(message);
}

/** The HTTP status of an answered request with its message, or null when there was no answer. */
export function refusalOf(error: unknown): { status: number; message: string } | null {
  const answer = answerOf(error);
  return answer?.headers == null ? null : { status: answer.status, message: answer.message };
}

export interface GraphqlError {
  errors: { type?: string; message?: string; extensions?: { code?: string } }[];
  headers?: Record<string, unknown>;
}

/** GraphQL reports most failures in a 200; Octokit turns those into an error with this name. */
export function isGraphqlError(error: unknown): error is GraphqlError {
  return (
    error instanceof Error &&
    error.name === 'GraphqlResponseError' &&
    Array.isArray(Reflect.get(error, 'errors'))
  );
}

/**
 * True for requests that leave nothing behind. Making an installation token counts: a token that nobody received
 * expires by itself.
 */
export function isRead(method: string, url: string): boolean {
  return method === 'GET' || method === 'HEAD' || /\/access_tokens$/.test(url);
}

/** True when an answer says that we ask too often: primary limit, or one of the secondary limits (403 or 429). */
export function isRateLimit(
  status: number,
  headers: Readonly<Record<string, unknown>>,
  message: string,
): boolean {
  if (status === 429) return true;
  if (status !== 403) return false;
  return (
    headers['retry-after'] != null || headers['x-ratelimit-remaining'] === '0' || /rate limit/i.test(message)
  );
}

/** When GitHub may be asked again, from the headers of the answer. */
export function retryTime(headers: Readonly<Record<string, unknown>>, now: Date): Date {
  const seconds = Number(headers['retry-after'] ?? Number.NaN);
  if (Number.isFinite(seconds)) return after(now, seconds * 1_000);
  const reset = Number(headers['x-ratelimit-reset'] ?? Number.NaN) * 1_000;
  if (headers['x-ratelimit-remaining'] === '0' && Number.isFinite(reset))
    return after(now, reset - now.getTime());
  return after(now, leastWaitMs);
}

function after(now: Date, waitMs: number): Date {
  return new Date(now.getTime() + Math.min(Math.max(waitMs, 0), longestWaitMs));
}

function knownFailure(error: unknown): Failure | null {
  // Octokit wraps what its `fetch` throws, so a meaning we attached there arrives as the cause.
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('failure' in at) return at.failure as Failure; // only failureError sets it
  }
  return null;
}

function answerOf(error: unknown): Answer | null {
  if (!(error instanceof Error)) return null;
  const status: unknown = Reflect.get(error, 'status');
  if (typeof status !== 'number') return null;
  const request = (Reflect.get(error, 'request') ?? {}) as { method?: string; url?: string };
  const response = Reflect.get(error, 'response') as { headers?: Record<string, unknown> } | undefined;
  return {
    status,
    // A request that Octokit does not name (it was aborted) is taken for a write, the careful reading.
    method: request.method ?? 'POST',
    url: request.url ?? '',
    headers: response === undefined ? null : (response.headers ?? {}),
    message: error.message,
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown error';
}

/** One line, without credentials or links to GitHub's documentation, short enough for a comment. */
function shortMessage(message: string): string {
  const line = redactSecrets(message)
    .replace(/ - https:\/\/(docs|developer)\.github\.com\S*/g, '')
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim();
  return line.length > 300 ? `${line.slice(0, 299)}…` : line;
}
