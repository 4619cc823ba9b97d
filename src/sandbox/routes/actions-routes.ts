import { z } from 'zod';
import { dispatchWorkflow, moveRun, renderDispatch, renderRun, type WorkflowRun } from '../actions.ts';
import type { AddRepoRoute } from '../api.ts';
import { readBody, takePage } from '../api.ts';
import { ApiError, notFound } from '../api-error.ts';
import type { Rest } from '../github-types.ts';
import type { Repo } from '../model.ts';
import type { World } from '../world.ts';

const Dispatch = z.object({
  ref: z.string(),
  inputs: z.record(z.string(), z.coerce.string()).default({}),
  return_run_details: z.boolean().default(false),
});

function findRun(world: World, repo: Repo, id: string): WorkflowRun {
  const run = world.book.workflowRuns.get(Number(id));
  if (run?.repo !== repo) throw notFound();
  return run;
}

/** https://docs.github.com/en/rest/actions : workflows are named by their file here, and never by a number. */
export function addActionsRoutes(world: World, route: AddRepoRoute): void {
  route('POST', '/actions/workflows/:file/dispatches', 'actions:write', async ({ c, repo, actor, param }) => {
    const { ref, inputs, return_run_details } = await readBody(c, Dispatch);
    const run = await dispatchWorkflow(world, repo, {
      file: param('file'),
      ref,
      inputs,
      actor: actor.account,
    });
    if (!return_run_details) return c.body(null, 204);
    return c.json(renderDispatch(world, run) satisfies Rest['workflow-dispatch-response']);
  });
  route('GET', '/actions/workflows/:file/runs', 'actions:read', async ({ c, repo, param, query }) => {
    const runs = [...world.book.workflowRuns.values()]
      .filter((run) => run.repo === repo && run.workflow === param('file'))
      .filter((run) => (query('branch') ?? run.branch) === run.branch)
      .reverse();
    const page = await Promise.all(takePage(c, runs).map((run) => renderRun(world, run)));
    return c.json({ total_count: runs.length, workflow_runs: page });
  });
  route('GET', '/actions/runs', 'actions:read', async ({ c, repo, query }) => {
    const runs = [...world.book.workflowRuns.values()]
      .filter((run) => run.repo === repo)
      .filter((run) => (query('branch') ?? run.branch) === run.branch)
      .filter((run) => (query('head_sha') ?? run.headSha) === run.headSha)
      .filter((run) => (query('event') ?? run.event) === run.event)
      .reverse();
    const page = await Promise.all(takePage(c, runs).map((run) => renderRun(world, run)));
    return c.json({ total_count: runs.length, workflow_runs: page });
  });
  route('GET', '/actions/runs/:id', 'actions:read', async ({ c, repo, param }) =>
    c.json(await renderRun(world, findRun(world, repo, param('id')))),
  );
  route('POST', '/actions/runs/:id/cancel', 'actions:write', async ({ c, repo, param }) => {
    const run = findRun(world, repo, param('id'));
    if (run.status === 'completed')
      throw new ApiError(409, 'Cannot cancel a workflow run that is completed.');
    await moveRun(world, run, 'cancelled');
    return c.json({}, 202);
  });
}
