import type { Octokit } from '@octokit/rest';
import type { CheckAnnotation, CheckButton } from '../protocol/arbiter-check.ts';
import { failureError, isMissing, refusalOf } from './failure.ts';
import { fetchPages } from './fetch-pages.ts';
import { inRepo, type KnownPost, type RepoName } from './observed.ts';

export interface CheckRunPosting {
  sha: string;
  name: string;
  externalId: string;
  status: 'queued' | 'in_progress' | 'completed';
  conclusion?: 'success' | 'failure' | 'neutral' | 'cancelled' | 'skipped' | 'timed_out' | 'action_required';
  title: string;
  summary: string;
  text?: string;
  detailsUrl?: string;
  annotations?: CheckAnnotation[];
  /** At most three (docs, "Create a check run"). */
  actions?: CheckButton[];
  /** The run that was posted for this commit before, where that is known; null looks for it. */
  known: KnownPost | null;
}

interface RawRun {
  id: number;
  name: string;
  external_id?: string | null;
  status: string;
  conclusion: string | null;
  details_url?: string | null;
  app?: { id?: number } | null;
  output?: { title?: string | null; summary?: string | null; text?: string | null };
}

/** GitHub's docs, "Create a check run": summary and text hold 65,535 characters; counted in bytes to be safe. */
const mostBytes = 65_535;
/** The same page: so many annotations in one request; those of the next are added to them. */
const annotationsAtOnce = 50;

/**
 * Publishes what we think of a commit: one run per name and head, updated in place (F23). Only runs of our own App
 * are touched; a run that GitHub will not reopen is followed by a new one, and the latest counts.
 */
export async function postCheckRun(
  client: Octokit,
  repo: RepoName,
  appId: number,
  posting: CheckRunPosting,
): Promise<{ id: number }> {
  const wanted = {
    ...posting,
    summary: truncate(posting.summary),
    ...(posting.text === undefined ? {} : { text: truncate(posting.text) }),
  };
  const own = wanted.known === null ? await fetchOwnRun(client, repo, appId, wanted) : null;
  const id = wanted.known?.id ?? own?.id ?? null;
  if (id === null) return sendRun(client, repo, wanted);
  try {
    const isCurrent = own !== null && isSame(own, wanted);
    // An update adds to the annotations that are there, and nothing takes one away.
    const missing = await fetchMissingAnnotations(client, repo, id, wanted.annotations ?? []);
    if (!isCurrent || missing.length > 0) await updateRun(client, repo, id, wanted, missing);
    return { id };
  } catch (error) {
    // A completed run may not be reopened, and a server may have forgotten it: a new one follows, and the latest counts.
    const isReopening = wanted.status !== 'completed' && refusalOf(error)?.status === 422;
    const isForgotten = wanted.known !== null && isMissing(error);
    if (isForgotten && wanted.known?.isNew) {
      throw failureError(`the check run ${id} cannot be found yet`, { kind: 'transient' });
    }
    if (isReopening || isForgotten) return sendRun(client, repo, wanted);
    throw error;
  }
}

async function sendRun(client: Octokit, repo: RepoName, wanted: CheckRunPosting): Promise<{ id: number }> {
  const annotations = wanted.annotations ?? [];
  const { data } = await client.request('POST /repos/{owner}/{repo}/check-runs', {
    ...inRepo(repo),
    head_sha: wanted.sha,
    ...toFields(wanted, annotations.slice(0, annotationsAtOnce)),
  });
  const id = Number(data.id);
  const rest = annotations.slice(annotationsAtOnce);
  if (rest.length > 0) await updateRun(client, repo, id, wanted, rest);
  return { id };
}

async function updateRun(
  client: Octokit,
  repo: RepoName,
  id: number,
  wanted: CheckRunPosting,
  annotations: readonly CheckAnnotation[],
): Promise<void> {
  for (let from = 0; from === 0 || from < annotations.length; from += annotationsAtOnce) {
    await client.request('PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}', {
      ...inRepo(repo),
      check_run_id: id,
      ...toFields(wanted, annotations.slice(from, from + annotationsAtOnce)),
    });
  }
}

interface RawAnnotation {
  path: string;
  start_line: number;
  annotation_level?: string | null;
  title?: string | null;
  message?: string | null;
}

async function fetchMissingAnnotations(
  client: Octokit,
  repo: RepoName,
  id: number,
  wanted: readonly CheckAnnotation[],
): Promise<CheckAnnotation[]> {
  if (wanted.length === 0) return [];
  const there = await fetchPages(async (page) => {
    const answer = await client.request('GET /repos/{owner}/{repo}/check-runs/{check_run_id}/annotations', {
      ...inRepo(repo),
      check_run_id: id,
      ...page,
    });
    return { items: answer.data as RawAnnotation[], link: answer.headers.link };
  });
  const keyOf = (each: object) => JSON.stringify(each);
  const known = new Set(
    there.map(({ path, start_line, annotation_level, title, message }) =>
      keyOf([path, start_line, annotation_level, title, message]),
    ),
  );
  return wanted.filter(
    ({ path, line, level, title, message }) => !known.has(keyOf([path, line, level, title, message])),
  );
}

async function fetchOwnRun(
  client: Octokit,
  repo: RepoName,
  appId: number,
  wanted: CheckRunPosting,
): Promise<RawRun | null> {
  const runs = await fetchRunsNamed(client, repo, wanted);
  const own = runs.filter(
    (run) =>
      run.name === wanted.name &&
      // A server that does not say which App made a run still keeps our external id.
      (run.app?.id == null ? run.external_id === wanted.externalId : run.app.id === appId),
  );
  return own.sort((a, b) => b.id - a.id)[0] ?? null;
}

async function fetchRunsNamed(client: Octokit, repo: RepoName, wanted: CheckRunPosting): Promise<RawRun[]> {
  try {
    return await fetchPages(async (page) => {
      const answer = await client.request('GET /repos/{owner}/{repo}/commits/{ref}/check-runs', {
        ...inRepo(repo),
        ref: wanted.sha,
        check_name: wanted.name,
        ...page,
      });
      return {
        items: answer.data.check_runs as RawRun[],
        link: answer.headers.link,
        total: answer.data.total_count,
      };
    });
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function toFields(wanted: CheckRunPosting, annotations: readonly CheckAnnotation[] = []) {
  const { title, summary, text } = wanted;
  return {
    name: wanted.name,
    external_id: wanted.externalId,
    // A conclusion implies `completed`, and without one GitHub refuses that status; both are sent together.
    status: wanted.status,
    ...(wanted.status === 'completed' ? { conclusion: wanted.conclusion ?? 'neutral' } : {}),
    ...(wanted.detailsUrl === undefined ? {} : { details_url: wanted.detailsUrl }),
    output: {
      title,
      summary,
      ...(text === undefined ? {} : { text }),
      ...(annotations.length === 0 ? {} : { annotations: annotations.map(toAnnotation) }),
    },
    ...(wanted.actions === undefined ? {} : { actions: wanted.actions }),
  };
}

function toAnnotation({ path, line, level, title, message }: CheckAnnotation) {
  return { path, start_line: line, end_line: line, annotation_level: level, title, message };
}

function isSame(run: RawRun, wanted: CheckRunPosting): boolean {
  const fields = toFields(wanted);
  return (
    run.status === fields.status &&
    (run.conclusion ?? null) === (fields.conclusion ?? null) &&
    run.external_id === fields.external_id &&
    (fields.details_url === undefined || run.details_url === fields.details_url) &&
    (run.output?.title ?? '') === fields.output.title &&
    (run.output?.summary ?? '') === fields.output.summary &&
    (run.output?.text ?? '') === (fields.output.text ?? '')
  );
}

function truncate(text: string): string {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= mostBytes) return text;
  const ending = '\n\n… (shortened)';
  const room = bytes.subarray(0, mostBytes - Buffer.byteLength(ending)).toString('utf8');
  // A character cut in half decodes to U+FFFD.
  return room.replace(/\uFFFD+$/, '') + ending;
}
