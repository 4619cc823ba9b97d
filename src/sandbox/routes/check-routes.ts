import { z } from 'zod';
import { announce, announceCheckSuite, announceRequestedAction } from '../announce.ts';
import type { AddRepoRoute, RepoCall } from '../api.ts';
import { readBody, takePage } from '../api.ts';
import { ApiError, notFound } from '../api-error.ts';
import { appOf } from '../auth.ts';
import type { CheckRunInput } from '../check-changes.ts';
import {
  createCheckRun,
  findOrCreateSuite,
  latestRuns,
  rerequestCheckRun,
  updateCheckRun,
} from '../check-changes.ts';
import type { AppRecord, CheckRun, CheckSuite } from '../model.ts';
import { stampNow } from '../model.ts';
import { loadCommit, readCommit } from '../objects.ts';
import { renderCheckRun, renderCheckSuite, renderCombinedStatus, renderStatus } from '../render-check.ts';
import { renderCommit } from '../render-commit.ts';
import type { World } from '../world.ts';
import { repoUrl } from '../world.ts';
import { demandCommitish } from './commit-routes.ts';

const READ = 'checks:read';
const WRITE = 'checks:write';
const SUMMARY_LIMIT = 65_535;

const Annotation = z.object({
  path: z.string(),
  start_line: z.number(),
  end_line: z.number(),
  annotation_level: z.enum(['notice', 'warning', 'failure']),
  message: z.string(),
  title: z.string().nullable().default(null),
});
const RunFields = z.object({
  name: z.string().min(1).optional(),
  head_sha: z.string().optional(),
  status: z.enum(['queued', 'in_progress', 'completed']).optional(),
  conclusion: z
    .enum(['success', 'failure', 'neutral', 'cancelled', 'skipped', 'timed_out', 'action_required'])
    .optional(),
  external_id: z.string().optional(),
  details_url: z.string().optional(),
  started_at: z.string().optional(),
  completed_at: z.string().optional(),
  output: z
    .object({
      title: z.string().optional(),
      summary: z.string().max(SUMMARY_LIMIT).optional(),
      text: z.string().max(SUMMARY_LIMIT).optional(),
      annotations: z.array(Annotation).max(50).optional(),
    })
    .optional(),
  actions: z
    .array(
      z.object({
        label: z.string().max(20),
        description: z.string().max(40),
        identifier: z.string().max(20),
      }),
    )
    .max(3)
    .optional(),
});

function toInput(fields: z.infer<typeof RunFields>): CheckRunInput {
  if (fields.status === 'completed' && fields.conclusion === undefined)
    throw new ApiError(422, 'Invalid request.\n\n"conclusion" wasn\'t supplied.');
  return {
    name: fields.name,
    status: fields.status,
    conclusion: fields.conclusion,
    externalId: fields.external_id,
    detailsUrl: fields.details_url,
    startedAt: fields.started_at,
    completedAt: fields.completed_at,
    output: fields.output,
    annotations: fields.output?.annotations,
    actions: fields.actions,
  };
}

/** Checks are written by Apps only. https://docs.github.com/en/rest/checks/runs#create-a-check-run */
function demandCheckApp({ caller }: RepoCall): AppRecord {
  const app = appOf(caller);
  if (app === null) throw new ApiError(403, 'You must authenticate via a GitHub App.');
  return app;
}

function demandRun({ repo, param }: RepoCall): CheckRun {
  const run = repo.runs.get(Number(param('id')));
  if (run === undefined) throw notFound();
  return run;
}

function demandSuite({ repo, param }: RepoCall): CheckSuite {
  const suite = repo.suites.find((one) => one.id === Number(param('id')));
  if (suite === undefined) throw notFound();
  return suite;
}

function answerRuns(world: World, { c, query }: RepoCall, runs: readonly CheckRun[]): Response {
  const [appId, name, status] = [query('app_id'), query('check_name'), query('status')];
  const shown = (query('filter') === 'all' ? runs : latestRuns(runs)).filter(
    (run) =>
      (appId === undefined || run.suite.app.id === Number(appId)) &&
      (name === undefined || run.name === name) &&
      (status === undefined || run.status === status),
  );
  // Newest first, as GitHub lists them.
  const page = takePage(c, [...shown].reverse());
  return c.json({
    total_count: shown.length,
    check_runs: page.map((run) => renderCheckRun(world, run)),
  });
}

function addRunRoutes(world: World, route: AddRepoRoute): void {
  route(
    'POST',
    '/check-runs',
    WRITE,
    async (call) => {
      const app = demandCheckApp(call);
      const { head_sha: sha, name, ...rest } = await readBody(call.c, RunFields);
      if (sha === undefined || name === undefined)
        throw new ApiError(422, 'Invalid request.\n\n"name", "head_sha" weren\'t supplied.');
      if ((await readCommit(call.repo, sha)) === null)
        throw new ApiError(422, `No commit found for SHA: ${sha}`);
      const run = await createCheckRun(world, call.repo, app, { ...toInput(rest), sha, name });
      return call.c.json(renderCheckRun(world, run), 201);
    },
    'read',
  );
  route('GET', '/check-runs/:id', READ, (call) => call.c.json(renderCheckRun(world, demandRun(call))));
  route(
    'PATCH',
    '/check-runs/:id',
    WRITE,
    async (call) => {
      const app = demandCheckApp(call);
      const run = demandRun(call);
      if (run.suite.app !== app)
        throw new ApiError(
          403,
          `Invalid app_id \`${app.id}\` - check run can only be modified by the GitHub App that created it.`,
        );
      await updateCheckRun(world, run, toInput(await readBody(call.c, RunFields)));
      return call.c.json(renderCheckRun(world, run));
    },
    'read',
  );
  route('GET', '/check-runs/:id/annotations', READ, (call) =>
    call.c.json(
      takePage(call.c, demandRun(call).annotations).map((annotation) => ({
        ...annotation,
        start_column: null,
        end_column: null,
        raw_details: null,
        blob_href: repoUrl(world, call.repo, `/git/blobs/${demandRun(call).suite.headSha}`),
      })),
    ),
  );
  route('POST', '/check-runs/:id/rerequest', WRITE, (call) => {
    rerequestCheckRun(world, demandRun(call), call.actor);
    return call.c.json({}, 201);
  });
  // GitHub has no such route: its page sends this when somebody presses one of a run's buttons.
  route(
    'POST',
    '/check-runs/:id/requested-actions',
    'checks:read',
    async (call) => {
      const run = demandRun(call);
      const { identifier } = await readBody(call.c, z.object({ identifier: z.string() }));
      if (!run.actions.some((action) => action.identifier === identifier)) throw notFound();
      announceRequestedAction(world, run, identifier, call.actor.account);
      return call.c.json({}, 201);
    },
    'read',
  );
}

function addSuiteRoutes(world: World, route: AddRepoRoute): void {
  route(
    'POST',
    '/check-suites',
    WRITE,
    async (call) => {
      const app = demandCheckApp(call);
      const { head_sha } = await readBody(call.c, z.object({ head_sha: z.string() }));
      const { sha } = await demandCommitish(call.repo, head_sha);
      const { suite, created } = findOrCreateSuite(world, call.repo, app, sha, {
        branch: null,
        before: null,
      });
      if (created) await announceCheckSuite(world, suite, 'requested', call.actor.account);
      return call.c.json(await renderCheckSuite(world, suite), created ? 201 : 200);
    },
    'read',
  );
  route('GET', '/check-suites/:id', READ, async (call) =>
    call.c.json(await renderCheckSuite(world, demandSuite(call))),
  );
  route('GET', '/check-suites/:id/check-runs', READ, (call) =>
    answerRuns(world, call, demandSuite(call).runs),
  );
  route('POST', '/check-suites/:id/rerequest', WRITE, async (call) => {
    const suite = demandSuite(call);
    suite.restartedAfter = Math.max(0, ...suite.runs.map(({ id }) => id));
    await announceCheckSuite(world, suite, 'rerequested', call.actor.account);
    return call.c.json({}, 201);
  });
}

const StatusInput = z.object({
  state: z.enum(['error', 'failure', 'pending', 'success']),
  context: z.string().default('default'),
  description: z.string().nullish(),
  target_url: z.string().nullish(),
});

async function createStatus(world: World, { c, repo, actor, param }: RepoCall): Promise<Response> {
  const commit = await readCommit(repo, param('sha'));
  if (commit === null) throw new ApiError(422, `No commit found for SHA: ${param('sha')}`);
  const input = await readBody(c, StatusInput);
  const status = {
    id: world.takeId(),
    sha: commit.sha,
    state: input.state,
    context: input.context,
    description: input.description ?? null,
    targetUrl: input.target_url ?? null,
    creator: actor.account,
    createdAt: stampNow(),
  };
  repo.statuses.push(status);
  const rendered = renderCommit(world, repo, await loadCommit(repo, commit.sha));
  announce(
    world,
    repo,
    'status',
    {
      id: status.id,
      sha: commit.sha,
      name: repo.fullName,
      state: status.state,
      context: status.context,
      description: status.description,
      target_url: status.targetUrl,
      created_at: status.createdAt,
      updated_at: status.createdAt,
      branches: [...repo.refs]
        .filter(([ref, sha]) => sha === commit.sha && ref.startsWith('refs/heads/'))
        .map(([ref, sha]) => ({
          name: ref.slice('refs/heads/'.length),
          commit: { sha, url: repoUrl(world, repo, `/commits/${sha}`) },
          protected: repo.protections.has(ref.slice('refs/heads/'.length)),
        })),
      commit: rendered,
    },
    actor.account,
  );
  return c.json(renderStatus(world, repo, status), 201);
}

function addStatusRoutes(world: World, route: AddRepoRoute): void {
  route('POST', '/statuses/:sha', 'statuses:write', (call) => createStatus(world, call));
  route('GET', '/commits/:ref{.+}/status', 'statuses:read', async ({ c, repo, param }) => {
    const { sha } = await demandCommitish(repo, param('ref'));
    return c.json(renderCombinedStatus(world, repo, sha));
  });
  route('GET', '/commits/:ref{.+}/statuses', 'statuses:read', async ({ c, repo, param }) => {
    const { sha } = await demandCommitish(repo, param('ref'));
    const all = repo.statuses.filter((one) => one.sha === sha).reverse();
    return c.json(takePage(c, all).map((status) => renderStatus(world, repo, status)));
  });
}

export function addCheckRoutes(world: World, route: AddRepoRoute): void {
  addRunRoutes(world, route);
  addSuiteRoutes(world, route);
  route('GET', '/commits/:ref{.+}/check-runs', READ, async (call) => {
    const { sha } = await demandCommitish(call.repo, call.param('ref'));
    return answerRuns(
      world,
      call,
      [...call.repo.runs.values()].filter((run) => run.suite.headSha === sha),
    );
  });
  route('GET', '/commits/:ref{.+}/check-suites', READ, async ({ c, repo, param, query }) => {
    const { sha } = await demandCommitish(repo, param('ref'));
    const appId = query('app_id');
    const suites = repo.suites.filter(
      (one) => one.headSha === sha && (appId === undefined || one.app.id === Number(appId)),
    );
    const page = await Promise.all(takePage(c, suites).map((suite) => renderCheckSuite(world, suite)));
    return c.json({ total_count: suites.length, check_suites: page });
  });
  addStatusRoutes(world, route);
}
