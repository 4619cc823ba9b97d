/** The dashboard's routes and the same data as JSON. */
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { LaneView } from '../core/lane/view.ts';
import { icon } from '../dashboard/icon.ts';
import { liveScript } from '../dashboard/live-script.ts';
import { pageSecurityPolicy, renderHome, renderLane, renderLaneBody } from '../dashboard/pages.ts';
import { style } from '../dashboard/style.ts';
import type { EngineContext } from '../engine/context.ts';
import { readLaneView, readLaneViews, readRevision } from '../ledger/views.ts';
import { isSameSecret } from './agent-auth.ts';

/** How often an open page asks whether its lane has changed. */
const liveMs = 500;
/** A line is sent at least this often, so that proxies keep the connection and gone readers are noticed. */
const keepAliveMs = 15_000;

/** Asks for the dashboard token, as a Bearer token or as the password of HTTP Basic, which browsers can ask for. */
function askForToken(token: string): MiddlewareHandler {
  return async (c, next) => {
    const authorization = c.req.header('authorization') ?? '';
    const bearer = /^Bearer (\S+)$/i.exec(authorization)?.[1];
    const basic = /^Basic (\S+)$/i.exec(authorization)?.[1];
    const password = basic
      ? Buffer.from(basic, 'base64')
          .toString('utf8')
          .replace(/^[^:]*:/, '')
      : undefined;
    const given = bearer ?? password;
    if (given !== undefined && isSameSecret(given, token)) return next();
    return c.text('The dashboard asks for DASHBOARD_TOKEN as the password; any user name will do.', 401, {
      'www-authenticate': 'Basic realm="Signalbox", charset="UTF-8"',
    });
  };
}

const laneParams = (c: Context) => ({
  owner: c.req.param('owner') ?? '',
  repo: c.req.param('repo') ?? '',
  base: c.req.param('base') ?? '',
});

function live(engine: EngineContext, c: Context, githubUrl: string): Response {
  const { owner, repo, base } = laneParams(c);
  return streamSSE(c, async (stream) => {
    let shown: number | null = null;
    let quietMs = 0;
    while (!stream.aborted && !stream.closed) {
      const revision = await readRevision(engine.db, owner, repo, base);
      const view: LaneView | null =
        revision === null || revision === shown ? null : await readLaneView(engine.db, owner, repo, base);
      if (view) {
        shown = view.revision;
        quietMs = 0;
        await stream.writeSSE({ data: renderLaneBody(view, { githubUrl }) });
      } else if (quietMs >= keepAliveMs) {
        quietMs = 0;
        await stream.write(': still here\n\n');
      }
      await stream.sleep(liveMs);
      quietMs += liveMs;
    }
  });
}

/**
 * The pages and their data.
 * @param githubUrl where people open issues and PRs
 */
export function pages(engine: EngineContext, githubUrl: string, token: string | null): Hono {
  const app = new Hono();
  const asset = (path: string, type: string, text: string) =>
    app.get(path, (c) =>
      c.body(text, 200, {
        'content-type': type,
        'cache-control': 'max-age=3600',
        'x-content-type-options': 'nosniff',
      }),
    );
  asset('/assets/style.css', 'text/css; charset=utf-8', style);
  asset('/assets/live.js', 'text/javascript; charset=utf-8', liveScript);
  asset('/assets/icon.svg', 'image/svg+xml', icon);

  if (token !== null) app.use(askForToken(token));
  app.use(async (c, next) => {
    await next();
    c.header('content-security-policy', pageSecurityPolicy);
    c.header('x-content-type-options', 'nosniff');
    c.header('referrer-policy', 'no-referrer');
    c.header('cache-control', 'no-store');
  });
  app.get('/', async (c) => c.html(renderHome(await readLaneViews(engine.db), { githubUrl })));
  app.get('/lanes/:owner/:repo/:base', async (c) => {
    const { owner, repo, base } = laneParams(c);
    const view = await readLaneView(engine.db, owner, repo, base);
    return view ? c.html(renderLane(view, { githubUrl })) : c.text('There is no such lane.', 404);
  });
  app.get('/live/:owner/:repo/:base', (c) => live(engine, c, githubUrl));
  app.get('/api/v1/lanes', async (c) => c.json({ lanes: await readLaneViews(engine.db) }));
  app.get('/api/v1/lanes/:owner/:repo/:base', async (c) => {
    const { owner, repo, base } = laneParams(c);
    const view = await readLaneView(engine.db, owner, repo, base);
    return view ? c.json(view) : c.json({ message: 'There is no such lane.' }, 404);
  });
  return app;
}
