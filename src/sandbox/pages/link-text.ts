import { html } from 'hono/html';

/** Escaped HTML, as hono's `html` template makes it. */
export type Html = ReturnType<typeof html>;

/** The address of the issue or pull request `#n`, or null where there is none. */
export type LinkNumber = (number: number) => string | null;

const LINKED = /https?:\/\/[^\s<>"'`|\\]+|(?<![\w&/#])#\d{1,9}\b/g;

/** An address a reader may follow: http or https, nothing else; null for all others. */
function safeUrl(address: string): string | null {
  if (!URL.canParse(address)) return null;
  const { protocol, href } = new URL(address);
  return protocol === 'https:' || protocol === 'http:' ? href : null;
}

/** A link out of these pages, or only its words. */
export function outerLink(address: string, words: unknown): Html {
  const href = safeUrl(address);
  return href === null
    ? html`${words}`
    : html`<a href="${href}" rel="nofollow noopener noreferrer">${words}</a>`;
}

function linkOne(text: string, linkNumber: LinkNumber): Html {
  if (!text.startsWith('#')) return outerLink(text, text);
  const address = linkNumber(Number(text.slice(1)));
  return address === null ? html`${text}` : html`<a href="${address}">${text}</a>`;
}

/** Plain text, escaped, in which bare addresses and the numbers of known issues are links. */
export function linkText(text: string, linkNumber: LinkNumber): Html {
  const parts: unknown[] = [];
  let at = 0;
  for (const match of text.matchAll(LINKED)) {
    const found = match[0].replace(/[.,;:!?)\]]+$/, '');
    parts.push(text.slice(at, match.index), linkOne(found, linkNumber));
    at = match.index + found.length;
  }
  return html`${[...parts, text.slice(at)]}`;
}
