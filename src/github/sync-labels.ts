import type { Octokit } from '@octokit/rest';
import { isMissing, refusalOf } from './failure.ts';
import { fetchPages } from './fetch-pages.ts';
import { inRepo, type RepoName } from './observed.ts';

/** How our labels look, so that they explain themselves in GitHub's list. */
const looks: Readonly<Record<string, { color: string; description: string }>> = {
  'agent-ready': { color: '0e8a16', description: 'Signalbox may give this issue to an agent' },
  'agent-hold': { color: 'fbca04', description: 'Signalbox leaves this alone for now' },
  'agent-working': { color: '1d76db', description: 'An agent is working on this (set by Signalbox)' },
  'agent-needs-human': { color: 'd93f0b', description: 'A person is asked for an answer (set by Signalbox)' },
  'agent-failed': { color: 'b60205', description: 'The agent gave up (set by Signalbox)' },
  'agent-queued': { color: '5319e7', description: 'In the merge queue (set by Signalbox)' },
};
const plainLook = { color: 'ededed', description: 'Set by Signalbox' };

/**
 * Makes the issue carry those of our labels that are wanted, and none of our others. Labels that are not ours are
 * never touched, which rules out GitHub's call that replaces all of them.
 */
export async function syncLabels(
  client: Octokit,
  repo: RepoName,
  issue: number,
  labels: { want: string[]; ours: string[] },
): Promise<void> {
  const present = await fetchLabels(client, repo, issue);
  const missing = labels.want.filter((label) => !includes(present, label));
  for (const label of missing) await ensureLabel(client, repo, label);
  if (missing.length > 0) {
    await client.request('POST /repos/{owner}/{repo}/issues/{issue_number}/labels', {
      ...inRepo(repo),
      issue_number: issue,
      labels: missing,
    });
  }
  const unwanted = present.filter((label) => includes(labels.ours, label) && !includes(labels.want, label));
  for (const label of unwanted) await removeLabel(client, repo, issue, label);
}

function includes(labels: readonly string[], label: string): boolean {
  return labels.some((each) => each.toLowerCase() === label.toLowerCase());
}

async function fetchLabels(client: Octokit, repo: RepoName, issue: number): Promise<string[]> {
  const found = await fetchPages(async (page) => {
    const answer = await client.request('GET /repos/{owner}/{repo}/issues/{issue_number}/labels', {
      ...inRepo(repo),
      issue_number: issue,
      ...page,
    });
    return { items: answer.data, link: answer.headers.link };
  });
  return found.map((label) => label.name);
}

/** Adding an unknown label creates a grey one without explanation; so it is made first. */
async function ensureLabel(client: Octokit, repo: RepoName, label: string): Promise<void> {
  try {
    await client.request('GET /repos/{owner}/{repo}/labels/{name}', { ...inRepo(repo), name: label });
    return;
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  try {
    await client.request('POST /repos/{owner}/{repo}/labels', {
      ...inRepo(repo),
      name: label,
      ...(looks[label] ?? plainLook),
    });
  } catch (error) {
    // 422: somebody was faster. Missing: adding it to the issue will make it.
    if (refusalOf(error)?.status !== 422 && !isMissing(error)) throw error;
  }
}

async function removeLabel(client: Octokit, repo: RepoName, issue: number, label: string): Promise<void> {
  try {
    await client.request('DELETE /repos/{owner}/{repo}/issues/{issue_number}/labels/{name}', {
      ...inRepo(repo),
      issue_number: issue,
      name: label,
    });
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}
