import { html, raw } from 'hono/html';
import type { Html } from './link-text.ts';

/** All of raw HTML that is let through; whatever else is written, attributes too, is shown as the text it is. */
const TOKEN = /<!--[\s\S]*?(?:-->|$)|<(\/?)(details|summary|br)(\s+open)?\s*\/?>/gi;

/** A character reference is text, never markup, so it may stay as it was written. */
const BARE_AMPERSAND = /&(?!(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});)/gi;

function escapeRaw(text: string): Html {
  const escaped = text
    .replace(BARE_AMPERSAND, '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
  return raw(escaped);
}

/** HTML inside a line of text: a line break, a comment that vanishes, or text. */
export function renderInlineHtml(source: string): Html {
  if (/^<br\s*\/?>$/i.test(source)) return html`<br>`;
  return source.startsWith('<!--') ? html`` : escapeRaw(source);
}

/** The name of an inline element that is let through, from its opening tag; attributes are never. */
export function inlineTag(source: string): 'sub' | 'code' | null {
  return source === '<sub>' ? 'sub' : source === '<code>' ? 'code' : null;
}

/** Puts the words of an inline element into it; only called where it is also closed. */
export function wrapInline(source: string, words: readonly Html[]): Html {
  return inlineTag(source) === 'code' ? html`<code>${words}</code>` : html`<sub>${words}</sub>`;
}

/** Blocks of HTML among the blocks of one container: what they open there, they close there. */
export interface Folds {
  render(source: string): Html;
  close(): Html;
}

/** Starts a container with nothing open, so that no text can end an element it did not begin. */
export function openFolds(): Folds {
  const open: string[] = [];

  function closeThrough(tag: string): string {
    const depth = open.lastIndexOf(tag);
    if (depth < 0) return '';
    return open
      .splice(depth)
      .reverse()
      .map((name) => `</${name}>`)
      .join('');
  }

  function renderTag(closes: boolean, tag: string, shown: boolean): string {
    if (tag === 'br') return '<br>';
    if (closes) return closeThrough(tag);
    // Only the start of a fold may hold a summary, and nothing else may be opened within one.
    if (open.at(-1) === 'summary' || (tag === 'summary' && open.length === 0)) return '';
    open.push(tag);
    return tag === 'details' && shown ? '<details open>' : `<${tag}>`;
  }

  return {
    render(source) {
      const parts: Html[] = [];
      let at = 0;
      for (const match of source.matchAll(TOKEN)) {
        parts.push(escapeRaw(source.slice(at, match.index)));
        const [whole, slash, name, shown] = match;
        if (name !== undefined)
          parts.push(raw(renderTag(slash === '/', name.toLowerCase(), shown !== undefined)));
        at = match.index + whole.length;
      }
      parts.push(escapeRaw(source.slice(at)));
      return html`${parts}`;
    },
    close: () =>
      raw(
        open
          .splice(0)
          .reverse()
          .map((name) => `</${name}>`)
          .join(''),
      ),
  };
}
