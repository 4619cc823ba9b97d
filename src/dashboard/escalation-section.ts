/** The human queue: what waits for a person's decision, most urgent first, with what can be answered. */
import { html } from 'hono/html';
import type { EscalationRow, LaneView } from '../core/lane/view.ts';
import { optionLetter } from '../core/task/escalation.ts';
import type { GithubLinks } from './links.ts';
import type { Html } from './page-text.ts';
import { tableElement } from './table.ts';
import { ageElement } from './time-text.ts';

/** The queue as a table; nothing at all while nobody is asked. */
export function escalationSection(view: LaneView, links: GithubLinks): Html {
  if (view.escalations.length === 0) return html``;
  const table = tableElement<EscalationRow>({
    caption: 'Tasks that wait for an answer by a person, most urgent first',
    rows: view.escalations,
    columns: [
      { title: 'Task', names: true, cell: (row) => taskCell(row, links) },
      { title: 'Asked', width: 'wide', cell: askedCell },
      { title: 'What was tried', width: 'wide', cell: triedCell },
      { title: 'Answer with', width: 'narrow', cell: answerCell },
      {
        title: 'Waits',
        width: 'narrow',
        cell: ({ since, repeats }) =>
          html`${ageElement(since, view.at)}${repeats > 0 ? html`<span class="under">told again ${repeats === 1 ? 'once' : 'twice'}</span>` : ''}`,
      },
    ],
  });
  return html`<section aria-labelledby="escalations"><h2 id="escalations">Human queue</h2>${table}</section>`;
}

function taskCell({ issue, title, pull, complex }: EscalationRow, links: GithubLinks): Html {
  const request = pull === null ? '' : html`<a href="${links.pull(pull)}">PR&nbsp;#${pull}</a> `;
  const flag = complex ? html`<span>complex: asked about again</span>` : '';
  return html`<a class="title" href="${links.issue(issue)}"><span class="number">#${issue}</span> ${title}</a>
    <span class="under">${request}${flag}</span>`;
}

function askedCell({ trigger, context, by }: EscalationRow): Html {
  return html`${context}<span class="under">${trigger}, raised by ${by}</span>`;
}

function triedCell({ tried }: EscalationRow): Html {
  if (tried.length === 0) return html`<span class="quiet">nothing yet</span>`;
  return html`<ul class="waits">${tried.map((one) => html`<li>${one}</li>`)}</ul>`;
}

function answerCell({ options }: EscalationRow): Html {
  const picks = options.map(
    (option, index) => html`<li><code class="command">/resume ${optionLetter(index)}</code> ${option}</li>`,
  );
  return html`<ul class="waits">${picks}<li><code class="command">/resume &lt;guidance&gt;</code></li>
    <li><code class="command">/retry</code></li></ul>`;
}
