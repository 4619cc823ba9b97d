/** The maintainer of the demo: opens and labels the issues, and approves what is ready, as a person would. */
import { type DemoIssue, demoIssues } from './issues.ts';
import type { Rest } from './rest.ts';
import { repository } from './stage.ts';

const R = `/repos/${repository.owner}/${repository.name}`;

interface PullJson {
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

/** Opens the four issues, then gives each to the agents with the label. */
export async function openIssues(rest: Rest): Promise<IssueNumbers> {
  const numbers: Record<string, number> = {};
  for (const issue of demoIssues) numbers[issue.key] = await openIssue(rest, issue, numbers);
  for (const number of Object.values(numbers)) {
    await rest.call('POST', `${R}/issues/${number}/labels`, { labels: ['agent-ready'] });
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

/** Whether the maintainer wants this one yet: the release comes when everything else has landed. */
async function isWanted(rest: Rest, pull: PullJson, numbers: IssueNumbers): Promise<boolean> {
  if (!pull.body?.includes(`Closes #${numbers.release}`)) return true;
  const others = Object.entries(numbers).filter(([key]) => key !== 'release');
  const issues = await Promise.all(
    others.map(([, number]) => rest.call<{ state: string }>('GET', `${R}/issues/${number}`)),
  );
  return issues.every((issue) => issue.state === 'closed');
}

/**
 * Looks through the open PRs once and approves those that are ready and green.
 * @param approved heads that have been approved already; added to
 */
export async function reviewPulls(rest: Rest, numbers: IssueNumbers, approved: Set<string>): Promise<void> {
  const pulls = await rest.list<PullJson>(`${R}/pulls?state=open`);
  for (const pull of pulls) {
    const { sha } = pull.head;
    if (
      pull.draft ||
      approved.has(sha) ||
      !(await isGreen(rest, sha)) ||
      !(await isWanted(rest, pull, numbers))
    )
      continue;
    approved.add(sha);
    await rest.call('POST', `${R}/issues/${pull.number}/comments`, {
      body: `Looks good to me.\n\n/approve ${sha}`,
    });
  }
}
