/** The merge queue, drawn as a line of track that runs into the base branch. */
import { html } from 'hono/html';
import type { LaneView, QueueRow } from '../core/lane/view.ts';
import type { GithubLinks } from './links.ts';
import type { Html } from './page-text.ts';
import { statusLamp } from './status-lamp.ts';
import { tableElement } from './table.ts';
import { ageElement, clockElement } from './time-text.ts';
import { waitList } from './waits.ts';

/** The queue in landing order. */
export function queueSection(view: LaneView, links: GithubLinks): Html {
  const body =
    view.queue.length === 0
      ? html`<p class="empty">The line is clear. A pull request enters when a reviewer comments
          <code>/approve</code> and its checks and the arbiter have passed.</p>`
      : html`<p class="terminus">${view.base}</p>${queueTable(view, links)}`;
  return html`<section aria-labelledby="queue"><h2 id="queue">Merge queue</h2>${body}</section>`;
}

function queueTable(view: LaneView, links: GithubLinks): Html {
  const { at } = view;
  return tableElement<QueueRow>({
    caption: `Approved pull requests in the order in which they land on ${view.base}`,
    className: 'track',
    rows: view.queue,
    columns: [
      { title: 'Place', width: 'narrow', cell: (row) => html`<span class="stop">${row.position}</span>` },
      {
        title: 'Pull request',
        names: true,
        cell: (
          row,
        ) => html`<a class="title" href="${links.pull(row.pull)}"><span class="number">#${row.pull}</span>
          ${row.title}</a> <span class="under">${row.issue === row.pull ? '' : html`for <a href="${links.issue(row.issue)}">#${row.issue}</a> `}at
          <a href="${links.commit(row.headSha)}"><code>${row.headSha.slice(0, 7)}</code></a></span>`,
      },
      { title: 'Status', width: 'narrow', cell: (row) => statusLamp(row.status) },
      {
        title: 'Build',
        width: 'narrow',
        cell: (row) =>
          row.build === null ? html`<span class="quiet">none yet</span>` : `build ${row.build}`,
      },
      { title: 'Waits on', cell: (row) => waitList(row.waitsOn, at) },
      {
        title: 'Lands',
        width: 'narrow',
        cell: (row) =>
          row.lands === null
            ? html`<span class="quiet">not known yet</span>`
            : html`${clockElement(row.lands.from)} to ${clockElement(row.lands.to)}`,
      },
      { title: 'In the queue', width: 'narrow', cell: (row) => ageElement(row.enteredAt, at) },
    ],
  });
}
