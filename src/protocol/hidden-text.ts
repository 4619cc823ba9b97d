/**
 * Takes out what a person who reads an issue on GitHub does not see, so that an agent is asked for exactly what
 * the maintainer read when setting the label.
 */
import type { Image, Link } from 'mdast';
import { readMarkdown, spanOf, visit } from './markdown.ts';

/**
 * `hidden` counts the pieces that were taken out: comments, unused link definitions, runs of invisible characters, and
 * descriptions and titles that are more than a name.
 */
export interface VisibleText {
  text: string;
  hidden: number;
}

/** Zero-width, bidi controls, Unicode tags, variation selectors, fillers, and control characters but for tab and line end. */
const invisible = /[\p{Default_Ignorable_Code_Point}[\p{Cc}--[\t\n]]\u{fff9}-\u{fffb}]+/gv;
/** The joiners and selectors of ordinary emoji: taken out as well, but nothing to warn about. */
const emojiJoint = /^(?:\u{fe0f}\u{200d}?|\u{200d}|\u{fe0e})$/u;

/**
 * Removes HTML comments, link definitions that nothing uses, what pictures and links say only to those who point at
 * them, and invisible characters. Code keeps its comments.
 */
export function stripHidden(text: string): VisibleText {
  const commentsOut = stripComments(text.toWellFormed());
  let hidden = commentsOut.hidden;
  const visible = commentsOut.text.replace(invisible, (run, offset: number, whole: string) => {
    const followsEmoji = /(?:\p{Emoji}|\u{20e3})$/u.test(whole.slice(Math.max(0, offset - 2), offset));
    if (!(followsEmoji && emojiJoint.test(run))) hidden += 1;
    return '';
  });
  return { text: visible, hidden };
}

/** Takes out only the invisible characters: for words that are shown by us and are no Markdown document. */
export function removeInvisible(text: string): string {
  return text.replace(invisible, '');
}

function stripComments(text: string): VisibleText {
  const document = readMarkdown(text);
  const { source } = document;
  if (document.tree === null) return { text: source, hidden: 0 };
  const definitions: { identifier: string; span: [number, number] }[] = [];
  const used = new Set<string>();
  const cuts: [number, number][] = [];
  const asides: [number, number][] = [];
  visit(document.tree.children, (node) => {
    if (node.type === 'html') {
      cuts.push(...commentsIn(source, ...spanOf(node)));
      asides.push(...attributesIn(source, ...spanOf(node)));
    }
    if (node.type === 'image' || node.type === 'link') asides.push(...asidesOf(source, node));
    if (node.type === 'definition') definitions.push({ identifier: node.identifier, span: spanOf(node) });
    if (node.type === 'linkReference' || node.type === 'imageReference') used.add(node.identifier);
    return true;
  });
  for (const { identifier, span } of definitions) if (!used.has(identifier)) cuts.push(span);
  const hidden = cuts.length + asides.filter(([start, end]) => end - start > longestName).length;
  return { text: without(source, [...cuts, ...asides]), hidden };
}

/** Screenshots are pasted with a name; nobody needs to be told that it is gone. */
const longestName = 40;

/** The description of a picture, and the title of a picture or link: shown to nobody who just reads. */
function asidesOf(source: string, node: Image | Link): [number, number][] {
  const [start, end] = spanOf(node);
  const spans: [number, number][] = [];
  const piece = source.slice(start, end);
  if (node.type === 'image' && node.alt) {
    const close = piece.indexOf('](', node.alt.length);
    if (close > 0) spans.push([start + 2, start + close]);
  }
  const title = node.title
    ? /\s("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\((?:[^()\\]|\\.)*\))\s*\)$/u.exec(piece)
    : null;
  if (title) spans.push([start + title.index, end - 1]);
  return spans;
}

/** Attributes of HTML that hold words nobody sees. */
function attributesIn(source: string, start: number, end: number): [number, number][] {
  const words = /\s(?:alt|title|summary|aria-[\w-]+|data-[\w-]+)\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>"']+)/giu;
  return [...source.slice(start, end).matchAll(words)].map((match) => [
    start + match.index,
    start + match.index + match[0].length,
  ]);
}

/** The comments within a piece of HTML; one that is never closed reaches to the end of the piece. */
function commentsIn(source: string, start: number, end: number): [number, number][] {
  const spans: [number, number][] = [];
  for (let at = source.indexOf('<!--', start); at >= 0 && at < end; ) {
    const close = source.indexOf('-->', at + 2);
    const until = close < 0 || close + 3 > end ? end : close + 3;
    spans.push([at, until]);
    at = source.indexOf('<!--', until);
  }
  return spans;
}

function without(source: string, cuts: readonly [number, number][]): string {
  const kept: string[] = [];
  let from = 0;
  for (const [start, end] of [...cuts].sort(([a], [b]) => a - b)) {
    kept.push(source.slice(from, start));
    from = Math.max(from, end);
  }
  return kept.join('') + source.slice(from);
}
