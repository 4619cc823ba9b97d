/** The quieter parts of a lane: collisions foreseen, landings with their proof, and the workers seen. */
import { html } from 'hono/html';
import type { LaneView } from '../core/lane/view.ts';
import type { GithubLinks } from './links.ts';
import type { Html } from './page-text.ts';
import { glyph } from './status-lamp.ts';
import { tableElement } from './table.ts';
import { ageElement } from './time-text.ts';

type Collision = LaneView['collisions'][number];
type Landing = LaneView['landings'][number];
type Agent = LaneView['agents'][number];

/** Tasks whose files overlap: they take turns. */
export function collisionSection(view: LaneView, links: GithubLinks): Html {
  const issue = (number: number): Html => html`<a href="${links.issue(number)}">#${number}</a>`;
  const body =
    view.collisions.length === 0
      ? html`<p class="empty">None foreseen: no two open tasks own the same files.</p>`
      : tableElement<Collision>({
          caption: 'Pairs of tasks that own the same files and therefore take turns',
          rows: view.collisions,
          columns: [
            { title: 'Tasks', names: true, cell: ({ a, b }) => html`${issue(a)} and ${issue(b)}` },
            {
              title: 'Both own',
              cell: ({ paths }) =>
                html`<ul class="paths">${paths.map((path) => html`<li><code>${path}</code></li>`)}</ul>`,
            },
            {
              title: 'Announced',
              width: 'narrow',
              cell: ({ announcedAt }) =>
                announcedAt === null ? 'not yet' : html`${ageElement(announcedAt, view.at)} ago`,
            },
          ],
        });
  return html`<section aria-labelledby="collisions"><h2 id="collisions">Collisions foreseen</h2>${body}</section>`;
}

/** What landed, each with the proof that what landed is what was tested. */
export function landingSection(view: LaneView, links: GithubLinks): Html {
  const body =
    view.landings.length === 0
      ? html`<p class="empty">Nothing has landed yet. Each landing is shown here with its proof: the tree on
          <code>${view.base}</code>, read back after the move, is the tree that was tested.</p>`
      : tableElement<Landing>({
          caption: 'Landings, with the tree on the base branch and the tree that was tested',
          rows: view.landings,
          columns: [
            {
              title: 'Landed as',
              names: true,
              cell: ({ sha }) => html`<a href="${links.commit(sha)}"><code>${sha.slice(0, 7)}</code></a>`,
            },
            {
              title: 'Pull requests',
              cell: ({ pulls }) =>
                html`${pulls.map((pull) => html`<a href="${links.pull(pull)}">#${pull}</a> `)}`,
            },
            { title: 'Proof', cell: proof },
            { title: 'When', width: 'narrow', cell: ({ at }) => html`${ageElement(at, view.at)} ago` },
          ],
        });
  return html`<section aria-labelledby="landings"><h2 id="landings">Landings</h2>${body}</section>`;
}

function proof({ tree, testedTree, testedSha, exact }: Landing): Html {
  const left = html`tree <code title="${tree}">${tree.slice(0, 10)}</code>`;
  const right = html`tested <code title="${testedTree} of commit ${testedSha}">${testedTree.slice(0, 10)}</code>`;
  if (!exact)
    return html`<span class="lamp caution">${glyph('bang')}<span>not tested as exact tree</span></span> <span class="quiet">${left} of parts ${right}</span>`;
  return tree === testedTree
    ? html`<span class="lamp clear">${glyph('tick')}<span>same tree</span></span> <span class="quiet">${left} = ${right}</span>`
    : html`<span class="lamp danger">${glyph('cross')}<span>trees differ</span></span> <span class="quiet">${left} ≠ ${right}</span>`;
}

/** Who asked for work lately. */
export function agentSection(view: LaneView, links: GithubLinks): Html {
  const body =
    view.agents.length === 0
      ? html`<p class="empty">No worker has been seen. Start one with <code>signalbox worker</code>, or push to a
          task's branch yourself: whoever pushes there does the work.</p>`
      : tableElement<Agent>({
          caption: 'Workers, and what each one works on',
          rows: view.agents,
          columns: [
            {
              title: 'Agent',
              names: true,
              cell: ({ agent, worker }) => html`${agent} <span class="under">${worker}</span>`,
            },
            {
              title: 'Works on',
              cell: ({ issue }) =>
                issue === null
                  ? html`<span class="lamp idle">${glyph('ring')}<span>free</span></span>`
                  : html`<span class="lamp busy">${glyph('dot')}<span>busy</span></span>
                      <a href="${links.issue(issue)}">#${issue}</a>`,
            },
            {
              title: 'Seen',
              width: 'narrow',
              cell: ({ seenAt }) => html`${ageElement(seenAt, view.at)} ago`,
            },
          ],
        });
  return html`<section aria-labelledby="agents"><h2 id="agents">Agents</h2>${body}</section>`;
}
