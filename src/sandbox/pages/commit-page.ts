import { html } from 'hono/html';
import { diffTrees } from '../diff.ts';
import type { Repo } from '../model.ts';
import { isPull } from '../model.ts';
import type { Commit, Person } from '../objects.ts';
import { checkSection } from './check-view.ts';
import { readMessage, trailerList } from './commit-view.ts';
import { diffSection } from './diff-view.ts';
import type { Html } from './link-text.ts';
import { linkText } from './link-text.ts';
import { branchChip, issuePath, numberLinks, pathTo, timeOf } from './parts.ts';

/** git's name of the tree with nothing in it: what a first commit is compared with. */
const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';

function person(one: Person): Html {
  return html`<span class="who">${one.name}</span> <span class="quiet">${timeOf(one.date)}</span>`;
}

function parentLinks(repo: Repo, parents: readonly string[]): Html {
  if (parents.length === 0) return html`none: this is a first commit`;
  return html`${parents.map((sha) => html`<div><a class="sha" href="${pathTo(repo, 'commit', sha)}">${sha}</a></div>`)}`;
}

/** Where this commit is the tip: branches, and pull requests whose head it is. */
function standings(repo: Repo, sha: string): Html | null {
  const branches = [...repo.refs]
    .filter(([ref, at]) => at === sha && ref.startsWith('refs/heads/'))
    .map(([ref]) => branchChip(repo, ref.slice('refs/heads/'.length)));
  const pulls = [...repo.issues.values()]
    .filter(isPull)
    .filter((issue) => issue.pull.headSha === sha)
    .map((issue) => html`<a href="${issuePath(issue)}">#${issue.number}</a>`);
  if (branches.length + pulls.length === 0) return null;
  return html`<dt>Tip of</dt><dd class="facts">${branches}${pulls}</dd>`;
}

/** One commit: message, what it is made of, its checks and its diff against the first parent. */
export async function commitContent(repo: Repo, commit: Commit): Promise<Html> {
  const files = await diffTrees(repo.gitDir, commit.parents[0] ?? EMPTY_TREE, commit.sha);
  const { subject, body, trailers } = readMessage(commit.message);
  const links = numberLinks(repo);
  const { author, committer } = commit;
  const same = author.name === committer.name && author.date === committer.date;
  return html`<h1>${linkText(subject, links)}</h1>
${body === '' ? null : html`<p class="message">${linkText(body, links)}</p>`}${trailerList(trailers)}
<section class="card"><div class="body"><dl class="figures">
<dt>Commit</dt><dd><code>${commit.sha}</code></dd>
<dt>${commit.parents.length > 1 ? 'Parents' : 'Parent'}</dt><dd>${parentLinks(repo, commit.parents)}</dd>
<dt>Tree</dt><dd><code>${commit.tree}</code></dd>
<dt>Author</dt><dd>${person(author)}</dd>
${same ? null : html`<dt>Committer</dt><dd>${person(committer)}</dd>`}${standings(repo, commit.sha)}</dl></div></section>
${checkSection(repo, commit.sha)}
${commit.parents.length > 1 ? html`<section><p class="quiet">A merge: the changes are those against its first parent.</p></section>` : null}
${diffSection(files)}`;
}
