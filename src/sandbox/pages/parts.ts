// The small things that all pages are made of.
import { html } from 'hono/html';
import type { Account, AppRecord, Issue, Label, Repo } from '../model.ts';
import type { Html, LinkNumber } from './link-text.ts';
import type { MarkdownOptions } from './markdown.ts';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** The path of something in a repository, each part encoded. */
export function pathTo(repo: Repo, ...parts: string[]): string {
  const segments = [repo.owner.login, repo.name, ...parts.flatMap((part) => part.split('/'))];
  return `/${segments.map(encodeURIComponent).join('/')}`;
}

/** The page of an issue or pull request. */
export function issuePath(issue: Issue): string {
  return pathTo(issue.repo, issue.pull === null ? 'issues' : 'pull', String(issue.number));
}

/** How `#n` becomes a link in the texts of one repository. */
export function numberLinks(repo: Repo): LinkNumber {
  return (number) => {
    const issue = repo.issues.get(number);
    return issue === undefined ? null : issuePath(issue);
  };
}

/** How the comments, descriptions and check texts of one repository are read. */
export function commentMarkdown(repo: Repo): MarkdownOptions {
  return { breaks: true, linkNumber: numberLinks(repo) };
}

/** The time of day, and before it the day when that is not today. */
export function timeOf(at: string): Html {
  const date = new Date(at);
  // A check's times are whatever its App said.
  if (Number.isNaN(date.getTime())) return html`${at}`;
  const iso = date.toISOString();
  const today = iso.slice(0, 10) === new Date().toISOString().slice(0, 10);
  const day = `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()] ?? ''} ${date.getUTCFullYear()}`;
  return html`<time datetime="${at}" title="${at}">${today ? '' : `${day}, `}${iso.slice(11, 19)}</time>`;
}

/** Who did something: the name, marked when it is a program, and through which App when that says more. */
export function who(account: Account, via: AppRecord | null = null): Html {
  const bot = account.type === 'Bot' ? html` <span class="bot">bot</span>` : null;
  const through =
    via !== null && via.bot !== account ? html` <span class="quiet">via ${via.name}</span>` : null;
  return html`<span class="who">${account.login.replace(/\[bot\]$/, '')}${bot}</span>${through}`;
}

/** A style attribute would need a laxer security policy, so the colour is in a drawing. */
export function labelChip(label: Pick<Label, 'name' | 'color'>): Html {
  const colour = /^[0-9a-f]{6}$/i.test(label.color) ? label.color : '888888';
  return html`<span class="label"><svg width="10" height="10" aria-hidden="true"><circle cx="5" cy="5" r="4.5" fill="#${colour}"/></svg>${label.name}</span>`;
}

/** A commit, by the first characters of its name. */
export function shaLink(repo: Repo, sha: string): Html {
  return html`<a class="sha" href="${pathTo(repo, 'commit', sha)}">${sha.slice(0, 8)}</a>`;
}

/** A branch, as a link to its commits while it exists. */
export function branchChip(repo: Repo, branch: string): Html {
  return repo.refs.has(`refs/heads/${branch}`)
    ? html`<a class="branch" href="${pathTo(repo, 'commits', branch)}">${branch}</a>`
    : html`<span class="branch gone" title="this branch is gone">${branch}</span>`;
}

function stateOf(issue: Issue): 'open' | 'draft' | 'merged' | 'closed' {
  if (issue.pull !== null && issue.pull.mergedAt !== null) return 'merged';
  if (issue.state === 'closed') return 'closed';
  return issue.pull?.draft === true ? 'draft' : 'open';
}

/** The state in a word; an issue that was closed as done is not the same as one that was given up. */
export function stateBadge(issue: Issue): Html {
  const state = stateOf(issue);
  const reasons = {
    not_planned: 'not planned',
    duplicate: 'duplicate',
    completed: 'done',
    reopened: 'closed',
  };
  const given = issue.stateReason === null ? 'closed' : reasons[issue.stateReason];
  const word = state === 'closed' && issue.pull === null ? given : state;
  const kind = word === 'done' ? 'done' : state;
  return html`<span class="state ${kind}">${word}</span>`;
}
