import type { Rest } from './github-types.ts';
import type { CheckRun, CheckSuite, CommitStatus, PullIssue, Repo, Sha } from './model.ts';
import { isPull, nodeId } from './model.ts';
import { renderApp } from './render-account.ts';
import { renderSimpleCommit } from './render-commit.ts';
import { renderPullMinimal } from './render-pull.ts';
import { renderRepo } from './render-repo.ts';
import { renderUser } from './render-user.ts';
import type { World } from './world.ts';
import { htmlUrl, repoUrl } from './world.ts';

function openPullsAt(repo: Repo, sha: Sha): PullIssue[] {
  return [...repo.issues.values()]
    .filter(isPull)
    .filter((issue) => issue.state === 'open' && issue.pull.headSha === sha);
}

export function suiteStatus(suite: CheckSuite): Pick<CheckRun, 'status' | 'conclusion'> {
  // Asked to run anew, it is queued and has no conclusion (docs, "Rerequest a check suite").
  const { restartedAfter } = suite;
  const isRestarted = restartedAfter !== null && suite.runs.every(({ id }) => id <= restartedAfter);
  if (suite.runs.length === 0 || isRestarted) return { status: 'queued', conclusion: null };
  if (suite.runs.some((run) => run.status !== 'completed'))
    return {
      status: suite.runs.every((run) => run.status === 'queued') ? 'queued' : 'in_progress',
      conclusion: null,
    };
  const order = ['failure', 'timed_out', 'action_required', 'cancelled', 'success', 'neutral', 'skipped'];
  const worst = order.find((conclusion) => suite.runs.some((run) => run.conclusion === conclusion));
  const conclusion = suite.runs.find((run) => run.conclusion === worst)?.conclusion ?? null;
  return { status: 'completed', conclusion };
}

export function renderCheckRun(world: World, run: CheckRun) {
  const { suite } = run;
  const url = repoUrl(world, suite.repo, `/check-runs/${run.id}`);
  return {
    id: run.id,
    node_id: nodeId('CheckRun', run.id),
    name: run.name,
    head_sha: suite.headSha,
    external_id: run.externalId,
    url,
    html_url: htmlUrl(world, suite.repo, `/runs/${run.id}`),
    details_url: run.detailsUrl ?? htmlUrl(world, suite.repo, `/runs/${run.id}`),
    status: run.status,
    conclusion: run.conclusion,
    started_at: run.startedAt,
    completed_at: run.completedAt,
    output: {
      ...run.output,
      annotations_count: run.annotations.length,
      annotations_url: `${url}/annotations`,
    },
    check_suite: { id: suite.id },
    app: renderApp(world, suite.app),
    pull_requests: openPullsAt(suite.repo, suite.headSha).map((issue) => renderPullMinimal(world, issue)),
  } satisfies Rest['check-run'];
}

function renderSuiteCore(world: World, suite: CheckSuite) {
  return {
    id: suite.id,
    node_id: nodeId('CheckSuite', suite.id),
    head_branch: suite.headBranch,
    head_sha: suite.headSha,
    ...suiteStatus(suite),
    url: repoUrl(world, suite.repo, `/check-suites/${suite.id}`),
    before: suite.before,
    after: suite.headSha,
    pull_requests: openPullsAt(suite.repo, suite.headSha).map((issue) => renderPullMinimal(world, issue)),
    app: renderApp(world, suite.app),
    created_at: suite.createdAt,
    updated_at: suite.updatedAt,
  };
}

/** The check run as webhooks carry it, with the suite's outline inside. */
export function renderHookCheckRun(world: World, run: CheckRun) {
  return { ...renderCheckRun(world, run), check_suite: renderSuiteCore(world, run.suite) };
}

export async function renderCheckSuite(world: World, suite: CheckSuite) {
  return {
    ...renderSuiteCore(world, suite),
    repository: renderRepo(world, suite.repo),
    head_commit: await renderSimpleCommit(suite.repo, suite.headSha),
    latest_check_runs_count: suite.runs.length,
    check_runs_url: repoUrl(world, suite.repo, `/check-suites/${suite.id}/check-runs`),
    rerequestable: true,
    runs_rerequestable: true,
  } satisfies Rest['check-suite'];
}

function renderSimpleStatus(world: World, repo: Repo, status: CommitStatus) {
  return {
    id: status.id,
    node_id: nodeId('Status', status.id),
    url: repoUrl(world, repo, `/statuses/${status.sha}`),
    avatar_url: `${world.url}/avatars/${status.creator.id}`,
    state: status.state,
    description: status.description,
    target_url: status.targetUrl,
    context: status.context,
    created_at: status.createdAt,
    updated_at: status.createdAt,
  } satisfies Rest['simple-commit-status'];
}

export function renderStatus(world: World, repo: Repo, status: CommitStatus) {
  return {
    ...renderSimpleStatus(world, repo, status),
    creator: renderUser(world, status.creator),
  } satisfies Rest['status'];
}

export function latestStatuses(repo: Repo, sha: Sha): CommitStatus[] {
  const byContext = new Map<string, CommitStatus>();
  for (const status of repo.statuses) if (status.sha === sha) byContext.set(status.context, status);
  return [...byContext.values()];
}

export function renderCombinedStatus(world: World, repo: Repo, sha: Sha) {
  const latest = latestStatuses(repo, sha);
  const has = (...states: string[]) => latest.some((status) => states.includes(status.state));
  const state = has('failure', 'error')
    ? 'failure'
    : latest.length === 0 || has('pending')
      ? 'pending'
      : 'success';
  return {
    state,
    statuses: latest.map((status) => renderSimpleStatus(world, repo, status)),
    sha,
    total_count: latest.length,
    repository: renderRepo(world, repo),
    commit_url: repoUrl(world, repo, `/commits/${sha}`),
    url: repoUrl(world, repo, `/commits/${sha}/status`),
  } satisfies Rest['combined-commit-status'];
}
