/** The maintainer of the demo: opens and labels the issues, and approves what is ready, as a person would. */
import type { DemoIssue } from './plots/plot.ts';
import { openRest, type Rest } from './rest.ts';
import { repository, type Stage } from './stage.ts';

const R = `/repos/${repository.owner}/${repository.name}`;

export interface PullJson {
  number: number;
  draft: boolean;
  title: string;
  body: string | null;
  head: { sha: string };
}

/** Issue numbers by the demo's keys. */
export type IssueNumbers = Readonly<Record<string, number>>;

async function openIssue(rest: Rest, issue: DemoIssue, numbers: IssueNumbers): Promise<number> {
  const { number } = await rest.call<{ number: number }>('POST', `${R}/issues`, {
    title: issue.title,
    body: issue.body(numbers),
  });
  return number;
}

/** Opens the issues, then gives each to the agents with the label. */
export async function openIssues(stage: Stage, issues: readonly DemoIssue[]): Promise<IssueNumbers> {
  const maintainer = openRest(stage.sandbox.url, stage.maintainer.token);
  const visitor = openRest(stage.sandbox.url, stage.visitor.token);
  const numbers: Record<string, number> = {};
  for (const issue of issues)
    numbers[issue.key] = await openIssue(issue.by === 'visitor' ? visitor : maintainer, issue, numbers);
  for (const number of Object.values(numbers)) {
    await maintainer.call('POST', `${R}/issues/${number}/labels`, { labels: ['agent-ready'] });
  }
  return numbers;
}

async function isGreen(rest: Rest, sha: string): Promise<boolean> {
  const { check_runs } = await rest.call<{ check_runs: { name: string; conclusion: string | null }[] }>(
    'GET',
    `${R}/commits/${sha}/check-runs`,
  );
  return ['ci', 'signalbox/arbiter'].every((name) =>
    check_runs.some((run) => run.name === name && run.conclusion === 'success'),
  );
}

export async function isClosed(rest: Rest, issue: number): Promise<boolean> {
  return (await rest.call<{ state: string }>('GET', `${R}/issues/${issue}`)).state === 'closed';
}

/** Types a comment on an issue or a PR. */
export async function say(rest: Rest, number: number, body: string): Promise<void> {
  await rest.call('POST', `${R}/issues/${number}/comments`, { body });
}

/** What this account has written under an issue or a PR, oldest first. */
export async function commentsBy(rest: Rest, number: number, login: string): Promise<string[]> {
  const comments = await rest.list<{ body: string; user: { login: string } }>(
    `${R}/issues/${number}/comments`,
  );
  return comments.filter(({ user }) => user.login === login).map(({ body }) => body);
}

/** Changes the text of an issue. */
export async function editIssue(rest: Rest, issue: number, body: string): Promise<void> {
  await rest.call('PATCH', `${R}/issues/${issue}`, { body });
}

/**
 * Looks through the open PRs once and approves those that are ready, green and wanted.
 * @param approved heads that have been approved already; added to
 */
export async function reviewPulls(
  rest: Rest,
  approved: Set<string>,
  isWanted: (pull: PullJson) => Promise<boolean> = async () => true,
): Promise<void> {
  const pulls = await rest.list<PullJson>(`${R}/pulls?state=open`);
  for (const pull of pulls) {
    const { sha } = pull.head;
    if (pull.draft || approved.has(sha) || !(await isGreen(rest, sha)) || !(await isWanted(pull))) continue;
    approved.add(sha);
    await say(rest, pull.number, `Looks good to me.\n\n/approve ${sha}`);
  }
}
