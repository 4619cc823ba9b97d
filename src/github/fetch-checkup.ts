/** What `doctor` asks GitHub for, beyond what the rest of this room reads. Everything that is refused is left open. */
import type { Octokit } from '@octokit/rest';
import type { SeenProtection, SeenRule } from '../core/doctor/checkup.ts';
import { isGone, isMissing, refusalOf } from './failure.ts';
import { fetchPages } from './fetch-pages.ts';
import { inRepo, type RepoName } from './observed.ts';

export interface Grant {
  permissions: Record<string, string>;
  events: string[];
}

/** What an installation has been granted. Asked as the App (docs, "Get an installation for the authenticated app"). */
export async function fetchGrant(asApp: Octokit, installationId: number): Promise<Grant> {
  const { data } = await asApp.request('GET /app/installations/{installation_id}', {
    installation_id: installationId,
  });
  const entries = Object.entries(data.permissions).filter(([, level]) => typeof level === 'string');
  return { permissions: Object.fromEntries(entries), events: data.events };
}

function isRefused(error: unknown): boolean {
  return isGone(error) || isMissing(error) || refusalOf(error)?.status === 403;
}

interface RawRule {
  type: string;
  ruleset_id?: number;
  parameters?: { strict_required_status_checks_policy?: boolean };
}

/** docs, "Get a repository ruleset": `current_user_can_bypass` is about whoever asks, here the App. */
async function fetchMayBypass(client: Octokit, repo: RepoName, ruleset: number): Promise<boolean | null> {
  try {
    const { data } = await client.request('GET /repos/{owner}/{repo}/rulesets/{ruleset_id}', {
      ...inRepo(repo),
      ruleset_id: ruleset,
    });
    const word = data.current_user_can_bypass;
    return word === undefined ? null : word === 'always' || word === 'exempt';
  } catch (error) {
    if (isRefused(error)) return null;
    throw error;
  }
}

/** The active rules of rulesets on a branch; none where the server has no rulesets. */
export async function fetchRules(client: Octokit, repo: RepoName, branch: string): Promise<SeenRule[]> {
  try {
    const raw = await fetchPages(async (page) => {
      const answer = await client.request('GET /repos/{owner}/{repo}/rules/branches/{branch}', {
        ...inRepo(repo),
        branch,
        ...page,
      });
      return { items: answer.data as RawRule[], link: answer.headers.link };
    });
    const ids = [...new Set(raw.flatMap(({ ruleset_id }) => ruleset_id ?? []))];
    const bypasses = new Map<number, boolean | null>();
    for (const id of ids) bypasses.set(id, await fetchMayBypass(client, repo, id));
    return raw.map(({ type, ruleset_id, parameters }) => ({
      type,
      isStrict: parameters?.strict_required_status_checks_policy === true,
      mayBypass: bypasses.get(ruleset_id ?? 0) ?? null,
    }));
  } catch (error) {
    if (isRefused(error)) return [];
    throw error;
  }
}

/** Classic protection; its details need the right to read administration (docs, "Get branch protection"). */
export async function fetchProtection(
  client: Octokit,
  repo: RepoName,
  branch: string,
): Promise<'none' | 'unreadable' | SeenProtection> {
  const summary = await client.request('GET /repos/{owner}/{repo}/branches/{branch}', {
    ...inRepo(repo),
    branch,
  });
  if (summary.data.protection?.enabled !== true) return 'none';
  try {
    const { data } = await client.request('GET /repos/{owner}/{repo}/branches/{branch}/protection', {
      ...inRepo(repo),
      branch,
    });
    return {
      isStrict: data.required_status_checks?.strict === true,
      signatures: data.required_signatures?.enabled === true,
      linearHistory: data.required_linear_history?.enabled === true,
      locked: data.lock_branch?.enabled === true,
      pushers: data.restrictions ? data.restrictions.apps.flatMap(({ slug }) => slug ?? []) : null,
      reviews: data.required_pull_request_reviews !== undefined,
    };
  } catch (error) {
    if (isRefused(error)) return 'unreadable';
    throw error;
  }
}

const folder = '.github/workflows';
/** More than any repository has that can still be overlooked. */
const mostFiles = 60;

/** The texts of the workflow files at a ref, by name. */
export async function fetchWorkflowFiles(
  client: Octokit,
  repo: RepoName,
  ref: string,
): Promise<{ file: string; text: string }[]> {
  try {
    const { data } = await client.request('GET /repos/{owner}/{repo}/contents/{path}', {
      ...inRepo(repo),
      path: folder,
      ref,
    });
    const names = (Array.isArray(data) ? data : [])
      .filter(({ type, name }) => type === 'file' && /\.ya?ml$/u.test(name))
      .map(({ name }) => name);
    const files: { file: string; text: string }[] = [];
    for (const name of names.slice(0, mostFiles)) {
      const answer = await client.request('GET /repos/{owner}/{repo}/contents/{path}', {
        ...inRepo(repo),
        path: `${folder}/${name}`,
        ref,
      });
      const content = 'content' in answer.data ? answer.data.content : '';
      files.push({ file: name, text: Buffer.from(content, 'base64').toString('utf8') });
    }
    return files;
  } catch (error) {
    if (isRefused(error)) return [];
    throw error;
  }
}

/** The newest commits of a branch, newest first. */
export async function fetchNewestCommits(
  client: Octokit,
  repo: RepoName,
  branch: string,
  most: number,
): Promise<string[]> {
  const { data } = await client.request('GET /repos/{owner}/{repo}/commits', {
    ...inRepo(repo),
    sha: branch,
    per_page: most,
  });
  return data.map(({ sha }) => sha);
}
