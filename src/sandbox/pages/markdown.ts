// Markdown as comments and check runs hold it, to HTML. Every text goes through the escaping template; of raw HTML
// only what `markdown-html.ts` names is let through.
import { html } from 'hono/html';
import type { Blockquote, List, ListItem, Paragraph, PhrasingContent, RootContent } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { renderFlowchart } from './flowchart.ts';
import type { Html, LinkNumber } from './link-text.ts';
import { linkText, outerLink } from './link-text.ts';
import { inlineTag, openFolds, renderInlineHtml, wrapInline } from './markdown-html.ts';
import type { TableText } from './markdown-table.ts';
import { readTable } from './markdown-table.ts';

/** How a text is to be read. */
export interface MarkdownOptions {
  /** a line's end is kept, as in comments; in files it is a space */
  breaks: boolean;
  linkNumber: LinkNumber;
}

/** What rendering a node needs to know: the whole source, and where in the tree it is. */
interface Place extends MarkdownOptions {
  source: string;
  depth: number;
  inLink: boolean;
}

const MAX_DEPTH = 40;
const MAX_LENGTH = 200_000;
const MAX_QUOTE_MARKS = 100;
/** Parsing takes time in the square of the marks in one block; this is about half a second. */
const MAX_TANGLE = 4e7;
const ALERT = /^\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\][ \t]*(?:\n|$)/i;
const TASK = /^\[([ xX])\][ \t]+/;

function isTangled(source: string): boolean {
  if (source.length > MAX_LENGTH) return true;
  const tooDeep = source.split('\n').some((line) => {
    const marks = /^[\s>*+\-\d.)]*/.exec(line)?.[0] ?? '';
    return marks.replace(/[^>*+-]/g, '').length > MAX_QUOTE_MARKS && marks.includes('>');
  });
  const tangle = source
    .split(/\n\s*\n/)
    .map((block) => (block.match(/[*_[\]`<!]/g) ?? []).length)
    .reduce((sum, marks) => sum + marks * marks, 0);
  return tooDeep || tangle > MAX_TANGLE;
}

/** A text as HTML; one too tangled to parse is shown as it was written. */
export function renderMarkdown(text: string, options: MarkdownOptions): Html {
  const source = text.replace(/\r\n?/g, '\n');
  if (isTangled(source)) return html`<div class="md"><pre>${source}</pre></div>`;
  return html`<div class="md">${renderSource(source, { ...options, source, depth: 0, inLink: false })}</div>`;
}

function renderSource(source: string, place: Place): Html[] {
  return renderBlocks(fromMarkdown(source).children, { ...place, source });
}

function sourceOf(node: RootContent, place: Place): string {
  return place.source.slice(node.position?.start.offset ?? 0, node.position?.end.offset ?? 0);
}

function renderBlocks(nodes: readonly RootContent[], above: Place): Html[] {
  const place = { ...above, depth: above.depth + 1 };
  if (place.depth > MAX_DEPTH) return nodes.map((node) => html`<pre>${sourceOf(node, place)}</pre>`);
  const folds = openFolds();
  const parts = nodes.map((node) =>
    node.type === 'html' ? folds.render(node.value) : renderBlock(node, place),
  );
  return [...parts, folds.close()];
}

function renderBlock(node: RootContent, place: Place): Html {
  switch (node.type) {
    case 'paragraph':
      return renderParagraph(node, place);
    case 'heading':
      return renderHeading(node.depth, renderInlines(node.children, place));
    case 'list':
      return renderList(node, place);
    case 'blockquote':
      return renderQuote(node, place);
    case 'code': {
      const drawing = node.lang === 'mermaid' ? renderFlowchart(node.value) : null;
      return drawing ?? html`<pre><code>${node.value}</code></pre>`;
    }
    case 'thematicBreak':
      return html`<hr>`;
    case 'definition':
      return html``;
    default:
      return html`<p>${sourceOf(node, place)}</p>`;
  }
}

/** The page has headings above those of a text, so a text's start two levels down. */
function renderHeading(depth: number, words: Html[]): Html {
  if (depth === 1) return html`<h3 class="h1">${words}</h3>`;
  return depth === 2 ? html`<h4 class="h2">${words}</h4>` : html`<h5>${words}</h5>`;
}

function renderParagraph(node: Paragraph, place: Place): Html {
  const table = readTable(sourceOf(node, place));
  return table === null ? html`<p>${renderInlines(node.children, place)}</p>` : renderTable(table, place);
}

function renderTable({ before, head, alignments, rows }: TableText, place: Place): Html {
  const align = (column: number) => {
    const alignment = alignments[column] ?? null;
    return alignment === null ? '' : html` class="${alignment}"`;
  };
  const cells = (row: readonly string[]) =>
    row.map((cell, column) => html`<td${align(column)}>${renderCell(cell, place)}</td>`);
  const heads = head.map((cell, column) => html`<th${align(column)}>${renderCell(cell, place)}</th>`);
  return html`${before === '' ? null : renderSource(before, place)}<div class="scroll"><table>
<thead><tr>${heads}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${cells(row)}</tr>`)}</tbody></table></div>`;
}

/** A cell is part of a line: what would begin a block, such as a list, must not. */
function renderCell(cell: string, place: Place): Html[] {
  if (cell === '') return [];
  const source = `x ${cell}`;
  const [paragraph] = fromMarkdown(source).children;
  const [first, ...rest] = paragraph?.type === 'paragraph' ? paragraph.children : [];
  if (first?.type !== 'text') return [html`${cell}`];
  const inlines: PhrasingContent[] = [{ ...first, value: first.value.slice(2) }, ...rest];
  return renderInlines(inlines, { ...place, source });
}

function renderList(node: List, place: Place): Html {
  const loose = node.spread === true || node.children.some((item) => item.spread === true);
  const items = node.children.map((item) => renderItem(item, loose, place));
  if (node.ordered !== true) return html`<ul>${items}</ul>`;
  return html`<ol start="${node.start ?? 1}">${items}</ol>`;
}

function renderItem(item: ListItem, loose: boolean, place: Place): Html {
  const [first] = item.children;
  const lead = first?.type === 'paragraph' ? first.children[0] : undefined;
  const task = lead?.type === 'text' ? TASK.exec(lead.value) : null;
  if (first?.type !== 'paragraph' || (loose && task === null) || readTable(sourceOf(first, place)) !== null)
    return html`<li>${renderBlocks(item.children, place)}</li>`;
  const rest = renderBlocks(item.children.slice(1), place);
  const words = renderInlines(task === null ? first.children : withoutLead(first, task[0].length), place);
  if (task === null) return html`<li>${words}${rest}</li>`;
  const done = task[1] !== ' ';
  const box = html`<span class="box" role="img" aria-label="${done ? 'done' : 'to do'}">${done ? '☑' : '☐'}</span>`;
  return html`<li class="task">${box} ${words}${rest}</li>`;
}

/** The inlines of a paragraph without the first characters of its first text. */
function withoutLead(paragraph: Paragraph, length: number): PhrasingContent[] {
  const [first, ...rest] = paragraph.children;
  return first?.type === 'text' ? [{ ...first, value: first.value.slice(length) }, ...rest] : [];
}

function renderQuote(node: Blockquote, place: Place): Html {
  const [first, ...rest] = node.children;
  const lead = first?.type === 'paragraph' ? first.children[0] : undefined;
  const alert = lead?.type === 'text' ? ALERT.exec(lead.value) : null;
  if (alert === null || first?.type !== 'paragraph')
    return html`<blockquote>${renderBlocks(node.children, place)}</blockquote>`;
  const kind = (alert[1] ?? '').toLowerCase();
  const words = renderInlines(withoutLead(first, alert[0].length), place);
  return html`<blockquote class="alert ${kind}"><p class="alert-title">${kind}</p><p>${words}</p>
${renderBlocks(rest, place)}</blockquote>`;
}

function renderInlines(nodes: readonly PhrasingContent[], above: Place): Html[] {
  const place = { ...above, depth: above.depth + 1 };
  if (place.depth > MAX_DEPTH) return nodes.map((node) => html`${sourceOf(node, place)}`);
  const rendered: Html[] = [];
  for (let at = 0; at < nodes.length; at++) {
    const node = nodes[at];
    const end = node ? findInlineEnd(nodes, at) : -1;
    if (node && end > at && node.type === 'html') {
      rendered.push(wrapInline(node.value, renderInlines(nodes.slice(at + 1, end), place)));
      at = end;
    } else if (node) rendered.push(renderInline(node, place));
  }
  return rendered;
}

/** Where the inline element that opens at `start` is closed again among the same nodes; -1 when it is none. */
function findInlineEnd(nodes: readonly PhrasingContent[], start: number): number {
  const open = nodes[start];
  const tag = open?.type === 'html' ? inlineTag(open.value) : null;
  if (tag === null) return -1;
  return nodes.findIndex((node, at) => at > start && node.type === 'html' && node.value === `</${tag}>`);
}

function renderInline(node: PhrasingContent, place: Place): Html {
  switch (node.type) {
    case 'text':
      return renderText(node.value, place);
    case 'inlineCode':
      return html`<code>${node.value}</code>`;
    case 'emphasis':
      return html`<em>${renderInlines(node.children, place)}</em>`;
    case 'strong':
      return html`<strong>${renderInlines(node.children, place)}</strong>`;
    case 'link':
      return outerLink(node.url, renderInlines(node.children, { ...place, inLink: true }));
    case 'linkReference':
      return html`${renderInlines(node.children, place)}`;
    case 'image': {
      // Nothing is loaded from elsewhere: an image is a link to itself.
      const words = node.alt === '' || node.alt === null || node.alt === undefined ? 'image' : node.alt;
      return place.inLink ? html`${words}` : outerLink(node.url, words);
    }
    case 'break':
      return html`<br>`;
    case 'html':
      return renderInlineHtml(node.value);
    default:
      return html`${sourceOf(node, place)}`;
  }
}

function renderText(text: string, place: Place): Html {
  const lines = place.breaks ? text.split('\n') : [text];
  const words = lines.map((line) => (place.inLink ? html`${line}` : linkText(line, place.linkNumber)));
  return html`${words.map((line, index) => (index === 0 ? line : html`<br>${line}`))}`;
}
