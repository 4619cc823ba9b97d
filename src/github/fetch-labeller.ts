import type { Octokit } from '@octokit/rest';
import { isMissing } from './failure.ts';
import { fetchPages } from './fetch-pages.ts';
import { inRepo, type RepoName } from './observed.ts';

interface LabelEvent {
  event: string;
  created_at?: string;
  label?: { name?: string | null };
  actor?: { login: string } | null;
}

/**
 * Who put the label there that is there now, from the issue's events (GitHub's docs, "List issue events"). Null when
 * the server keeps no events, or none says so; the caller then has nobody to trust.
 */
export async function fetchLabeller(
  client: Octokit,
  repo: RepoName,
  issue: number,
  label: string,
): Promise<string | null> {
  try {
    const events = await fetchPages(async (page) => {
      const answer = await client.request('GET /repos/{owner}/{repo}/issues/{issue_number}/events', {
        ...inRepo(repo),
        issue_number: issue,
        ...page,
      });
      return { items: answer.data as LabelEvent[], link: answer.headers.link };
    });
    const last = events
      .filter((each) => each.event === 'labeled' || each.event === 'unlabeled')
      .filter((each) => each.label?.name?.toLowerCase() === label.toLowerCase())
      .sort((a, b) => Date.parse(a.created_at ?? '') - Date.parse(b.created_at ?? '') || 0)
      .at(-1);
    return last?.event === 'labeled' ? (last.actor?.login ?? null) : null;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}
