import type { Octokit } from '@octokit/rest';
import { isGone, isMissing, refusalOf } from './failure.ts';
import { inRepo, type RepoName } from './observed.ts';

/** What a failed check says of itself. */
export interface JobReport {
  title: string;
  text: string;
  annotations: { path: string; line: number; message: string }[];
}

interface RawRun {
  id: number;
  conclusion: string | null;
  details_url?: string | null;
  app?: { slug?: string } | null;
  output?: {
    title?: string | null;
    summary?: string | null;
    text?: string | null;
    annotations_count?: number;
  };
}

const mostAnnotations = 20;

/**
 * What the newest failed run of a check on a commit has reported (GitHub's docs, "List check runs for a Git reference"
 * and "List check run annotations"); for a job of GitHub Actions that says nothing there, its log ("Download job logs
 * for a workflow run"). Null when there is no such run: a commit status says no more than its link.
 */
export async function fetchJobReport(
  client: Octokit,
  repo: RepoName,
  sha: string,
  name: string,
): Promise<JobReport | null> {
  const { data } = await client.request('GET /repos/{owner}/{repo}/commits/{ref}/check-runs', {
    ...inRepo(repo),
    ref: sha,
    check_name: name,
    filter: 'all',
    per_page: 100,
  });
  const failed = (data.check_runs as RawRun[])
    .filter(({ conclusion }) => conclusion !== null && conclusion !== 'success')
    .sort((a, b) => b.id - a.id);
  const [run] = failed;
  if (!run) return null;
  const { title, summary, text } = run.output ?? {};
  const said = [summary, text].filter((part) => part && part !== title).join('\n\n');
  const annotations = await fetchAnnotations(client, repo, run);
  const log = said === '' && annotations.length === 0 ? await fetchLog(client, repo, run) : null;
  return { title: title ?? '', text: log ?? said, annotations };
}

async function fetchAnnotations(
  client: Octokit,
  repo: RepoName,
  run: RawRun,
): Promise<JobReport['annotations']> {
  if (!run.output?.annotations_count) return [];
  const { data } = await client.request('GET /repos/{owner}/{repo}/check-runs/{check_run_id}/annotations', {
    ...inRepo(repo),
    check_run_id: run.id,
    per_page: mostAnnotations,
  });
  return data
    .slice(0, mostAnnotations)
    .map(({ path, start_line: line, message }) => ({ path, line, message: message ?? '' }));
}

/** The log of a job of GitHub Actions; null when the run is none, or its log is not kept any more. */
async function fetchLog(client: Octokit, repo: RepoName, run: RawRun): Promise<string | null> {
  const job = /\/actions\/runs\/\d+\/job\/(\d+)/.exec(run.details_url ?? '')?.[1];
  if (run.app?.slug !== 'github-actions' || job === undefined) return null;
  try {
    const { data } = await client.request('GET /repos/{owner}/{repo}/actions/jobs/{job_id}/logs', {
      ...inRepo(repo),
      job_id: Number(job),
    });
    return typeof data === 'string' ? data : null;
  } catch (error) {
    if (isMissing(error) || isGone(error) || refusalOf(error)?.status === 403) return null;
    throw error;
  }
}
