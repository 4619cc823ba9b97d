/** What is said about splits: the comment that proposes one, and the issues of its parts. */
import type { ProposedPart } from '../core/task/parts.ts';
import { escapeLine, escapePlain, escapeText, inlineCode } from './escape.ts';
import { renderMentions } from './notices.ts';
import { shorten } from './shorten.ts';
import { renderOwns } from './standing-text.ts';
import { linesWithin } from './take-within.ts';

const longestTitle = 120;
const longestSummary = 2_000;
const longestTable = 30_000;

/** A plan that waits for somebody's word: what each part does, where, and after which others. */
export function renderSplitNotice(of: {
  issue: number;
  by: string;
  summary: string;
  parts: readonly ProposedPart[];
  mention: readonly string[];
}): string {
  const { parts } = of;
  const rows = parts.map((part, index) => {
    const after = part.after.length === 0 ? '' : part.after.join(', ');
    const title = escapeLine(shorten(part.title, longestTitle));
    return `| ${index + 1} | ${title} | ${renderOwns(part.owns)} | ${after} |`;
  });
  return [
    `### A plan for #${of.issue}: ${parts.length} parts`,
    renderMentions(of.mention),
    `${inlineCode(of.by)} proposes to split this into issues of their own. Nothing is opened until somebody accepts it.`,
    of.summary.trim() === '' ? null : escapeText(shorten(of.summary, longestSummary)),
    ['| Part | What | Files | After part |', '|---|---|---|---|', ...linesWithin(rows, longestTable)].join(
      '\n',
    ),
    renderOrder(parts),
    renderDetails(parts),
    [
      '**What to type**',
      '',
      '- `/approve` opens the issues, each with the label `agent-ready`; this one is completed when all of them are.',
      '- `/resume <guidance>` asks for another plan; an edit of the text does too.',
      '- To have it done as one task, remove the label that asked for a plan.',
    ].join('\n'),
  ]
    .filter((part) => part !== null)
    .join('\n\n');
}

/** Mermaid reads much in a label: only numbers are put there. */
function renderOrder(parts: readonly ProposedPart[]): string | null {
  const edges = parts.flatMap(({ after }, index) => after.map((from) => `  p${from} --> p${index + 1}`));
  if (edges.length === 0) return null;
  const nodes = parts.map((_, index) => `  p${index + 1}["part ${index + 1}"]`);
  return ['```mermaid', 'flowchart LR', ...nodes, ...edges, '```'].join('\n');
}

function renderDetails(parts: readonly ProposedPart[]): string {
  const texts = parts.map((part, index) =>
    [
      `**Part ${index + 1}: ${escapeLine(shorten(part.title, longestTitle))}**`,
      escapeText(shorten(part.requirements, 600)),
    ].join('\n\n'),
  );
  return [
    '<details><summary>What each part asks for</summary>',
    ...linesWithin(texts, 15_000),
    '</details>',
  ].join('\n\n');
}

/** The title of a part's issue. */
export function renderPartTitle(part: ProposedPart): string {
  return shorten(escapePlain(part.title), 240);
}

/** The line by which a part's issue is found again; only issues that our own App has opened are looked at. */
export function partMark(of: { issue: number; version: number; part: number; count: number }): string {
  return `Part ${of.part} of ${of.count} of #${of.issue}, as planned for its version ${of.version}.`;
}

/**
 * The body of a part's issue in the headings of the issue form. Words of the planner stand in fences, where nothing is
 * a heading, a mention or a command, and are read back as they were written.
 * @param after the issues of the parts that come before it
 */
export function renderPartBody(part: ProposedPart, mark: string, after: readonly number[]): string {
  const section = (heading: string, content: string): string =>
    `### ${heading}\n\n${content === '' ? '_No response_' : content}`;
  return [
    mark,
    section('Requirements', fenced(part.requirements)),
    section('Design', fenced(part.design)),
    section('Acceptance criteria', fenced(part.acceptance.join('\n'))),
    section('Owned files', fenced(part.owns.join('\n'))),
    section('Depends on', after.map((issue) => `#${issue}`).join(', ')),
  ].join('\n\n');
}

/** A fence that the text cannot close. */
function fenced(text: string): string {
  if (text === '') return '';
  const longest = (text.match(/`+/gu) ?? []).reduce((most, run) => Math.max(most, run.length), 2);
  const fence = '`'.repeat(longest + 1);
  return `${fence}text\n${text}\n${fence}`;
}
