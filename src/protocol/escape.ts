/**
 * Makes other people's words harmless inside ours. GitHub looks for mentions, references and addresses in the
 * rendered text, so a backslash does not stop them: a zero-width space after the mark does, and is not seen.
 */
import { removeInvisible } from './hidden-text.ts';

const gap = '&#8203;';
const gapItself = '\u200b';

/** For Markdown: no mention, reference, closing keyword, address, command, HTML, table or formatting is left. Keeps lines. */
export function escapeText(text: string): string {
  return visibleLines(text)
    .map((line) => escapeMarks(line, true))
    .join('\n');
}

/** The same in one line, for headings, list items and table cells. */
export function escapeLine(text: string): string {
  return escapeMarks(visibleLines(text).join(' ').replace(/\s+/gu, ' ').trim(), true);
}

/**
 * One line of a sentence made by our own core: what stands between backticks becomes code, and `#7` stays a link
 * (in a comment it closes nothing). All else is escaped, because such sentences also carry other people's words.
 */
export function escapeSentence(text: string): string {
  const line = visibleLines(text).join(' ').replace(/\s+/gu, ' ').trim();
  return line
    .split(/(`[^`]+`)/u)
    .map((part) => (/^`[^`]+`$/u.test(part) ? inlineCode(part.slice(1, -1)) : escapeMarks(part, false)))
    .join('');
}

/** For commit messages and titles, where Markdown does not apply: one line that mentions, closes and skips nothing. */
export function escapePlain(text: string): string {
  return visibleLines(text)
    .join(' ')
    .replace(/\s+/gu, ' ')
    .trim()
    .replace(
      /@(?=[\w-])|#(?=\d)|\bGH-(?=\d)|:(?=\/\/)|\[(?=[^\]]*\b(?:skip|ci|no|actions)\b)|\*(?=\*\*NO_CI)/giu,
      `$&${gapItself}`,
    );
}

/** As inline code, whatever the text contains. Nothing in code is a mention, a reference or a command. */
export function inlineCode(text: string): string {
  const line = visibleLines(text).join(' ').trim();
  if (line === '') return '';
  if (!/[`|]/u.test(line)) return `\`${line}\``;
  return `<code>${line.replace(/[^\p{L}\p{N} /.]/gu, (mark) => `&#${mark.codePointAt(0)};`)}</code>`;
}

/** A Markdown link, or only its words when the address is not plain http(s). */
export function renderLink(words: string, url: string | null): string {
  if (url === null || !URL.canParse(url)) return escapeLine(words);
  const { protocol, href } = new URL(url);
  if (protocol !== 'https:' && protocol !== 'http:') return escapeLine(words);
  return `[${escapeLine(words)}](${href.replace(/[()<>|\\`*_[\]]/gu, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)})`;
}

function visibleLines(text: string): string[] {
  return removeInvisible(text.replace(/\r\n?|[\p{Zl}\p{Zp}]/gu, '\n'))
    .split('\n')
    .map((line) => line.replace(/\t/gu, ' ').trim());
}

function escapeMarks(line: string, references: boolean): string {
  const marks = line
    .replace(/[&<>|]/gu, (mark) => `&#${mark.codePointAt(0)};`)
    .replace(/[\\`*_{}[\]~]/gu, '\\$&')
    .replace(/@|\bGH-(?=\d)|:(?=\/\/)|\bwww(?=\.)|\b(?:mailto|xmpp)(?=:)/giu, `$&${gap}`)
    // Not the "#" of the entities just made.
    .replace(references ? /(?<!&)#(?=\d)/gu : /(?<=[^\s(&])#(?=\d)/gu, `#${gap}`);
  return marks
    .replace(/^\//u, '&#47;')
    .replace(/^(?:[-+=]|#(?=[#\s]|$))/u, '\\$&')
    .replace(/^(\d+)([.)])/u, '$1\\$2');
}
