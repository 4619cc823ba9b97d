/** The agent contract over HTTP, under `/api/agent/v1`: one route for each operation of the contract. */
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { Caller } from '../engine/agent-caller.ts';
import type { EngineContext } from '../engine/context.ts';
import { type ContractError, mostCheckpointBytes } from '../protocol/agent-contract.ts';
import { openApiDocument } from '../protocol/agent-openapi.ts';
import { operationNames, operations } from '../protocol/agent-operations.ts';
import { authenticate, tokenAdvice } from './agent-auth.ts';
import { describeMisfit, performOperation } from './agent-operations.ts';

const mostBytes = 256 * 1024;

type Api = { Variables: { caller: Caller } };

function refuse(
  c: Context,
  status: 400 | 401 | 403 | 404 | 409 | 413 | 422,
  code: string,
  message: string,
  todo: string,
): Response {
  const body: ContractError = { error: { code, message, todo } };
  return c.json(body, status);
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
 * @param token the server's own token, which is good for every agent; null: only agents' own tokens are good
 */
export function agentApi(engine: EngineContext, token: string | null): Hono<Api> {
  const api = new Hono<Api>();
  api.get('/openapi.json', (c) => c.json(openApiDocument()));
  api.use(async (c, next) => {
    const caller = await authenticate(engine, token, c.req.header('authorization'));
    if (!caller) {
      const message = 'The agent token is missing, wrong, expired or revoked.';
      return refuse(c, 401, 'unauthorized', message, tokenAdvice);
    }
    c.set('caller', caller);
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
