/** Reads sections that are lists at heart: one thing in each list item, line or line of code. */
import type { ListItem, Paragraph, RootContent } from 'mdast';
import { normalisePattern } from '../core/task/patterns.ts';
import { type Document, sourceOf, spanOf, wordsOf } from './markdown.ts';
import { shorten } from './shorten.ts';

const checkbox = /^\[[ xX]\]\s+/u;

/** The items of a section: list items (nested ones as well), or else lines. A line that only introduces a list is left out. */
export function itemsIn(document: Document, nodes: readonly RootContent[]): string[] {
  const listed = nodes.some((node) => node.type === 'list');
  return blocksOf(nodes).flatMap(({ node, item }) => {
    if (node.type === 'code')
      return item === null ? node.value.split('\n').map(tidy).filter(Boolean) : [tidy(node.value)];
    if (node.type === 'paragraph' && item !== null) return [tidy(sourceOf(document, node))].filter(Boolean);
    if (node.type === 'html' || node.type === 'thematicBreak') return [];
    const lines = sourceOf(document, node).split('\n').map(tidy).filter(Boolean);
    return listed ? lines.filter((line) => !line.endsWith(':')) : lines;
  });
}

/** The path patterns of a section: one a line or list item, or whatever stands in inline code. */
export function pathsIn(
  document: Document,
  nodes: readonly RootContent[],
): { patterns: string[]; problems: string[] } {
  const patterns: string[] = [];
  const problems: string[] = [];
  for (const { node } of blocksOf(nodes)) {
    for (const { text, inCode } of pathTexts(document, node)) {
      if (!inCode && /\s/u.test(text)) {
        problems.push(
          `"${shorten(text, 80)}" under "Owned files" is not a path: write one a line, or in \`backticks\` when it has spaces.`,
        );
        continue;
      }
      const reading = normalisePattern(text);
      if (reading.kind === 'ok') patterns.push(reading.pattern);
      else problems.push(reading.why);
    }
  }
  return { patterns: [...new Set(patterns)], problems };
}

interface Candidate {
  text: string;
  inCode: boolean;
}

function pathTexts(document: Document, node: RootContent): Candidate[] {
  if (node.type === 'code')
    return node.value
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((text) => ({ text, inCode: true }));
  if (node.type === 'html' || node.type === 'thematicBreak' || node.type === 'definition') return [];
  if (node.type !== 'paragraph') return [{ text: sourceOf(document, node), inCode: false }];
  return linesOf(document, node).flatMap(({ text, codes }): Candidate[] => {
    if (codes.length > 0) return codes.map((code) => ({ text: code, inCode: true }));
    return splitAtCommas(text.trim().replace(checkbox, '')).map((path) => ({ text: path, inCode: false }));
  });
}

/** The lines of a paragraph as written, but links by their words; and the inline code on each. */
function linesOf(document: Document, paragraph: Paragraph): { text: string; codes: string[] }[] {
  const lines: { text: string; codes: string[] }[] = [{ text: '', codes: [] }];
  const [start, end] = spanOf(paragraph);
  let from = start;
  const write = (text: string) => {
    const [first = '', ...more] = text.split('\n');
    const last = lines.at(-1);
    if (last !== undefined) last.text += first;
    for (const line of more) lines.push({ text: line, codes: [] });
  };
  for (const child of paragraph.children) {
    if (child.type !== 'link' && child.type !== 'inlineCode') continue;
    const [childStart, childEnd] = spanOf(child);
    write(document.source.slice(from, childStart));
    if (child.type === 'inlineCode') lines.at(-1)?.codes.push(child.value);
    else write(wordsOf(child));
    from = childEnd;
  }
  write(document.source.slice(from, end));
  return lines.filter(({ text, codes }) => text.trim() !== '' || codes.length > 0);
}

/** At commas, but not at those inside braces. */
function splitAtCommas(text: string): string[] {
  const parts = text.match(/(?:\{[^{}]*\}|[^,{]|\{)+/gu) ?? [];
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

interface Block {
  node: RootContent;
  item: ListItem | null;
}

/** The blocks of a section with lists opened, in the order of the text. */
function blocksOf(nodes: readonly RootContent[]): Block[] {
  const blocks: Block[] = [];
  const open: Block[] = nodes.map((node) => ({ node, item: null })).reverse();
  for (let block = open.pop(); block !== undefined; block = open.pop()) {
    const { node, item } = block;
    if (node.type === 'list')
      open.push(...node.children.map((child) => ({ node: child, item: child })).reverse());
    else if (node.type === 'listItem')
      open.push(...node.children.map((child) => ({ node: child, item: node })).reverse());
    else blocks.push({ node, item });
  }
  return blocks;
}

function tidy(text: string): string {
  return text.replace(/\s+/gu, ' ').trim().replace(checkbox, '');
}
