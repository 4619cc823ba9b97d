/** The HTTP server: the webhook door, the agent API, the pages and health, on one port. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { policySchema } from '../core/policy-schema.ts';
import type { EngineContext } from '../engine/context.ts';
import { openIntake } from '../engine/intake.ts';
import { readReadiness } from '../engine/readiness.ts';
import { agentApi } from './agent-api.ts';
import { openDoor } from './door.ts';
import { mcpEndpoint } from './mcp.ts';
import { pages } from './pages.ts';
import { signInRoutes } from './sign-in.ts';

export interface ServerOptions {
  host: string;
  port: number;
  webhookSecret: string;
  previousWebhookSecret: string | null;
  agentToken: string | null;
  dashboardToken: string | null;
  /** Where people open issues and PRs. */
  githubUrl: string;
}

export interface RunningServer {
  /** The port that was bound; useful when 0 was asked for. */
  port: number;
  stop(): Promise<void>;
}

/** A body that has not arrived by then is given up (slow senders hold nothing for long). */
const requestTimeoutMs = 30_000;

/** Starts listening. @throws when the address is taken */
export async function startServer(engine: EngineContext, options: ServerOptions): Promise<RunningServer> {
  const app = new Hono();
  app.get('/healthz', (c) => c.text('ok'));
  app.get('/readyz', async (c) => {
    const readiness = await readReadiness(engine);
    return c.json(readiness, readiness.ready ? 200 : 503);
  });
  app.get('/schema/signalbox.json', (c) => c.json(policySchema()));
  app.route('/api/agent/v1', agentApi(engine, options.agentToken));
  app.route('/sign-in', signInRoutes(engine));
  app.route('/mcp', mcpEndpoint(engine, options.agentToken));
  app.route('/', pages(engine, options.githubUrl, options.dashboardToken));
  app.onError((error, c) => {
    engine.log.error({ path: c.req.path, problem: error.message }, 'a request failed');
    return c.json({ message: 'Something went wrong here; the log of the server says what.' }, 500);
  });

  const door = openDoor({
    secret: options.webhookSecret,
    previousSecret: options.previousWebhookSecret,
    intake: openIntake(engine),
    onProblem: (guid, error) =>
      engine.log.error({ guid, problem: String(error) }, 'a delivery was not recorded'),
  });
  const pagesListener = getRequestListener(app.fetch);
  const server = createServer((request, response) => {
    const isWebhook = request.method === 'POST' && request.url?.split('?')[0] === '/api/github/webhooks';
    void (isWebhook ? door(request, response) : pagesListener(request, response));
  });
  server.requestTimeout = requestTimeoutMs;
  server.headersTimeout = requestTimeoutMs / 2;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
