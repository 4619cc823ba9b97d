import type { Octokit } from '@octokit/rest';
import type { RequiredCheck } from '../core/gate/evidence.ts';
import { isMissing, refusalOf } from './failure.ts';
import { fetchPages } from './fetch-pages.ts';
import { inRepo, type RepoName } from './observed.ts';

interface RawRule {
  type: string;
  parameters?: { required_status_checks?: { context: string; integration_id?: number | null }[] };
}

interface RawProtection {
  required_status_checks?: {
    contexts?: string[];
    checks?: { context: string; app_id?: number | null }[];
  };
}

/**
 * The checks that the branch asks for, from rulesets (docs, "Get rules for a branch") and from branch protection
 * (docs, "Get a branch", which needs no administration right), by name. A check that one of them pins to an App is
 * pinned. Null when neither can be read.
 */
export async function fetchRequiredChecks(
  client: Octokit,
  repo: RepoName,
  branch: string,
): Promise<RequiredCheck[] | null> {
  const [rules, protection] = await Promise.all([
    nullWhenRefused(fetchRules(client, repo, branch)),
    nullWhenRefused(fetchProtection(client, repo, branch)),
  ]);
  if (rules === null && protection === null) return null;
  const byName = new Map<string, number | null>();
  for (const { name, app } of [...(rules ?? []), ...(protection ?? [])])
    byName.set(name, byName.get(name) ?? app);
  return [...byName]
    .map(([name, app]) => ({ name, app }))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

type Found = { name: string; app: number | null }[];

async function fetchRules(client: Octokit, repo: RepoName, branch: string): Promise<Found> {
  const rules = await fetchPages(async (page) => {
    const answer = await client.request('GET /repos/{owner}/{repo}/rules/branches/{branch}', {
      ...inRepo(repo),
      branch,
      ...page,
    });
    return { items: answer.data as RawRule[], link: answer.headers.link };
  });
  return rules
    .filter(({ type }) => type === 'required_status_checks')
    .flatMap(({ parameters }) => parameters?.required_status_checks ?? [])
    .map(({ context, integration_id }) => ({ name: context, app: appOf(integration_id) }));
}

async function fetchProtection(client: Octokit, repo: RepoName, branch: string): Promise<Found> {
  const { data } = await client.request('GET /repos/{owner}/{repo}/branches/{branch}', {
    ...inRepo(repo),
    branch,
  });
  const required = (data.protection as RawProtection | undefined)?.required_status_checks;
  const pinned = (required?.checks ?? []).map(({ context, app_id }) => ({
    name: context,
    app: appOf(app_id),
  }));
  const plain = (required?.contexts ?? []).map((context) => ({ name: context, app: null }));
  return [...pinned, ...plain];
}

/** GitHub writes "any App" as null or -1. */
function appOf(id: number | null | undefined): number | null {
  return typeof id === 'number' && id > 0 ? id : null;
}

/** Plans without rulesets, Apps without the right, servers without the route. */
async function nullWhenRefused(found: Promise<Found>): Promise<Found | null> {
  try {
    return await found;
  } catch (error) {
    const status = refusalOf(error)?.status;
    if (isMissing(error) || status === 403) return null;
    throw error;
  }
}
