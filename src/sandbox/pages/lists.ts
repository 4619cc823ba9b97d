// The pages that lead to others: all repositories, one repository, its issues and its pull requests.
import { html } from 'hono/html';
import type { Issue, Repo } from '../model.ts';
import { isPull } from '../model.ts';
import { findEntry, loadCommit } from '../objects.ts';
import type { World } from '../world.ts';
import { checkMark } from './check-view.ts';
import { readMessage } from './commit-view.ts';
import type { Html } from './link-text.ts';
import { renderMarkdown } from './markdown.ts';
import {
  branchChip,
  issuePath,
  labelChip,
  numberLinks,
  pathTo,
  shaLink,
  stateBadge,
  timeOf,
  who,
} from './parts.ts';

const MAX_ISSUES = 300;
const MAX_BRANCHES = 60;

function repoItem(repo: Repo): Html {
  const open = [...repo.issues.values()].filter((issue) => issue.state === 'open');
  const pulls = open.filter(isPull).length;
  return html`<li><a class="title" href="${pathTo(repo)}">${repo.fullName}</a>
${repo.private ? html`<span class="bot">private</span>` : null}
<div class="facts small"><a href="${pathTo(repo, 'issues')}">${open.length - pulls} open issues</a>
<a href="${pathTo(repo, 'pulls')}">${pulls} open pull requests</a>
<a href="${pathTo(repo, 'commits', repo.defaultBranch)}">commits of ${repo.defaultBranch}</a>
<span>last push ${timeOf(repo.pushedAt)}</span></div></li>`;
}

/** All repositories, or those of one owner. */
export function homeContent(world: World, owner: string | null): Html {
  const repos = [...world.book.repos.values()].filter(
    (repo) => owner === null || repo.owner.login.toLowerCase() === owner.toLowerCase(),
  );
  const title = owner === null ? 'Repositories' : `Repositories of ${owner}`;
  if (repos.length === 0) return html`<h1>${title}</h1><p class="empty">There is no repository yet.</p>`;
  return html`<h1>${title}</h1><ul class="list">${repos.map(repoItem)}</ul>`;
}

async function readmeCard(repo: Repo, tree: string): Promise<Html> {
  const entry = await findEntry(repo, tree, 'README.md');
  const blob = entry === null ? null : await repo.objects.read(entry.sha);
  if (blob === null) return html`<p class="empty">This repository has no README.md.</p>`;
  const text = renderMarkdown(blob.body.toString(), { breaks: false, linkNumber: numberLinks(repo) });
  return html`<div class="card"><div class="head"><span>README.md</span></div><div class="body">${text}</div></div>`;
}

async function branchItem(repo: Repo, branch: string, sha: string): Promise<Html> {
  const commit = await loadCommit(repo, sha);
  return html`<li>${branchChip(repo, branch)}
<div class="facts small">${checkMark(repo, sha)}${shaLink(repo, sha)}<span>${readMessage(commit.message).subject}</span>${timeOf(commit.committer.date)}</div></li>`;
}

/** One repository: its readme and its branches. */
export async function repoContent(world: World, repo: Repo): Promise<Html> {
  const branches = [...repo.refs]
    .filter(([ref]) => ref.startsWith('refs/heads/'))
    .map(([ref, sha]) => ({ name: ref.slice('refs/heads/'.length), sha }));
  const rank = (name: string) => (name === repo.defaultBranch ? 0 : 1);
  branches.sort((a, b) => rank(a.name) - rank(b.name) || a.name.localeCompare(b.name));
  const shown = branches.slice(0, MAX_BRANCHES);
  const items = await Promise.all(shown.map(({ name, sha }) => branchItem(repo, name, sha)));
  const tip = repo.refs.get(`refs/heads/${repo.defaultBranch}`);
  const readme =
    tip === undefined
      ? html`<p class="empty">There is no commit yet.</p>`
      : await readmeCard(repo, (await loadCommit(repo, tip)).tree);
  const rest = branches.length - shown.length;
  return html`<h1>${repo.fullName} ${repo.private ? html`<span class="bot">private</span>` : null}</h1>
<p class="facts small">Clone with <code>git clone ${world.url}${pathTo(repo)}.git</code></p>
<section class="columns"><div>${readme}</div>
<div><h2>Branches <span class="count">${branches.length}</span></h2><ul class="list">${items}</ul>
${rest > 0 ? html`<p class="quiet small">And ${rest} more.</p>` : null}</div></section>`;
}

function issueItem(issue: Issue): Html {
  const { repo, pull } = issue;
  const said = issue.comments.length;
  const branches =
    pull === null
      ? null
      : html`<span>${branchChip(repo, pull.headRef)} → ${branchChip(repo, pull.baseRef)}</span>`;
  return html`<li class="row"><div>${stateBadge(issue)}</div><div>
<a class="title" href="${issuePath(issue)}">${issue.title}</a> ${issue.labels.map(labelChip)}
<div class="under facts"><span>#${issue.number}</span>${branches}<span>by ${who(issue.user)}</span>${timeOf(issue.createdAt)}
${said === 0 ? null : html`<span>${said} ${said === 1 ? 'comment' : 'comments'}</span>`}${
  pull === null ? null : checkMark(repo, pull.headSha)
}</div></div></li>`;
}

/** The issues or the pull requests of a repository, newest first. */
export function issueListContent(repo: Repo, kind: 'issues' | 'pulls', state: string): Html {
  const all = [...repo.issues.values()].filter((issue) => isPull(issue) === (kind === 'pulls')).reverse();
  const wanted = state === 'open' || state === 'closed' ? state : 'all';
  const found = all.filter((issue) => wanted === 'all' || issue.state === wanted);
  const filter = (value: string, count: number) =>
    html`<a href="?state=${value}"${value === wanted ? html` aria-current="true"` : ''}>${value} <span class="count">${count}</span></a>`;
  const open = all.filter((issue) => issue.state === 'open').length;
  const what = kind === 'issues' ? 'Issues' : 'Pull requests';
  const list =
    found.length === 0
      ? html`<p class="empty">There is nothing here.</p>`
      : html`<ul class="list">${found.slice(0, MAX_ISSUES).map(issueItem)}</ul>`;
  return html`<h1>${what}</h1>
<p class="filters">${filter('all', all.length)}${filter('open', open)}${filter('closed', all.length - open)}</p>${list}
${found.length > MAX_ISSUES ? html`<p class="quiet small">And ${found.length - MAX_ISSUES} older ones.</p>` : null}`;
}
