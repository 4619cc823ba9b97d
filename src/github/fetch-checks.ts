import type { Octokit } from '@octokit/rest';
import type { CheckConclusion } from '../core/lane/pull-state.ts';
import { isMissing, refusalOf } from './failure.ts';
import { fetchPages } from './fetch-pages.ts';
import { type CheckSeen, inRepo, type RepoName } from './observed.ts';

interface RawRun {
  id: number;
  name: string;
  status: string;
  conclusion: string | null;
  html_url?: string | null;
  details_url?: string | null;
  started_at?: string | null;
  app?: { id?: number; slug?: string } | null;
  check_suite?: { id?: number } | null;
}

interface RawStatus {
  context: string;
  state: string;
  target_url?: string | null;
  created_at?: string;
}

/**
 * What check runs and commit statuses say about one commit. Of several runs of one name by one App the latest
 * counts, finished or not, so that a rerun in progress is not covered by its old success. A commit that GitHub does
 * not show yet has no checks (webhooks come before the state they tell of, F11).
 */
export async function fetchChecks(client: Octokit, repo: RepoName, sha: string): Promise<CheckSeen[]> {
  const [runs, statuses] = await Promise.all([
    noneWhenMissing(fetchRuns(client, repo, sha)),
    noneWhenMissing(fetchStatuses(client, repo, sha)),
  ]);
  return [...latestRuns(runs).map(runToCheck), ...latestStatuses(statuses).map(statusToCheck)];
}

async function noneWhenMissing<T>(found: Promise<T[]>): Promise<T[]> {
  try {
    return await found;
  } catch (error) {
    const refusal = refusalOf(error);
    if (isMissing(error) || (refusal?.status === 422 && /no commit found/i.test(refusal.message))) return [];
    throw error;
  }
}

function fetchRuns(client: Octokit, repo: RepoName, sha: string): Promise<RawRun[]> {
  return fetchPages(async (page) => {
    const answer = await client.request('GET /repos/{owner}/{repo}/commits/{ref}/check-runs', {
      ...inRepo(repo),
      ref: sha,
      ...page,
    });
    return {
      items: answer.data.check_runs as RawRun[],
      link: answer.headers.link,
      total: answer.data.total_count,
    };
  });
}

/** The combined status lists the latest of each context; servers without it may still have the plain list. */
async function fetchStatuses(client: Octokit, repo: RepoName, sha: string): Promise<RawStatus[]> {
  try {
    return await fetchPages(async (page) => {
      const answer = await client.request('GET /repos/{owner}/{repo}/commits/{ref}/status', {
        ...inRepo(repo),
        ref: sha,
        ...page,
      });
      return {
        items: answer.data.statuses as RawStatus[],
        link: answer.headers.link,
        total: answer.data.total_count,
      };
    });
  } catch (error) {
    if (!isMissing(error)) throw error;
    return fetchPages(async (page) => {
      const answer = await client.request('GET /repos/{owner}/{repo}/commits/{ref}/statuses', {
        ...inRepo(repo),
        ref: sha,
        ...page,
      });
      return { items: answer.data as RawStatus[], link: answer.headers.link };
    });
  }
}

/**
 * Suites of a commit that have been asked to run anew and have not begun: the runs that they list are the old ones, so
 * their success proves nothing any more (docs, "Rerequest a check suite": the status is reset to `queued`). One in which
 * other jobs still run, or wait for somebody, is not among them.
 */
export async function fetchRestartedSuites(
  client: Octokit,
  repo: RepoName,
  sha: string,
): Promise<ReadonlySet<number>> {
  const suites = await noneWhenMissing(
    fetchPages(async (page) => {
      const answer = await client.request('GET /repos/{owner}/{repo}/commits/{ref}/check-suites', {
        ...inRepo(repo),
        ref: sha,
        ...page,
      });
      return {
        items: answer.data.check_suites,
        link: answer.headers.link,
        total: answer.data.total_count,
      };
    }),
  );
  return new Set(
    suites.filter(({ status }) => status === 'queued' || status === 'requested').map(({ id }) => Number(id)),
  );
}

function latestRuns(runs: RawRun[]): RawRun[] {
  const latest = new Map<string, RawRun>();
  for (const run of runs) {
    const key = JSON.stringify([run.app?.id ?? null, run.name]);
    const other = latest.get(key);
    // Ids grow, whereas a run that is still queued may have no start time.
    if (other === undefined || run.id > other.id) latest.set(key, run);
  }
  return [...latest.values()];
}

function latestStatuses(statuses: RawStatus[]): RawStatus[] {
  const latest = new Map<string, RawStatus>();
  for (const status of statuses) {
    const other = latest.get(status.context);
    // Lists come newest first, so of equal times the first stays.
    if (other === undefined || (status.created_at ?? '') > (other.created_at ?? ''))
      latest.set(status.context, status);
  }
  return [...latest.values()];
}

function runToCheck(run: RawRun): CheckSeen {
  return {
    name: run.name,
    conclusion: run.status === 'completed' ? readConclusion(run.conclusion) : 'pending',
    url: run.html_url ?? run.details_url ?? null,
    appId: run.app?.id ?? null,
    appSlug: run.app?.slug ?? null,
    startedAt: run.started_at ?? null,
    suite: run.check_suite?.id ?? null,
  };
}

/** GitHub's words (docs, "Get started with checks"); one that we do not know is not a success. */
function readConclusion(conclusion: string | null): CheckConclusion {
  switch (conclusion) {
    case null:
      return 'pending';
    case 'success':
    case 'neutral':
    case 'skipped':
    case 'cancelled':
      return conclusion;
    case 'timed_out':
      return 'timed-out';
    default:
      // action_required, stale, startup_failure, failure, and what may come
      return 'failure';
  }
}

function statusToCheck(status: RawStatus): CheckSeen {
  return {
    name: status.context,
    conclusion: status.state === 'success' ? 'success' : status.state === 'pending' ? 'pending' : 'failure',
    url: status.target_url ?? null,
    appId: null,
    appSlug: null,
    startedAt: status.created_at ?? null,
    suite: null,
  };
}
