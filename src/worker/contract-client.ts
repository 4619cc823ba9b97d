/**
 * The worker's side of the agent contract: three calls, and what an answer means. An answer that did not arrive, or
 * that cannot be understood, is `unreachable`: the caller may ask again, because every call can be repeated.
 */
import type { z } from 'zod';
import {
  ClaimAnswer,
  type ClaimRequest,
  ContractError,
  type Heartbeat,
  HeartbeatAnswer,
  type Report,
  ReportAnswer,
} from '../protocol/agent-contract.ts';

export type Outcome<T> =
  | { kind: 'ok'; value: T }
  /** 409: the fence is old. Somebody else has the task; nothing of this attempt may be written any more. */
  | { kind: 'fenced'; reason: string }
  /** Asking again would be answered the same way. */
  | { kind: 'refused'; status: number; reason: string }
  /** No answer, a server error, too many requests, or an answer we do not understand: ask again later. */
  | { kind: 'unreachable'; reason: string };

const answerTimeoutMs = 20_000;

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
    return this.#post('claim', request, ClaimAnswer);
  }

  /** Renews the lease and learns whether the attempt still counts. */
  heartbeat(heartbeat: Heartbeat): Promise<Outcome<HeartbeatAnswer>> {
    return this.#post('heartbeat', heartbeat, HeartbeatAnswer);
  }

  /** Says how the attempt ended. Idempotent: repeat it until an answer comes. */
  report(report: Report): Promise<Outcome<ReportAnswer>> {
    return this.#post('report', report, ReportAnswer);
  }

  async #post<T>(path: string, body: object, shape: z.ZodType<T>): Promise<Outcome<T>> {
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${this.#root}/${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
        // A redirect would carry the token to a place that nobody configured.
        redirect: 'error',
        signal: AbortSignal.timeout(answerTimeoutMs),
      });
      text = await response.text();
    } catch (error) {
      return { kind: 'unreachable', reason: `${path}: ${causeOf(error)}` };
    }
    if (response.ok) return understood(path, text, shape);
    const reason = `${path}: ${refusal(response.status, text)}`;
    if (response.status === 409) return { kind: 'fenced', reason };
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

function refusal(status: number, text: string): string {
  const parsed = ContractError.safeParse(jsonOf(text));
  if (!parsed.success) return `HTTP ${status}`;
  const { code, message, todo } = parsed.data.error;
  return `HTTP ${status} ${code}: ${message} ${todo}`.trim();
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
