/**
 * Reading Markdown as GitHub does: by its syntax tree. Nodes are cut out of the source by position, because the
 * tree's own text has lost what Markdown took for emphasis (`src/**` and `**` + `/*.md`).
 */

import type { Node, Parent, Root, RootContent } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';

/** A text and its tree; `tree` is null for a text so tangled that parsing it would take seconds. */
export interface Document {
  source: string;
  tree: Root | null;
}

const mostQuoteMarksOnALine = 100;
/** Parsing emphasis and brackets takes time in the square of their number in one block; this is about half a second. */
const mostTangle = 4e7;

/** Parses a text, with line ends made uniform. */
export function readMarkdown(text: string): Document {
  const source = text.replace(/\r\n?/gu, '\n');
  return { source, tree: isTangled(source) ? null : fromMarkdown(source) };
}

/** The source of a node, as it was written. */
export function sourceOf(document: Document, node: Node): string {
  const [start, end] = spanOf(node);
  return document.source.slice(start, end);
}

/** Where a node starts and ends in the source. */
export function spanOf(node: Node): [number, number] {
  return [node.position?.start.offset ?? 0, node.position?.end.offset ?? 0];
}

/**
 * Every node below these, in the order of the text. Not recursive: a hostile text nests deeper than the stack.
 * `enter` returning false leaves out what is below a node.
 */
export function visit(nodes: readonly RootContent[], enter: (node: RootContent) => boolean): void {
  const open = [...nodes].reverse();
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (enter(node) && hasChildren(node)) open.push(...[...node.children].reverse());
  }
}

/** The words of a node as a reader sees them, without its marks; comments and tags left out. */
export function wordsOf(node: RootContent): string {
  const words: string[] = [];
  visit([node], (inner) => {
    if (inner.type === 'text' || inner.type === 'inlineCode' || inner.type === 'code')
      words.push(inner.value);
    if (inner.type === 'break') words.push('\n');
    return true;
  });
  return words.join('');
}

function hasChildren(node: RootContent): node is RootContent & Parent {
  return 'children' in node;
}

function isTangled(source: string): boolean {
  const tooDeep = source.split('\n').some((line) => {
    const marks = /^[\s>*+\-\d.)]*/u.exec(line)?.[0] ?? '';
    return (marks.match(/>/gu) ?? []).length > mostQuoteMarksOnALine;
  });
  const tangle = source
    .split(/\n\s*\n/u)
    .map((block) => (block.match(/[*_[\]`<!]/gu) ?? []).length)
    .reduce((sum, marks) => sum + marks * marks, 0);
  return tooDeep || tangle > mostTangle;
}
