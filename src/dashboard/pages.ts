/**
 * The dashboard's pages, made from lane views and nothing else. No inline script, style or handler, so that they work
 * under the strictest content security policy; every text is escaped by the template.
 */
import { html } from 'hono/html';
import type { LaneView } from '../core/lane/view.ts';
import { escalationSection } from './escalation-section.ts';
import { apiPath, GithubLinks, lanePath, livePath } from './links.ts';
import { type Html, pageText } from './page-text.ts';
import { planSection } from './plan-section.ts';
import { queueSection } from './queue-section.ts';
import { agentSection, collisionSection, landingSection } from './record-sections.ts';
import { glyph, statusLamp } from './status-lamp.ts';
import { ageElement, momentElement } from './time-text.ts';
import { callsForPeople } from './waits.ts';

export interface PageOptions {
  /** Base of GitHub's own pages, such as `https://github.com`. */
  githubUrl: string;
}

/** What the server should send as Content-Security-Policy with every page. */
export const pageSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The front page: one card for each lane. */
export function renderHome(lanes: readonly LaneView[], options: PageOptions): string {
  const body =
    lanes.length === 0
      ? noLane()
      : html`<ul class="lanes">${lanes.map((view) => laneCard(view, options))}</ul>`;
  return pageText(
    shell(
      'Signalbox',
      null,
      html`<main id="main" tabindex="-1"><h1>Lanes</h1>
      <p class="lead">A lane is one repository and one base branch. Everything in it lands in one order.</p>
      ${body}</main>`,
    ),
  );
}

/** The page of one lane. */
export function renderLane(view: LaneView, options: PageOptions): string {
  const main = html`<main id="main" tabindex="-1" data-live="${livePath(view)}">${laneBody(view, options)}</main>`;
  return pageText(shell(`${view.owner}/${view.repo} ${view.base} · Signalbox`, view, main));
}

/** What stands inside `<main>` of a lane's page: what the live stream sends. */
export function renderLaneBody(view: LaneView, options: PageOptions): string {
  return pageText(laneBody(view, options));
}

function laneBody(view: LaneView, options: PageOptions): Html {
  const links = new GithubLinks(options.githubUrl, view);
  const base =
    view.baseSha === null
      ? html`not read yet`
      : html`<a href="${links.commit(view.baseSha)}"><code>${view.baseSha.slice(0, 7)}</code></a>`;
  return html`<div data-at="${view.at}" data-revision="${view.revision}">
    <h1><span class="board">${view.owner}/${view.repo}</span> <span class="line">${view.base}</span></h1>
    <dl class="figures">
      <div class="at"><dt>at commit</dt><dd>${base}</dd></div>
      ${figures(view).map(({ name, value }) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}
    </dl>
    ${freeze(view)}${closure(view)}${policyProblem(view)}${callsForPeople(view, links)}
    ${escalationSection(view, links)}${planSection(view, links)}${queueSection(view, links)}
    <div class="pair">${collisionSection(view, links)}${agentSection(view, links)}</div>
    ${landingSection(view, links)}
  </div>`;
}

function figures(view: LaneView): { name: string; value: number }[] {
  const inState = (...states: string[]): number =>
    view.plan.filter(({ state }) => states.includes(state)).length;
  return [
    { name: 'waiting', value: inState('waiting') },
    { name: 'with agents', value: inState('assigned', 'working') },
    { name: 'in review', value: inState('in-review') },
    { name: 'in the queue', value: view.queue.length },
    { name: 'landed', value: inState('completed') },
  ];
}

function freeze({ frozen, at }: LaneView): Html {
  if (frozen === null) return html``;
  return html`<section class="bell" aria-labelledby="freeze">
    <h2 id="freeze">${glyph('bang')} Landings are frozen</h2>
    <p>${frozen.by}, ${ageElement(frozen.at, at)} ago: ${frozen.why}</p>
    <p>The queue goes on testing. <code class="command">/unfreeze</code> lets changes land again.</p>
  </section>`;
}

function closure({ closed }: LaneView): Html {
  if (closed === null) return html``;
  return html`<section class="bell" aria-labelledby="closure">
    <h2 id="closure">${glyph('bang')} Nothing lands until ${momentElement(closed.until)}</h2>
    <p>By the policy's windows: ${closed.what}. The queue goes on testing.</p>
  </section>`;
}

function policyProblem(view: LaneView): Html {
  if (view.policyProblem === null) return html``;
  return html`<section class="bell" aria-labelledby="policy-problem">
    <h2 id="policy-problem">${glyph('bang')} The policy file was not accepted</h2>
    <p>${view.policyProblem}</p>
    <p>The last good policy stays in force. Correct <code>.github/signalbox.yml</code> on
      <code>${view.base}</code>.</p>
  </section>`;
}

function laneCard(view: LaneView, options: PageOptions): Html {
  const [last] = view.landings;
  const links = new GithubLinks(options.githubUrl, view);
  const landed =
    last === undefined
      ? html`nothing has landed yet`
      : html`last landing ${ageElement(last.at, view.at)} ago,
          <a href="${links.commit(last.sha)}"><code>${last.sha.slice(0, 7)}</code></a>`;
  const needs = view.plan.filter(({ state }) => state === 'escalated').length;
  return html`<li class="lane">
    <h2><a href="${lanePath(view)}">${view.owner}/${view.repo} <span class="line">${view.base}</span></a></h2>
    <dl class="figures">${figures(view).map(
      ({ name, value }) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`,
    )}</dl>
    <p class="quiet">${landed}</p>
    ${needs > 0 ? html`<p>${statusLamp('escalated')} ${needs} for a person</p>` : ''}
    ${view.frozen === null ? '' : html`<p>${statusLamp('escalated')} landings are frozen</p>`}
    ${view.closed === null ? '' : html`<p>${statusLamp('escalated')} nothing lands until ${momentElement(view.closed.until)}</p>`}
    ${view.policyProblem === null ? '' : html`<p>${statusLamp('failed')} the policy file was not accepted</p>`}
  </li>`;
}

function noLane(): Html {
  return html`<div class="empty">
    <p><strong>No lane yet.</strong> A lane appears with its first task:</p>
    <ol>
      <li>Install the App on a repository.</li>
      <li>Label an issue <code>agent-ready</code>.</li>
      <li>Start an agent with <code>signalbox worker</code>, or push to the task's branch yourself.</li>
    </ol>
  </div>`;
}

function shell(title: string, lane: LaneView | null, main: Html): Html {
  const script = lane === null ? '' : html`<script src="/assets/live.js" defer></script>`;
  const crumbs =
    lane === null
      ? ''
      : html`<nav aria-label="Pages"><a href="/">All lanes</a> <a href="${apiPath(lane)}">JSON</a></nav>`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/assets/style.css">
${script}
<noscript><meta http-equiv="refresh" content="15"></noscript>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header><a class="nameboard" href="/">Signalbox</a>${crumbs}<p id="live" role="status"></p></header>
${main}
<footer><p>Nothing waits here without saying what for.</p></footer>
</body>
</html>`;
}
