import { z } from 'zod';
import type { Api, ApiContext, UsageBook } from '../api.ts';
import { readBody, takePage, usageOf } from '../api.ts';
import { ApiError, notFound } from '../api-error.ts';
import { actorOf, demandApp, issueInstallationToken, parseRepoId, reposOf } from '../auth.ts';
import type { Rest } from '../github-types.ts';
import {
  deleteInstallation,
  installApp,
  removeRepositories,
  suspendInstallation,
} from '../installation-changes.ts';
import type { Installation, Repo } from '../model.ts';
import {
  renderApp,
  renderInstallation,
  renderInstallationToken,
  renderPublicUser,
} from '../render-account.ts';
import { renderRepo } from '../render-repo.ts';
import type { World } from '../world.ts';
import { findAccount, findRepo, grants } from '../world.ts';

const TokenRequest = z.object({
  repositories: z.array(z.string()).optional(),
  repository_ids: z.array(z.number()).optional(),
  permissions: z.record(z.string(), z.string()).optional(),
});

function ownInstallation(world: World, c: ApiContext): Installation {
  const app = demandApp(c.get('caller'));
  const installation = world.book.installations.get(Number(c.req.param('id')));
  if (installation === undefined || installation.app !== app) throw notFound();
  return installation;
}

function scopeRepos(
  installation: Installation,
  request: z.infer<typeof TokenRequest>,
): ReadonlySet<number> | null {
  if (request.repositories === undefined && request.repository_ids === undefined) return null;
  const repos = [...installation.repos];
  const wanted: (Repo | undefined)[] = [
    ...(request.repositories ?? []).map((name) =>
      repos.find((repo) => repo.name.toLowerCase() === name.toLowerCase()),
    ),
    ...(request.repository_ids ?? []).map((id) => repos.find((repo) => repo.id === id)),
  ];
  const ids = wanted.map((repo) => {
    if (repo === undefined)
      throw new ApiError(
        422,
        'There is at least one repository that does not exist or is not accessible to the parent installation.',
      );
    return repo.id;
  });
  return new Set(ids);
}

function scopePermissions(
  installation: Installation,
  wanted: Record<string, string> | undefined,
): Record<string, string> {
  const held = installation.app.permissions;
  if (wanted === undefined) return { ...held };
  for (const [name, level] of Object.entries(wanted))
    if (!grants(held, name, level))
      throw new ApiError(422, 'The permissions requested are not granted to this installation.');
  return { metadata: 'read', ...wanted };
}

function addInstallationRoutes(world: World, api: Api): void {
  api.get('/app', (c) => c.json(renderApp(world, demandApp(c.get('caller')))));
  api.get('/app/installations', (c) => {
    const app = demandApp(c.get('caller'));
    const own = [...world.book.installations.values()].filter((one) => one.app === app);
    return c.json(takePage(c, own).map((one) => renderInstallation(world, one)));
  });
  api.get('/app/installations/:id', (c) => c.json(renderInstallation(world, ownInstallation(world, c))));
  api.delete('/app/installations/:id', (c) => {
    deleteInstallation(world, ownInstallation(world, c));
    return c.body(null, 204);
  });
  api.put('/app/installations/:id/suspended', (c) => {
    suspendInstallation(world, ownInstallation(world, c), true);
    return c.body(null, 204);
  });
  api.delete('/app/installations/:id/suspended', (c) => {
    suspendInstallation(world, ownInstallation(world, c), false);
    return c.body(null, 204);
  });
  api.post('/app/installations/:id/access_tokens', async (c) => {
    const installation = ownInstallation(world, c);
    if (installation.suspendedAt !== null) throw new ApiError(403, 'This installation has been suspended');
    const request = await readBody(c, TokenRequest);
    const repoIds = scopeRepos(installation, request);
    const permissions = scopePermissions(installation, request.permissions);
    const token = issueInstallationToken(world, installation, { repoIds, permissions });
    return c.json(renderInstallationToken(world, token), 201);
  });
  for (const [path, matches] of [
    ['/repos/:owner/:repo/installation', 'repo'],
    ['/users/:owner/installation', 'account'],
    ['/orgs/:owner/installation', 'account'],
  ] as const) {
    api.get(path, (c) => {
      const app = demandApp(c.get('caller'));
      const params: Record<string, string> = c.req.param();
      const repo = findRepo(world, `${params.owner}/${params.repo}`);
      const account = findAccount(world, params.owner ?? '');
      const found = [...world.book.installations.values()].find(
        (one) =>
          one.app === app &&
          (matches === 'repo' ? repo !== null && one.repos.has(repo) : one.account === account),
      );
      if (found === undefined) throw notFound();
      return c.json(renderInstallation(world, found));
    });
  }
}

function addTokenRoutes(world: World, api: Api): void {
  api.get('/installation/repositories', (c) => {
    const caller = c.get('caller');
    if (caller.kind !== 'installation')
      throw new ApiError(
        403,
        'You must authenticate with an installation access token in order to list repositories for an installation.',
      );
    const repos = reposOf(caller.token);
    const repositories = takePage(c, repos).map((repo) => renderRepo(world, repo));
    return c.json({ total_count: repos.length, repository_selection: 'selected', repositories });
  });
  api.delete('/installation/token', (c) => {
    const caller = c.get('caller');
    if (caller.kind !== 'installation') throw new ApiError(401, 'Bad credentials');
    world.book.installationTokens.delete(caller.token.token);
    return c.body(null, 204);
  });
}

function addUserRoutes(world: World, api: Api, usage: UsageBook): void {
  api.get('/user', (c) => {
    const caller = c.get('caller');
    if (caller.kind !== 'user') throw new ApiError(403, 'Resource not accessible by integration');
    return c.json(renderPublicUser(world, actorOf(world, caller).account));
  });
  api.get('/users/:login', (c) => {
    const account = findAccount(world, c.req.param('login'));
    if (account === null) throw notFound();
    return c.json(renderPublicUser(world, account));
  });
  api.get('/apps/:slug', (c) => {
    const app = [...world.book.apps.values()].find((one) => one.slug === c.req.param('slug'));
    if (app === undefined) throw notFound();
    return c.json(renderApp(world, app));
  });
  // Nobody here is an organization, so nobody is in a team.
  api.get('/orgs/:org/teams/:team/memberships/:login', () => {
    throw notFound();
  });
  api.get('/rate_limit', (c) => {
    const { limit, used, resetAt } = usageOf(usage, c.get('caller').key);
    const core = {
      limit,
      used,
      remaining: Math.max(0, limit - used),
      reset: Math.floor(resetAt / 1000),
    };
    return c.json({
      resources: { core, graphql: core, search: core },
      rate: core,
    } satisfies Rest['rate-limit-overview']);
  });
  api.get('/user/installations', (c) => {
    const { account } = actorOf(world, c.get('caller'));
    const all = [...world.book.installations.values()].filter((one) => one.account === account);
    return c.json({
      total_count: all.length,
      installations: takePage(c, all).map((one) => renderInstallation(world, one)),
    });
  });
  api.get('/users/:login/repos', (c) => {
    const account = findAccount(world, c.req.param('login'));
    if (account === null) throw notFound();
    const repos = [...world.book.repos.values()].filter((repo) => repo.owner === account && !repo.private);
    return c.json(takePage(c, repos).map((repo) => renderRepo(world, repo)));
  });
}

/** The account's owner, not the App, decides which repositories an installation has. */
function addSelectionRoutes(world: World, api: Api): void {
  for (const method of ['PUT', 'DELETE'] as const)
    api.on(method, '/user/installations/:id/repositories/:repo', (c) => {
      const caller = c.get('caller');
      const params: Record<string, string> = c.req.param();
      const installation = world.book.installations.get(Number(params.id));
      const repo = parseRepoId(world, params.repo ?? '');
      const owns = caller.kind === 'user' && caller.account === installation?.account;
      if (!owns || installation === undefined || repo === null) throw notFound();
      if (method === 'PUT') installApp(world, installation.app, installation.account, [repo]);
      else removeRepositories(world, installation, [repo]);
      return c.body(null, 204);
    });
}

export function addAppRoutes(world: World, api: Api, usage: UsageBook): void {
  addInstallationRoutes(world, api);
  addTokenRoutes(world, api);
  addSelectionRoutes(world, api);
  addUserRoutes(world, api, usage);
}
