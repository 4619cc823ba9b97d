/** The coordination plan: every task, who has it, what it owns, where it stands and what it waits on. */
import { html } from 'hono/html';
import type { LaneView, PlanRow } from '../core/lane/view.ts';
import type { GithubLinks } from './links.ts';
import type { Html } from './page-text.ts';
import { statusLamp } from './status-lamp.ts';
import { tableElement } from './table.ts';
import { ageElement } from './time-text.ts';
import { waitList } from './waits.ts';

const finished: ReadonlySet<string> = new Set(['completed', 'cancelled', 'failed']);

/** The plan as a table, live tasks first. */
export function planSection(view: LaneView, links: GithubLinks): Html {
  const rows = [
    ...view.plan.filter(({ state }) => !finished.has(state)),
    ...view.plan.filter(({ state }) => finished.has(state)),
  ];
  const body =
    rows.length === 0
      ? html`<p class="empty">No task yet. Put the label <code>agent-ready</code> on an issue, and it appears here
          within seconds: first with a plan, then with an agent.</p>`
      : planTable(rows, view.at, links);
  return html`<section aria-labelledby="plan"><h2 id="plan">Coordination plan</h2>${body}</section>`;
}

function planTable(rows: readonly PlanRow[], at: string, links: GithubLinks): Html {
  return tableElement({
    caption: 'Tasks of this lane, with what each one owns and waits on',
    className: 'plan',
    rows,
    rowClass: ({ state }) => (finished.has(state) ? 'past' : ''),
    columns: [
      { title: 'Task', names: true, cell: (row) => taskCell(row, links) },
      {
        title: 'Status',
        width: 'narrow',
        cell: (row) =>
          html`${statusLamp(row.status)} <span class="quiet">${ageElement(row.since, at)}</span>`,
      },
      { title: 'Waits on / landed', width: 'wide', cell: (row) => waitsCell(row, at, links) },
      { title: 'Agent', width: 'narrow', cell: agentCell },
      {
        title: 'Owns',
        width: 'paths-cell',
        cell: (row) =>
          row.owns.length === 0
            ? html`<span class="quiet">nothing</span>`
            : html`<ul class="paths">${row.owns.map((path) => html`<li><code>${path}</code></li>`)}</ul>`,
      },
      { title: 'Depends on', width: 'narrow', cell: (row) => dependsCell(row, links) },
    ],
  });
}

function taskCell(row: PlanRow, links: GithubLinks): Html {
  const pull =
    row.pull === null
      ? ''
      : row.pull === row.issue
        ? 'a pull request that no task owns'
        : html`<a href="${links.pull(row.pull)}">PR&nbsp;#${row.pull}</a> `;
  const branch =
    row.branch === null
      ? ''
      : html`<a class="branch" href="${links.branch(row.branch)}"><code>${row.branch}</code></a>`;
  const version = row.version > 1 ? html`<span>version ${row.version}</span> ` : '';
  const isAlone = row.pull === row.issue;
  return html`<a class="title" href="${isAlone ? links.pull(row.issue) : links.issue(row.issue)}"><span class="number">#${row.issue}</span> ${row.title}</a>
    <span class="under">${pull}${version}${branch}</span>`;
}

function waitsCell(row: PlanRow, at: string, links: GithubLinks): Html {
  if (row.landedAs !== null) {
    const when =
      row.landedAt === null ? '' : html` <span class="quiet">${ageElement(row.landedAt, at)} ago</span>`;
    return html`landed as <a href="${links.commit(row.landedAs)}"><code>${row.landedAs.slice(0, 7)}</code></a>${when}`;
  }
  return waitList(row.waitsOn, at);
}

function agentCell(row: PlanRow): Html {
  if (row.pull === row.issue) return html`<span class="quiet">nobody</span>`;
  if (row.agent === null) return html`<span class="quiet">none yet</span>`;
  const worker = row.worker === null ? '' : html`<span class="under">${row.worker}</span>`;
  const attempts = row.attempts > 1 ? html`<span class="under">attempt ${row.attempts}</span>` : '';
  return html`${row.agent}${worker}${attempts}`;
}

function dependsCell(row: PlanRow, links: GithubLinks): Html {
  if (row.dependsOn.length === 0) return html`<span class="quiet">nothing</span>`;
  return html`${row.dependsOn.map((issue) => html`<a href="${links.issue(issue)}">#${issue}</a> `)}`;
}
