/**
 * The worker's side of the agent contract over HTTP, and what an answer means. An answer that did not arrive, or that
 * cannot be understood, is `unreachable`: the caller may ask again, because every call can be repeated.
 */
import type { z } from 'zod';
import { ClaimAnswer, type ClaimRequest, ContractError } from '../protocol/agent-contract.ts';

export type Outcome<T> =
  | { kind: 'ok'; value: T }
  /** 409: the fence is old. Somebody else has the task; nothing of this attempt may be pushed any more. */
  | { kind: 'fenced'; reason: string }
  /** Asking again would be answered the same way. */
  | { kind: 'refused'; status: number; reason: string }
  /** No answer, a server error, too many requests, or an answer we do not understand: ask again later. */
  | { kind: 'unreachable'; reason: string };

interface Request {
  method: 'GET' | 'POST' | 'PUT';
  path: string;
  query?: object;
  body?: { type: string; content: string | Buffer<ArrayBuffer> };
  timeoutMs?: number;
}

const answerTimeoutMs = 20_000;
/** A bundle of the greatest size over a slow line. */
const bundleTimeoutMs = 300_000;

/** Speaks the agent contract with one Signalbox. */
export class ContractClient {
  readonly #root: string;
  readonly #token: string;

  constructor(url: string, token: string) {
    this.#root = `${url.replace(/\/+$/, '')}/api/agent/v1`;
    this.#token = token;
  }

  /** Asks for work. Repeat with the same `claim_id` until an answer comes. */
  claim(request: ClaimRequest): Promise<Outcome<ClaimAnswer>> {
    return this.post('claim', request, ClaimAnswer);
  }

  /** Sends one call of the contract as JSON. */
  post<T>(path: string, body: object, shape: z.ZodType<T>): Promise<Outcome<T>> {
    const content = JSON.stringify(body);
    return this.#json({ method: 'POST', path, body: { type: 'application/json', content } }, shape);
  }

  /** Sends bytes, and what they are about in the query. */
  put<T>(
    path: string,
    query: object,
    content: Buffer<ArrayBuffer>,
    shape: z.ZodType<T>,
  ): Promise<Outcome<T>> {
    const body = { type: 'application/octet-stream', content };
    return this.#json({ method: 'PUT', path, query, body, timeoutMs: bundleTimeoutMs }, shape);
  }

  /** Fetches bytes. */
  async get(path: string, query: object): Promise<Outcome<Buffer>> {
    const answer = await this.#send({ method: 'GET', path, query, timeoutMs: bundleTimeoutMs });
    return 'bytes' in answer ? { kind: 'ok', value: answer.bytes } : answer;
  }

  async #json<T>(request: Request, shape: z.ZodType<T>): Promise<Outcome<T>> {
    const answer = await this.#send(request);
    return 'bytes' in answer ? understood(request.path, answer.bytes.toString('utf8'), shape) : answer;
  }

  async #send(request: Request): Promise<{ bytes: Buffer } | Exclude<Outcome<never>, { kind: 'ok' }>> {
    const { method, path, query = {}, body } = request;
    const search = new URLSearchParams(
      Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
    );
    let response: Response;
    let bytes: Buffer;
    try {
      response = await fetch(`${this.#root}/${path}${search.size > 0 ? `?${search}` : ''}`, {
        method,
        headers: {
          authorization: `Bearer ${this.#token}`,
          ...(body ? { 'content-type': body.type } : {}),
        },
        ...(body ? { body: body.content } : {}),
        // A redirect would carry the token to a place that nobody configured.
        redirect: 'error',
        signal: AbortSignal.timeout(request.timeoutMs ?? answerTimeoutMs),
      });
      bytes = Buffer.from(await response.arrayBuffer());
    } catch (error) {
      return { kind: 'unreachable', reason: `${path}: ${causeOf(error)}` };
    }
    if (response.ok) return { bytes };
    const { code, text } = refusal(response.status, bytes.toString('utf8'));
    const reason = `${path}: ${text}`;
    // 409 has other meanings as well, such as a sequence number that was used for another call.
    if (response.status === 409 && code === 'fenced') return { kind: 'fenced', reason };
    if (response.status === 408 || response.status === 429 || response.status >= 500) {
      return { kind: 'unreachable', reason };
    }
    return { kind: 'refused', status: response.status, reason };
  }
}

function understood<T>(path: string, text: string, shape: z.ZodType<T>): Outcome<T> {
  const parsed = shape.safeParse(jsonOf(text));
  if (parsed.success) return { kind: 'ok', value: parsed.data };
  const first = parsed.error.issues[0];
  const where = first ? `${first.path.join('.')} ${first.message}` : 'no JSON';
  return { kind: 'unreachable', reason: `${path}: the answer is not the contract's: ${where}` };
}

function refusal(status: number, body: string): { code: string | null; text: string } {
  const parsed = ContractError.safeParse(jsonOf(body));
  if (!parsed.success) return { code: null, text: `HTTP ${status}` };
  const { code, message, todo } = parsed.data.error;
  return { code, text: `HTTP ${status} ${code}: ${message} ${todo}`.trim() };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** `fetch failed` says nothing; the reason is in the cause. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
