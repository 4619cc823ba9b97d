// Commits as lists show them, and what their messages are made of.
import { html } from 'hono/html';
import { listCommits } from '../git.ts';
import type { Repo, Sha } from '../model.ts';
import type { Commit } from '../objects.ts';
import { loadCommit } from '../objects.ts';
import { checkMark } from './check-view.ts';
import type { GraphRow } from './graph.ts';
import { drawRow, graphWidth, layOutGraph } from './graph.ts';
import type { Html } from './link-text.ts';
import { linkText } from './link-text.ts';
import { numberLinks, pathTo, shaLink, timeOf } from './parts.ts';

const PAGE_SIZE = 100;
const MAX_TRAILERS = 12;

interface Message {
  subject: string;
  /** what is between subject and trailers */
  body: string;
  trailers: { key: string; value: string }[];
}

/** Trailers are the last paragraph, when every line of it is `Key: value`. */
export function readMessage(text: string): Message {
  const [subject = '', ...rest] = text.trim().split('\n');
  const paragraphs = rest
    .join('\n')
    .trim()
    .split(/\n\s*\n/);
  const lines = (paragraphs.at(-1) ?? '').split('\n').map((line) => /^([A-Za-z][\w-]*): +(\S.*)$/.exec(line));
  const trailers = lines.flatMap((match) =>
    match?.[1] === undefined || match[2] === undefined ? [] : [{ key: match[1], value: match[2] }],
  );
  const found = trailers.length === lines.length;
  const body = (found ? paragraphs.slice(0, -1) : paragraphs).join('\n\n');
  return { subject: subject === '' ? '(no message)' : subject, body, trailers: found ? trailers : [] };
}

/** Trailers as name and value; nothing where there are none. */
export function trailerList(trailers: Message['trailers']): Html | null {
  if (trailers.length === 0) return null;
  const rest = trailers.length - MAX_TRAILERS;
  const shown = trailers
    .slice(0, MAX_TRAILERS)
    .map(({ key, value }) => html`<div><dt>${key}</dt><dd><code>${value}</code></dd></div>`);
  return html`<dl class="trailers">${shown}${rest > 0 ? html`<div><dt>and ${rest} more</dt></div>` : null}</dl>`;
}

/** Branches and tags by the commit they are at. */
function namesAt(repo: Repo): Map<Sha, string[]> {
  const names = new Map<Sha, string[]>();
  for (const [ref, sha] of repo.refs)
    names.set(sha, [...(names.get(sha) ?? []), ref.replace(/^refs\/(?:heads|tags)\//, '')]);
  return names;
}

/** One commit in a list: subject, refs, and below them who, when, parents and trailers. */
export function commitLines(repo: Repo, commit: Commit, names: readonly string[] = []): Html {
  const { subject, trailers } = readMessage(commit.message);
  const merge = commit.parents.length > 1;
  const from = merge
    ? html`<span>merge of ${commit.parents.map((sha, index) => html`${index === 0 ? '' : ', '}${shaLink(repo, sha)}`)}</span>`
    : null;
  return html`<div class="commit${merge ? ' of-merge' : ''}">
<div class="line">${checkMark(repo, commit.sha)}<span class="subject">${linkText(subject, numberLinks(repo))}</span>
${names.map((name) => html`<span class="branch">${name}</span>`)}</div>
<div class="under">${shaLink(repo, commit.sha)}<span>${commit.author.name}</span>${timeOf(commit.author.date)}${from}</div>
${trailerList(trailers)}</div>`;
}

function graphItem(repo: Repo, commit: Commit, row: GraphRow, width: number, names: readonly string[]): Html {
  return html`<li>${drawRow(row, width)}${commitLines(repo, commit, names)}</li>`;
}

/** One page of a history as a graph. The lanes are laid out from the top, so all pages fit together. */
export async function historyContent(repo: Repo, name: string, tip: Sha, page: number): Promise<Html> {
  const end = page * PAGE_SIZE;
  const shas = await listCommits(repo.gitDir, { include: tip, limit: end + 1 });
  const commits = await Promise.all(shas.slice(0, end).map((sha) => loadCommit(repo, sha)));
  const rows = layOutGraph(commits);
  const width = graphWidth(rows.slice(end - PAGE_SIZE));
  const names = namesAt(repo);
  const items = commits.slice(end - PAGE_SIZE).map((commit, index) => {
    const row = rows[end - PAGE_SIZE + index];
    return row === undefined ? null : graphItem(repo, commit, row, width, names.get(commit.sha) ?? []);
  });
  const link = (to: number, words: string) =>
    html`<a href="${pathTo(repo, 'commits', name)}?page=${to}">${words}</a>`;
  return html`<h1>Commits of <span class="branch">${name}</span></h1>
<ol class="history">${items}</ol>
<p class="jump">${page > 1 ? link(page - 1, 'Newer') : null}${shas.length > end ? link(page + 1, 'Older') : null}</p>`;
}
