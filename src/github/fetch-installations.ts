import type { Octokit } from '@octokit/rest';
import { classifyFailure } from './failure.ts';
import { fetchPages } from './fetch-pages.ts';
import { type Installation, type InstallationRepository, inRepo, type RepoName } from './observed.ts';

/** Where the App is installed. Asked as the App (GitHub's docs, "List installations for the authenticated app"). */
export async function fetchInstallations(asApp: Octokit): Promise<Installation[]> {
  const found = await fetchPages(async (page) => {
    const answer = await asApp.request('GET /app/installations', { ...page });
    return { items: answer.data, link: answer.headers.link };
  });
  return found.map((each) => ({
    installationId: each.id,
    account: accountName(each.account),
    suspended: each.suspended_at != null,
  }));
}

/** What the installation may see (GitHub's docs, "List repositories accessible to the app installation"). */
export async function fetchInstallationRepositories(client: Octokit): Promise<InstallationRepository[]> {
  const found = await fetchPages(async (page) => {
    const answer = await client.request('GET /installation/repositories', { ...page });
    return { items: answer.data.repositories, link: answer.headers.link, total: answer.data.total_count };
  });
  return found.map((each) => ({
    repoId: Number(each.id),
    owner: each.owner.login,
    name: each.name,
    defaultBranch: each.default_branch,
    archived: each.archived === true,
  }));
}

/** Whether the installation behind `client` sees this repository under this name and id. */
export async function fetchSeesRepository(client: Octokit, repo: RepoName, repoId: number): Promise<boolean> {
  try {
    const { data } = await client.request('GET /repos/{owner}/{repo}', inRepo(repo));
    return data.id === repoId;
  } catch (error) {
    const { kind } = classifyFailure(error);
    if (kind === 'gone' || kind === 'refused') return false;
    throw error;
  }
}

/** A person or organisation has a login, an enterprise a slug. */
function accountName(account: { login?: string; slug?: string } | null): string {
  return account?.login ?? account?.slug ?? '';
}
