/** The agent contract over HTTP, under `/api/agent/v1`: one route for each operation of the contract. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { Caller } from '../engine/agent-caller.ts';
import type { EngineContext } from '../engine/context.ts';
import { type ContractError, mostCheckpointBytes } from '../protocol/agent-contract.ts';
import { operationNames, operations } from '../protocol/agent-operations.ts';
import { describeMisfit, performOperation } from './agent-operations.ts';

const mostBytes = 256 * 1024;

type Api = { Variables: { caller: Caller } };

function refuse(
  c: Context,
  status: 400 | 401 | 403 | 404 | 409 | 413 | 422 | 503,
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

const numbers = /^-?\d{1,15}$/;

/** The query as the contract's schemas have it: numbers are numbers. */
function readQuery(c: Context): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(c.req.query()).map(([name, value]) => [
      name,
      name !== 'task' && name !== 'head' && numbers.test(value) ? Number(value) : value,
    ]),
  );
}

async function readBody(c: Context, bundle: 'none' | 'in' | 'out'): Promise<unknown> {
  return bundle === 'none' ? c.req.json().catch(() => null) : readQuery(c);
}

function limit(maxSize: number) {
  const most = maxSize >= 1024 * 1024 ? `${maxSize / 1024 / 1024} MB` : `${maxSize / 1024} kB`;
  return bodyLimit({
    maxSize,
    onError: (c) => refuse(c, 413, 'too-large', 'The body is too large.', `Send at most ${most}.`),
  });
}

/**
 * The routes of the contract.
 * @param token what agents authenticate with; null refuses every call
 */
export function agentApi(engine: EngineContext, token: string | null): Hono<Api> {
  const api = new Hono<Api>();
  api.use(async (c, next) => {
    if (token === null) {
      const todo = 'Set SIGNALBOX_AGENT_TOKEN on the server and give the same token to the workers.';
      const message = 'This server has no agent token, so no agent can be told apart.';
      return refuse(c, 503, 'no-agent-token', message, todo);
    }
    const given = /^Bearer (\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1] ?? '';
    if (!isSameSecret(given, token)) {
      const message = 'The agent token is missing or wrong.';
      return refuse(c, 401, 'unauthorized', message, 'Send Authorization: Bearer <token>.');
    }
    c.set('caller', { kind: 'anyone' });
    await next();
  });
  for (const name of operationNames) {
    const { method, path, bundle } = operations[name];
    api.on(method, path, limit(bundle === 'in' ? mostCheckpointBytes : mostBytes), async (c) => {
      const body = operations[name].request.safeParse(await readBody(c, bundle));
      if (!body.success) {
        const message = describeMisfit(body.error);
        return refuse(c, 400, 'invalid', message, 'Send JSON as the agent contract describes it.');
      }
      const sent = bundle === 'in' ? Buffer.from(await c.req.arrayBuffer()) : null;
      const outcome = await performOperation(engine, c.get('caller'), name, body.data, sent);
      if (outcome.kind === 'refused') {
        const { status, code, message, todo } = outcome;
        return refuse(c, status, code, message, todo);
      }
      if (outcome.bundle === null) return c.json(outcome.answer);
      return c.body(new Uint8Array(outcome.bundle), 200, {
        'content-type': 'application/x-git-bundle',
        'x-signalbox-attempt': String(outcome.answer.attempt),
        'x-signalbox-head': String(outcome.answer.head),
      });
    });
  }
  return api;
}
