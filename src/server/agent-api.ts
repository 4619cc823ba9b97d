/** The agent contract over HTTP, under `/api/agent/v1`. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { z } from 'zod';
import { claimTask, type Refusal, takeHeartbeat, takeReport } from '../engine/agent-calls.ts';
import type { EngineContext } from '../engine/context.ts';
import { ClaimRequest, type ContractError, Heartbeat, Report } from '../protocol/agent-contract.ts';

const mostBytes = 256 * 1024;

function refuse(
  c: Context,
  status: 400 | 401 | 404 | 409 | 413 | 503,
  code: string,
  message: string,
  todo: string,
): Response {
  const body: ContractError = { error: { code, message, todo } };
  return c.json(body, status);
}

/** Compares secrets without telling by the time it takes how much of them was right. */
export function isSameSecret(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

function answerRefusal(c: Context, refusal: Refusal): Response {
  switch (refusal.kind) {
    case 'fenced':
      return refuse(
        c,
        409,
        'fenced',
        'This attempt is not the present one any more: it ended, or another has taken over.',
        'Stop working on it, push nothing, and claim the next task.',
      );
    case 'unknown-task':
      return refuse(
        c,
        404,
        'unknown-task',
        'There is no such task.',
        'Use the task id exactly as the claim gave it.',
      );
    default:
      return refusal satisfies never;
  }
}

/** Runs `act` on a body that fits the schema; anything else is answered with what does not fit. */
async function withBody<T>(
  c: Context,
  schema: z.ZodType<T>,
  act: (body: T) => Promise<object>,
): Promise<Response> {
  const json: unknown = await c.req.json().catch(() => null);
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const message = `${issue?.path.join('.') || 'the body'}: ${issue?.message ?? 'not understood'}`;
    return refuse(c, 400, 'invalid', message, 'Send JSON as the agent contract describes it.');
  }
  const result = await act(parsed.data);
  return 'kind' in result ? answerRefusal(c, result as Refusal) : c.json(result);
}

/**
 * The routes of the contract.
 * @param token what agents authenticate with; null refuses every call
 */
export function agentApi(engine: EngineContext, token: string | null): Hono {
  const api = new Hono();
  api.use(
    bodyLimit({
      maxSize: mostBytes,
      onError: (c) => refuse(c, 413, 'too-large', 'The body is too large.', 'Send less than 256 kB.'),
    }),
  );
  api.use(async (c, next) => {
    if (token === null) {
      const todo = 'Set SIGNALBOX_AGENT_TOKEN on the server and give the same token to the workers.';
      return refuse(
        c,
        503,
        'no-agent-token',
        'This server has no agent token, so no agent can be told apart.',
        todo,
      );
    }
    const given = /^Bearer (\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1] ?? '';
    if (!isSameSecret(given, token)) {
      return refuse(
        c,
        401,
        'unauthorized',
        'The agent token is missing or wrong.',
        'Send Authorization: Bearer <token>.',
      );
    }
    await next();
  });
  api.post('/claim', (c) => withBody(c, ClaimRequest, (body) => claimTask(engine, body)));
  api.post('/heartbeat', (c) => withBody(c, Heartbeat, (body) => takeHeartbeat(engine, body)));
  api.post('/report', (c) => withBody(c, Report, (body) => takeReport(engine, body)));
  return api;
}
