import { html } from 'hono/html';
import { listPullCommits, listPullFiles } from '../merge.ts';
import type { Issue, PullIssue } from '../model.ts';
import { loadCommit } from '../objects.ts';
import { checkMark, checkSection } from './check-view.ts';
import { commitLines } from './commit-view.ts';
import { diffSection } from './diff-view.ts';
import type { Html } from './link-text.ts';
import { branchChip, issuePath, labelChip, shaLink, stateBadge, timeOf, who } from './parts.ts';
import { storyList } from './story.ts';

const MAX_COMMITS = 250;

function issueLinks(words: string, issues: readonly Issue[]): Html | null {
  if (issues.length === 0) return null;
  const links = issues.map(
    (one) => html` <a href="${issuePath(one)}" title="${one.title}">#${one.number}</a>`,
  );
  return html`<span>${words}${links}</span>`;
}

function heading(issue: Issue): Html {
  return html`<h1>${issue.title} <span class="number">#${issue.number}</span></h1>`;
}

/** Labels, people, and how this stands to other issues; nothing where there is none of it. */
function relations(issue: Issue): Html | null {
  const assignees =
    issue.assignees.length === 0
      ? null
      : html`<span>assigned to ${issue.assignees.map((one) => who(one))}</span>`;
  const parts = [
    ...issue.labels.map(labelChip),
    assignees,
    issueLinks('blocked by', issue.blockedBy),
    issueLinks('blocks', issue.blocking),
    issueLinks('part of', issue.parent === null ? [] : [issue.parent]),
    issueLinks('parts', issue.subIssues),
  ].filter((part) => part !== null);
  return parts.length === 0 ? null : html`<div class="facts">${parts}</div>`;
}

/** One issue with its comments and events. */
export function issueContent(issue: Issue): Html {
  const opened = html`<span>opened by ${who(issue.user, issue.via)}, ${timeOf(issue.createdAt)}</span>`;
  return html`${heading(issue)}<div class="facts">${stateBadge(issue)}${opened}</div>${relations(issue)}
${storyList(issue)}`;
}

function pullFacts({ repo, pull }: PullIssue): Html {
  if (pull.mergedAt === null) return html`<span>head ${shaLink(repo, pull.headSha)}</span>`;
  const by = pull.mergedBy === null ? null : html` by ${who(pull.mergedBy)}`;
  const as = pull.mergeCommitSha === null ? null : html` as ${shaLink(repo, pull.mergeCommitSha)}`;
  return html`<span>merged${as}${by}, ${timeOf(pull.mergedAt)}</span>`;
}

/** One pull request: the same, and its commits, its checks and its diff. */
export async function pullContent(issue: PullIssue): Promise<Html> {
  const { repo, pull } = issue;
  const [shas, files] = await Promise.all([listPullCommits(issue), listPullFiles(issue)]);
  const shown = shas.slice(0, MAX_COMMITS).reverse();
  const commits = await Promise.all(shown.map((sha) => loadCommit(repo, sha)));
  const rest = shas.length - shown.length;
  return html`${heading(issue)}<div class="facts">${stateBadge(issue)}
<span>${branchChip(repo, pull.headRef)} → ${branchChip(repo, pull.baseRef)}</span>${pullFacts(issue)}</div>${relations(issue)}
<p class="jump"><span>${checkMark(repo, pull.headSha)} <a href="#checks">Checks</a></span><a href="#commits">Commits (${shas.length})</a><a href="#files">Changed files (${files.length})</a></p>
${storyList(issue)}
${checkSection(repo, pull.headSha)}
<section id="commits"><h2>Commits <span class="count">${shas.length}</span></h2>
${rest > 0 ? html`<p class="quiet">The ${rest} oldest are not shown.</p>` : null}
<ol class="list">${commits.map((commit) => html`<li>${commitLines(repo, commit)}</li>`)}</ol></section>
${diffSection(files)}`;
}
