/** The lines of a comment that its author wrote there: what is left without code, quotes, lists, HTML and mail. */
import type { PhrasingContent, RootContent } from 'mdast';
import { type Document, readMarkdown, sourceOf, spanOf, visit } from './markdown.ts';

export interface OwnLine {
  text: string;
  /** The lines after it in the same paragraph, up to the next one that starts with a slash. */
  following: string;
}

/** Every own line of a comment, in order. None for a text too tangled to be read. */
export function ownLinesOf(body: string): OwnLine[] {
  const document = readMarkdown(body);
  const lines: OwnLine[] = [];
  const nodes = document.tree?.children ?? [];
  let folded = 0;
  for (const [place, node] of nodes.entries()) {
    if (node.type === 'html') folded = Math.max(0, folded + foldsIn(node.value));
    if (folded > 0 || !isText(document, node)) continue;
    const paragraph = linesIn(document, node);
    const reply = startOfMail(paragraph);
    lines.push(...withFollowing(reply === null ? paragraph : paragraph.slice(0, reply)));
    // Below the quote of the mail that is answered, the author may write again; below its bare text, nobody can tell.
    if (reply !== null && nodes[place + 1]?.type !== 'blockquote') break;
  }
  return lines;
}

/** Paragraphs, and those that a line of dashes below (a mail's signature) has made a heading. */
function isText(
  document: Document,
  node: RootContent,
): node is RootContent & { children: PhrasingContent[] } {
  return node.type === 'paragraph' || (node.type === 'heading' && !sourceOf(document, node).startsWith('#'));
}

/** How many `<details>` a piece of HTML opens, less those that it closes. */
function foldsIn(html: string): number {
  return (html.match(/<details\b/giu) ?? []).length - (html.match(/<\/details\b/giu) ?? []).length;
}

/** The source lines, empty where code, HTML or a link from the line before still goes on. */
function linesIn(document: Document, node: RootContent & { children: PhrasingContent[] }): string[] {
  const closed: [number, number][] = [];
  visit(node.children, (inner) => {
    const isClosed = ['inlineCode', 'html', 'link', 'linkReference', 'image', 'imageReference'].includes(
      inner.type,
    );
    if (isClosed) closed.push(spanOf(inner));
    return !isClosed;
  });
  let at = spanOf(node)[0];
  let next = 0;
  return sourceOf(document, node)
    .split('\n')
    .map((line) => {
      while ((closed[next]?.[1] ?? Number.POSITIVE_INFINITY) <= at) next += 1;
      const inside = (closed[next]?.[0] ?? Number.POSITIVE_INFINITY) < at;
      at += line.length + 1;
      return inside ? '' : line.trim().replace(/\\$/u, '').trimEnd();
    });
}

/** Where the mail that is being answered starts: "On … wrote:", over one line or two, or a mail program's rule. */
function startOfMail(lines: readonly string[]): number | null {
  const at = lines.findIndex((line, place) => {
    const two = `${line} ${lines[place + 1] ?? ''}`;
    const wrote =
      line.length < 400 && line.startsWith('On ') && (line.endsWith(' wrote:') || /\bwrote: ?$/u.test(two));
    return wrote || /^-{2,} ?Original Message ?-{2,}$/iu.test(line);
  });
  return at < 0 ? null : at;
}

function withFollowing(lines: readonly string[]): OwnLine[] {
  return lines.map((text, place) => {
    if (!text.startsWith('/')) return { text, following: '' };
    const rest = lines.slice(place + 1);
    const next = rest.findIndex((line) => line.startsWith('/'));
    return { text, following: (next < 0 ? rest : rest.slice(0, next)).join('\n').trim() };
  });
}
