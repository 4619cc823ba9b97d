// What every page has around its content, and the policy it is sent with.
import { createHash } from 'node:crypto';
import { html, raw } from 'hono/html';
import type { Repo } from '../model.ts';
import { isPull } from '../model.ts';
import type { Html } from './link-text.ts';
import { pathTo } from './parts.ts';
import { style } from './style.ts';

const styleHash = createHash('sha256').update(style).digest('base64');

/** Nothing may run, load, frame or send; only the one style sheet that is in the page itself. */
export const SECURITY_HEADERS = {
  'Content-Security-Policy': [
    "default-src 'none'",
    `style-src 'sha256-${styleHash}'`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
};

type Tab = 'overview' | 'issues' | 'pulls' | 'commits';

/** What a page says of itself to its frame. */
export interface PageFrame {
  title: string;
  /** loads itself anew every three seconds */
  live: boolean;
  repo?: Repo;
  tab?: Tab;
}

function tabs(repo: Repo, current: Tab | undefined): Html {
  const open = [...repo.issues.values()].filter((issue) => issue.state === 'open');
  const pulls = open.filter(isPull).length;
  const entries: [Tab, string, string, number | null][] = [
    ['overview', 'Overview', pathTo(repo), null],
    ['issues', 'Issues', pathTo(repo, 'issues'), open.length - pulls],
    ['pulls', 'Pull requests', pathTo(repo, 'pulls'), pulls],
    ['commits', 'Commits', pathTo(repo, 'commits', repo.defaultBranch), null],
  ];
  return html`<nav class="tabs" aria-label="Repository">${entries.map(
    ([tab, words, path, count]) =>
      html`<a href="${path}"${tab === current ? html` aria-current="page"` : ''}>${words}${
        count === null ? null : html` <span class="count">${count}</span>`
      }</a>`,
  )}</nav>`;
}

/** A whole page around its content. */
export function renderPage({ title, live, repo, tab }: PageFrame, content: Html): Html {
  const name =
    repo === undefined
      ? null
      : html`<span class="quiet">/</span> <a class="name" href="${pathTo(repo)}">${repo.fullName}</a>`;
  const toggle = live
    ? html`This page loads itself anew every three seconds. <a href="?">Stop that</a>`
    : html`<a href="?live=1">Follow live</a>`;
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
${live ? html`<meta http-equiv="refresh" content="3">` : null}<link rel="icon" href="data:,">
<style>${raw(style)}</style></head>
<body><a class="skip" href="#main">Skip to the content</a>
<header><div class="bar"><a class="mark" href="/">Sandbox</a>${name}</div>${repo === undefined ? null : tabs(repo, tab)}</header>
<main id="main">${content}</main>
<footer>A GitHub for one machine; it forgets all when it stops. Times are UTC. ${toggle}</footer></body></html>`;
}

/** The content of a page that is not there. */
export function notFoundContent(): Html {
  return html`<h1>Not found</h1><p class="quiet">There is nothing at this address. <a href="/">All repositories</a></p>`;
}
