// The checks of one commit: check runs and commit statuses side by side.
import { html } from 'hono/html';
import type { CheckRun, CommitStatus, Repo, Sha } from '../model.ts';
import { latestStatuses } from '../render-check.ts';
import type { Html } from './link-text.ts';
import { outerLink } from './link-text.ts';
import { renderMarkdown } from './markdown.ts';
import { commentMarkdown, timeOf } from './parts.ts';

type Lamp = 'good' | 'bad' | 'busy' | 'still';

interface Check {
  id: number;
  name: string;
  by: string;
  lamp: Lamp;
  /** the conclusion, or the status while there is none */
  word: string;
  at: string;
  title: string | null;
  summary: string | null;
  text: string | null;
  url: string | null;
}

const GLYPHS: Record<Lamp, string> = { good: '✓', bad: '✕', busy: '•', still: '–' };
const WORDS: Record<Lamp, string> = {
  good: 'all checks passed',
  bad: 'a check failed',
  busy: 'checks are running',
  still: 'no check passed or failed',
};

function lampOf(run: CheckRun): Lamp {
  switch (run.conclusion) {
    case null:
      return 'busy';
    case 'success':
      return 'good';
    case 'neutral':
    case 'skipped':
    case 'cancelled':
      return 'still';
    default:
      return 'bad';
  }
}

function fromRun(run: CheckRun): Check {
  return {
    id: run.id,
    name: run.name,
    by: run.suite.app.name,
    lamp: lampOf(run),
    word: (run.conclusion ?? run.status).replaceAll('_', ' '),
    at: run.completedAt ?? run.startedAt,
    ...run.output,
    url: run.detailsUrl,
  };
}

function fromStatus(status: CommitStatus): Check {
  const lamp = { success: 'good', pending: 'busy', failure: 'bad', error: 'bad' } as const;
  return {
    id: status.id,
    name: status.context,
    by: status.creator.login,
    lamp: lamp[status.state],
    word: status.state,
    at: status.createdAt,
    title: status.description,
    summary: null,
    text: null,
    url: status.targetUrl,
  };
}

/** The latest run of each name and App, then the latest status of each context. */
function checksOf(repo: Repo, sha: Sha): Check[] {
  const latest = new Map<string, CheckRun>();
  for (const suite of repo.suites)
    if (suite.headSha === sha) for (const run of suite.runs) latest.set(`${suite.app.id}:${run.name}`, run);
  return [...[...latest.values()].map(fromRun), ...latestStatuses(repo, sha).map(fromStatus)];
}

function lampMark(lamp: Lamp, words: string): Html {
  return html`<span class="lamp ${lamp}" role="img" aria-label="${words}" title="${words}">${GLYPHS[lamp]}</span>`;
}

/** One mark for all the checks of a commit; nothing where it has none. */
export function checkMark(repo: Repo, sha: Sha): Html | null {
  const checks = checksOf(repo, sha);
  if (checks.length === 0) return null;
  const order: Lamp[] = ['bad', 'busy', 'good', 'still'];
  const lamp = order.find((one) => checks.some((check) => check.lamp === one)) ?? 'still';
  return lampMark(
    lamp,
    `${WORDS[lamp]} (${checks.map((check) => `${check.name}: ${check.word}`).join(', ')})`,
  );
}

function checkItem(repo: Repo, check: Check): Html {
  const head = html`${lampMark(check.lamp, check.word)}<span class="check-name">${check.name}</span>
<span class="check-word ${check.lamp}">${check.word}</span>
${check.title === null ? null : html`<span class="check-title">${check.title}</span>`}`;
  const foot = html`<p class="quiet small">${check.by}, ${timeOf(check.at)}${
    check.url === null ? null : html` · ${outerLink(check.url, 'details')}`
  }</p>`;
  const summary = check.summary === check.title ? null : check.summary;
  const texts = [summary, check.text].filter((text) => text !== null).filter((text) => text !== '');
  const body = texts.map((text) => renderMarkdown(text, commentMarkdown(repo)));
  return html`<li id="check-${check.id}"><details${check.lamp === 'bad' ? html` open` : ''}>
<summary>${head}</summary><div class="check-body">${body}${foot}</div></details></li>`;
}

/** The section of a page that shows every check with what it says. */
export function checkSection(repo: Repo, sha: Sha): Html {
  const checks = checksOf(repo, sha);
  const list =
    checks.length === 0
      ? html`<p class="quiet">No check has reported on this commit.</p>`
      : html`<ul class="checks">${checks.map((check) => checkItem(repo, check))}</ul>`;
  return html`<section id="checks"><h2>Checks <span class="count">${checks.length}</span></h2>${list}</section>`;
}
