/** How pages are written: hono's `html` template, which escapes every value, and its result as plain text. */
import type { html } from 'hono/html';

export type Html = ReturnType<typeof html>;

/** The finished text of a page. */
export function pageText(page: Html): string {
  // A template answers with a promise only when a value in it is one; ours are all at hand.
  if (page instanceof Promise) throw new TypeError('a page must not wait for anything');
  return page.toString();
}
