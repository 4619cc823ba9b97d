/** Observing pull requests that are no task's yet: those that say they close a task's issue. */

import { isLive, type LaneState } from '../core/lane/state.ts';
import { agentLoginOf } from '../core/task/agent-login.ts';
import { fetchPermission } from '../github/fetch-permission.ts';
import type { PullSeen } from '../github/observed.ts';
import { closedIssues, referencesIn } from '../protocol/issue-references.ts';
import type { Sighting } from './advance.ts';
import type { LaneContext } from './context.ts';

const mayWrite = new Set(['admin', 'maintain', 'write']);

/** The task that the PR is for: one that it closes, or one of the agent whose login opened it. */
function taskFor(
  ctx: LaneContext,
  pull: PullSeen,
  state: LaneState,
): { issue: number; isAgent: boolean } | null {
  const here = `${ctx.repo.owner}/${ctx.repo.name}`.toLowerCase();
  const isHere = ({ repo }: { repo: string | null }) => repo === null || repo.toLowerCase() === here;
  const text = `${pull.title}\n${pull.body}`;
  const closed = closedIssues(text)
    .filter(isHere)
    .map(({ number }) => number);
  const named = referencesIn(text)
    .filter(isHere)
    .map(({ number }) => number);
  const author = pull.author.toLowerCase();
  for (const issue of [...closed, ...named]) {
    const task = state.tasks[issue];
    if (!task || !isLive(task)) continue;
    const login = task.attempt ? agentLoginOf(state.policy, task.attempt.agent) : null;
    const isAgent = login !== null && login.toLowerCase() === author;
    if (isAgent || closed.includes(issue)) return { issue, isAgent };
  }
  return null;
}

/** What an open PR of nobody's task amounts to; each PR is judged once for each task. */
export async function observeFoundPull(
  ctx: LaneContext,
  pull: PullSeen,
  state: LaneState,
): Promise<Sighting[]> {
  if (!pull.open || pull.baseRef !== ctx.lane.base) return [];
  const found = taskFor(ctx, pull, state);
  // A task that waits has its PRs looked for when it starts.
  if (!found || state.tasks[found.issue]?.state === 'waiting') return [];
  const { botLogin } = await ctx.github.fetchAppIdentity();
  if (pull.author.toLowerCase() === botLogin.toLowerCase()) return [];
  const { issue, isAgent } = found;
  const home = `${ctx.repo.owner}/${ctx.repo.name}`.toLowerCase();
  const isHere = pull.headRepoFullName?.toLowerCase() === home;
  const isTrusted = isAgent || mayWrite.has(await fetchPermission(ctx.client, ctx.repo, pull.author));
  const { number, headSha, headRef: branch, draft, author: by } = pull;
  const standing = !isTrusted ? 'stranger' : isHere ? 'trusted' : 'fork';
  return [
    {
      observation: { kind: 'pull-found', issue, pull: number, headSha, branch, draft, by, standing },
      read: { subject: `pull-found:${number}:${issue}`, ticket: 1 },
    },
  ];
}
