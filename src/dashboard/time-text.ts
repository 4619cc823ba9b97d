/** Times as people read them. The page's script keeps the ages current; without it they are those of `at`. */
import { html } from 'hono/html';
import type { Html } from './page-text.ts';

/** How long ago, in the largest unit that says enough: `8 s`, `12 min`, `3 h`, `2 d`. */
export function ageText(since: string, at: string): string {
  const seconds = Math.max(0, Math.floor((Date.parse(at) - Date.parse(since)) / 1_000));
  if (Number.isNaN(seconds)) return '?';
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** An age as an element; the exact time is in its title. */
export function ageElement(since: string, at: string): Html {
  return html`<time datetime="${since}" title="${since}" data-since="${since}">${ageText(since, at)}</time>`;
}

/** A time of day to come, in UTC; the exact time is in its title. */
export function clockElement(at: string): Html {
  return html`<time datetime="${at}" title="${at}">${at.slice(11, 16)} UTC</time>`;
}

/** A day and a time to come, in UTC. */
export function momentElement(at: string): Html {
  return html`<time datetime="${at}" title="${at}">${at.slice(0, 10)} ${at.slice(11, 16)} UTC</time>`;
}
