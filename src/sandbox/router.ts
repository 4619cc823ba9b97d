import type { Http2Bindings, HttpBindings } from '@hono/node-server';
import { ISSUER_PATH, oidcKeySet } from './actions.ts';
import type { UsageBook } from './api.ts';
import { apiPath, createApi, repoRoutes } from './api.ts';
import { addGraphqlRoute } from './graphql.ts';
import { answerOauth, OAUTH_PATH } from './oauth.ts';
import type { PostOffice } from './post-office.ts';
import { addActionsRoutes } from './routes/actions-routes.ts';
import { addAppRoutes } from './routes/app-routes.ts';
import { addCheckRoutes } from './routes/check-routes.ts';
import { addCommentRoutes } from './routes/comment-routes.ts';
import { addCommitRoutes } from './routes/commit-routes.ts';
import { addContentsRoutes } from './routes/contents-routes.ts';
import { addDependencyRoutes } from './routes/dependency-routes.ts';
import { addGitRoutes } from './routes/git-routes.ts';
import { addHookRoutes } from './routes/hook-routes.ts';
import { addIssueRoutes } from './routes/issue-routes.ts';
import { addPullRoutes } from './routes/pull-routes.ts';
import { addRepoRoutes } from './routes/repo-routes.ts';
import { addReviewRoutes } from './routes/review-routes.ts';
import { answerGit, isGitPath } from './smart-http.ts';
import type { World } from './world.ts';

/** First parts of API paths; no account may have one of these names. */
const API_ROOTS = new Set([
  'api',
  'app',
  'apps',
  'graphql',
  'installation',
  'orgs',
  'rate_limit',
  'repos',
  'repositories',
  'user',
  'users',
]);

export type Answer = (request: Request, env: HttpBindings | Http2Bindings) => Response | Promise<Response>;

/** Anything that answers browser paths such as `/{owner}/{repo}/pull/{n}`; a Hono app's `fetch` fits. */
export type Pages = Answer;

/** One door for API, git and browser, told apart by the path. */
export function createRouter(world: World, office: PostOffice, pages: Pages | null): Answer {
  const usage: UsageBook = { limit: world.hourlyLimit, callers: new Map() };
  const api = createApi(world, usage);
  const route = repoRoutes(world, api);
  addAppRoutes(world, api, usage);
  addHookRoutes(world, api, office);
  addRepoRoutes(world, api, route);
  addGitRoutes(world, route);
  addContentsRoutes(world, route);
  addCommentRoutes(world, route);
  addDependencyRoutes(world, route);
  addIssueRoutes(world, route);
  addReviewRoutes(world, route);
  addPullRoutes(world, route);
  addCheckRoutes(world, route);
  addCommitRoutes(world, route);
  addActionsRoutes(world, route);
  addGraphqlRoute(world, api);
  return (request, env) => {
    const path = apiPath(request);
    if (path === `${ISSUER_PATH}/.well-known/jwks`) return oidcKeySet().then((keys) => Response.json(keys));
    if (path.startsWith(OAUTH_PATH)) return answerOauth(world, request);
    if (isGitPath(path)) return answerGit(world, request);
    if (API_ROOTS.has(path.split('/')[1] ?? '')) return api.fetch(request, env);
    return pages === null ? new Response('Not Found', { status: 404 }) : pages(request, env);
  };
}
