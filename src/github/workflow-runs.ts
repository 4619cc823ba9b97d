import type { Octokit } from '@octokit/rest';
import type { SeenRun } from '../core/gate/silent-runs.ts';
import { classifyFailure, failureError, refusalOf } from './failure.ts';
import { inRepo, type RepoName } from './observed.ts';

export interface RunWish {
  /** The file below `.github/workflows/`. */
  workflow: string;
  /** The branch whose workflow file is used: the base branch and no other. */
  ref: string;
  /** At most 25; never the brief, for everybody who reads the repository reads them. */
  inputs: Record<string, string>;
  /** What the run calls itself by its `run-name`: how a run is found again. */
  title: string;
}

/** Our own earlier run; GitHub lists the newest first, and a run of ours is a minute old at most. */
async function findRun(client: Octokit, repo: RepoName, wish: RunWish): Promise<number | null> {
  const { data } = await client.request('GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}/runs', {
    ...inRepo(repo),
    workflow_id: wish.workflow,
    event: 'workflow_dispatch',
    branch: wish.ref,
    per_page: 100,
  });
  const found = data.workflow_runs.find((run) => run.display_title === wish.title);
  return found ? Number(found.id) : null;
}

/**
 * Starts a workflow and answers the run's id (GitHub's docs, "Create a workflow dispatch event"). A run with this
 * title is taken for our own earlier one.
 * @throws unclear where the server does not tell the id and the run is not listed yet
 */
export async function dispatchWorkflow(client: Octokit, repo: RepoName, wish: RunWish): Promise<number> {
  const earlier = await findRun(client, repo, wish);
  if (earlier !== null) return earlier;
  const { data } = await client.request(
    'POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches',
    {
      ...inRepo(repo),
      workflow_id: wish.workflow,
      ref: wish.ref,
      inputs: wish.inputs,
      return_run_details: true,
    },
  );
  // Servers from before 2026 answer 204 and tell nothing.
  const told = (data as { workflow_run_id?: number } | undefined)?.workflow_run_id;
  const run = told ?? (await findRun(client, repo, wish));
  if (run === null) {
    throw failureError(`the run of ${wish.workflow} was started and is not listed yet`, { kind: 'unclear' });
  }
  return run;
}

/**
 * How a run stands; `conclusion` is null until it is over, and before it has begun it is only queued. Null when there is
 * no such run any more.
 */
export async function fetchRun(
  client: Octokit,
  repo: RepoName,
  run: number,
): Promise<{ conclusion: string | null; hasBegun: boolean } | null> {
  try {
    const { data } = await client.request('GET /repos/{owner}/{repo}/actions/runs/{run_id}', {
      ...inRepo(repo),
      run_id: run,
    });
    const { status } = data;
    return {
      conclusion: status === 'completed' ? (data.conclusion ?? 'unknown') : null,
      hasBegun: status === 'completed' || status === 'in_progress',
    };
  } catch (error) {
    if (classifyFailure(error).kind === 'gone') return null;
    throw error;
  }
}

interface RawRun {
  id: number;
  name?: string | null | undefined;
  status: string | null;
  conclusion: string | null;
  html_url: string;
}

function stateOf({ status, conclusion }: RawRun): SeenRun['state'] {
  if (status === 'waiting') return 'waits-for-deployment';
  // GitHub has it both ways: as a status before 2021, as a conclusion since.
  if (status === 'action_required' || conclusion === 'action_required') return 'waits-for-approval';
  if (status !== 'completed') return 'under-way';
  if (conclusion === 'startup_failure') return 'could-not-start';
  return conclusion === 'skipped' ? 'skipped' : 'over';
}

/** Runs of a commit or of a branch, newest first; none where there are no Actions, or the App may not read them. */
async function fetchRuns(
  client: Octokit,
  repo: RepoName,
  of: { head_sha: string } | { branch: string },
): Promise<RawRun[]> {
  try {
    const { data } = await client.request('GET /repos/{owner}/{repo}/actions/runs', {
      ...inRepo(repo),
      ...of,
      per_page: 100,
    });
    return data.workflow_runs.map((run) => ({ ...run, id: Number(run.id) }));
  } catch (error) {
    const { kind } = classifyFailure(error);
    if (kind === 'gone' || kind === 'refused') return [];
    throw error;
  }
}

/** The workflow runs of a commit, for telling why a check stays away. */
export async function fetchRunsOfCommit(client: Octokit, repo: RepoName, sha: string): Promise<SeenRun[]> {
  const runs = await fetchRuns(client, repo, { head_sha: sha });
  return runs.map((run) => ({
    workflow: run.name ?? 'without a name',
    state: stateOf(run),
    url: run.html_url,
  }));
}

/** Cancels what still runs for a branch that is not needed any more, where the App may. */
export async function cancelRunsOfBranch(client: Octokit, repo: RepoName, branch: string): Promise<void> {
  const runs = await fetchRuns(client, repo, { branch });
  for (const run of runs.filter(({ status }) => status !== 'completed')) {
    try {
      await cancelRun(client, repo, run.id);
    } catch (error) {
      // It costs minutes of CI, and nothing else.
      if (classifyFailure(error).kind !== 'refused') throw error;
    }
  }
}

/** Cancels a run; one that is over, or gone, is no news. */
export async function cancelRun(client: Octokit, repo: RepoName, run: number): Promise<void> {
  try {
    await client.request('POST /repos/{owner}/{repo}/actions/runs/{run_id}/cancel', {
      ...inRepo(repo),
      run_id: run,
    });
  } catch (error) {
    const { kind } = classifyFailure(error);
    if (kind !== 'gone' && kind !== 'conflict' && refusalOf(error)?.status !== 409) throw error;
  }
}
