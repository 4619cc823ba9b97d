import type { Octokit } from '@octokit/rest';
import { isMissing } from './failure.ts';
import { fetchPages } from './fetch-pages.ts';
import type { TextEdit } from './fetch-text-edits.ts';
import { inRepo, type RepoName } from './observed.ts';

interface LabelEvent {
  event: string;
  created_at?: string;
  label?: { name?: string | null };
  actor?: { login: string } | null;
}

/** `not-seen-yet`: the server keeps events, and that of this label is not among them, because reads lag behind writes. */
export type Labeller =
  | { kind: 'known'; login: string; at: string | null; renames: TextEdit[] }
  | { kind: 'not-seen-yet' }
  | { kind: 'no-events' };

/**
 * Who put the label there that is there now and when, and who has changed the title, from the issue's events
 * (GitHub's docs, "List issue events").
 */
export async function fetchLabeller(
  client: Octokit,
  repo: RepoName,
  issue: number,
  label: string,
): Promise<Labeller> {
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
    return last?.event === 'labeled' && last.actor
      ? {
          kind: 'known',
          login: last.actor.login,
          at: last.created_at ?? null,
          renames: events
            .filter((each) => each.event === 'renamed')
            .map((each) => ({ login: each.actor?.login ?? 'ghost', at: each.created_at ?? '' })),
        }
      : { kind: 'not-seen-yet' };
  } catch (error) {
    if (isMissing(error)) return { kind: 'no-events' };
    throw error;
  }
}
