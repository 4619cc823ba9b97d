import type { Octokit } from '@octokit/rest';
import { isMissing } from './failure.ts';
import { fetchPages } from './fetch-pages.ts';
import { inRepo, type RepoName } from './observed.ts';

interface RawReview {
  id: number;
  user: { login: string; type?: string } | null;
  state: string;
  commit_id?: string | null;
  submitted_at?: string | null;
}

interface RawEvent {
  event: string;
  created_at?: string;
}

/** The last word of one person. */
export interface ReviewSeen {
  id: number;
  by: string;
  says: 'approved' | 'changes-requested' | 'dismissed';
  headSha: string;
  /** GitHub's own time, which nobody else sets. */
  submittedAt: string;
}

const opinions: Readonly<Record<string, ReviewSeen['says']>> = {
  APPROVED: 'approved',
  CHANGES_REQUESTED: 'changes-requested',
  DISMISSED: 'dismissed',
};

/**
 * The last review of each person that says yes or no (docs, "List reviews for a pull request": in order of time);
 * remarks change nothing, and bots have no say.
 */
export async function fetchReviews(client: Octokit, repo: RepoName, pull: number): Promise<ReviewSeen[]> {
  let raw: RawReview[];
  try {
    raw = await fetchPages(async (page) => {
      const answer = await client.request('GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews', {
        ...inRepo(repo),
        pull_number: pull,
        ...page,
      });
      return { items: answer.data as RawReview[], link: answer.headers.link };
    });
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
  const latest = new Map<string, ReviewSeen>();
  for (const { id, user, state, commit_id, submitted_at } of raw.sort((a, b) => a.id - b.id)) {
    const says = opinions[state.toUpperCase()];
    if (!says || !user || user.type === 'Bot' || user.login.endsWith('[bot]')) continue;
    latest.set(user.login.toLowerCase(), {
      id,
      by: user.login,
      says,
      headSha: commit_id ?? '',
      submittedAt: submitted_at ?? '',
    });
  }
  return [...latest.values()].sort((a, b) => a.id - b.id);
}

/** When the pull request's branch was force-pushed, by GitHub's clock; null when the server keeps no such events. */
export async function fetchForcePushes(
  client: Octokit,
  repo: RepoName,
  pull: number,
): Promise<string[] | null> {
  try {
    const events = await fetchPages(async (page) => {
      const answer = await client.request('GET /repos/{owner}/{repo}/issues/{issue_number}/events', {
        ...inRepo(repo),
        issue_number: pull,
        ...page,
      });
      return { items: answer.data as RawEvent[], link: answer.headers.link };
    });
    return events
      .filter(({ event }) => event === 'head_ref_force_pushed')
      .map(({ created_at }) => created_at ?? '');
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}
