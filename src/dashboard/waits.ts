/** What a row waits on: the reason, since when, and what a person can type to change it. */
import { html } from 'hono/html';
import type { LaneView, PlanRow, Wait } from '../core/lane/view.ts';
import type { GithubLinks } from './links.ts';
import type { Html } from './page-text.ts';
import { glyph } from './status-lamp.ts';
import { ageElement, clockElement } from './time-text.ts';

/** The waits of one row as a list. */
export function waitList(waits: readonly Wait[], at: string): Html {
  if (waits.length === 0) return html`<span class="quiet">nothing</span>`;
  return html`<ul class="waits">${waits.map((wait) => html`<li>${waitText(wait, at)}</li>`)}</ul>`;
}

function waitText(wait: Wait, at: string): Html {
  const command = wait.command === null ? '' : html` <code class="command">${wait.command}</code>`;
  const next =
    wait.next === undefined
      ? ''
      : html`<span class="quiet">, next step by itself at ${clockElement(wait.next)}</span>`;
  return html`${wait.what} <span class="quiet">for ${ageElement(wait.since, at)}</span>${next}${command}`;
}

/** Waits that only a person can end; the machine ends the others by itself. */
const forPeople: ReadonlySet<Wait['kind']> = new Set(['approval', 'human', 'hold', 'arbiter', 'policy']);

/** The few things that wait for a person, on top, because nothing else on the page needs anybody. */
export function callsForPeople(view: LaneView, links: GithubLinks): Html {
  const calls = view.plan.flatMap((row) =>
    row.waitsOn.filter(({ kind }) => forPeople.has(kind)).map((wait) => ({ row, wait })),
  );
  if (calls.length === 0) return html``;
  const count = calls.length === 1 ? 'One thing waits' : `${calls.length} things wait`;
  return html`<section class="bell" aria-labelledby="bell">
    <h2 id="bell">${glyph('bang')} ${count} for a person</h2>
    <ul>${calls.map(({ row, wait }) => html`<li>${rowName(row, links)} ${waitText(wait, view.at)}</li>`)}</ul>
  </section>`;
}

function rowName(row: PlanRow, links: GithubLinks): Html {
  return row.pull === null
    ? html`<a href="${links.issue(row.issue)}">#${row.issue} ${row.title}</a>`
    : html`<a href="${links.pull(row.pull)}">#${row.pull} ${row.title}</a>`;
}
