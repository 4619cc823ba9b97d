/**
 * A status as a signal lamp: a word, a shape and a colour, so that nothing depends on seeing the colour. The shapes
 * are those of signals: a ring for "not yet", a filled lamp for "at it", two lamps for "next", a tick for "clear".
 */
import { html } from 'hono/html';
import type { Html } from './page-text.ts';

type Aspect = 'idle' | 'busy' | 'caution' | 'clear' | 'danger' | 'off';
type Shape = 'ring' | 'dot' | 'half' | 'eye' | 'twin' | 'arrow' | 'tick' | 'bang' | 'cross' | 'dash';

const lamps: Readonly<Record<string, readonly [Aspect, Shape]>> = {
  waiting: ['idle', 'ring'],
  assigned: ['busy', 'half'],
  working: ['busy', 'dot'],
  'in-review': ['caution', 'eye'],
  approved: ['clear', 'ring'],
  queued: ['caution', 'twin'],
  testing: ['busy', 'half'],
  landing: ['clear', 'arrow'],
  completed: ['clear', 'tick'],
  escalated: ['danger', 'bang'],
  failed: ['danger', 'cross'],
  cancelled: ['off', 'dash'],
};

/** The lamp of a status, with the status as its word. */
export function statusLamp(status: string): Html {
  const [aspect, shape] = lamps[status] ?? ['idle', 'ring'];
  return html`<span class="lamp ${aspect}">${glyph(shape)}<span>${status.replaceAll('-', ' ')}</span></span>`;
}

/** One shape, drawn in the colour of the text around it. */
export function glyph(shape: Shape): Html {
  return html`<svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">${drawn(shape)}</svg>`;
}

function drawn(shape: Shape): Html {
  switch (shape) {
    case 'ring':
      return html`<circle cx="8" cy="8" r="5" fill="none" stroke="currentColor" stroke-width="2" />`;
    case 'dot':
      return html`<circle cx="8" cy="8" r="6" fill="currentColor" />`;
    case 'half':
      return html`<circle cx="8" cy="8" r="5" fill="none" stroke="currentColor" stroke-width="2" /><path d="M8 3a5 5 0 0 1 0 10z" fill="currentColor" />`;
    case 'eye':
      return html`<path d="M1.5 8C4 3.8 12 3.8 14.5 8 12 12.2 4 12.2 1.5 8z" fill="none" stroke="currentColor" stroke-width="1.8" /><circle cx="8" cy="8" r="2.2" fill="currentColor" />`;
    case 'twin':
      return html`<circle cx="8" cy="4.2" r="3.2" fill="currentColor" /><circle cx="8" cy="11.8" r="3.2" fill="currentColor" />`;
    case 'arrow':
      return html`<path d="M2 8h9M7.5 3.5 12.5 8l-5 4.5" fill="none" stroke="currentColor" stroke-width="2.2" stroke-linecap="round" stroke-linejoin="round" />`;
    case 'tick':
      return html`<path d="m2.5 8.5 3.7 3.7 7.3-8" fill="none" stroke="currentColor" stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round" />`;
    case 'bang':
      return html`<path d="M8 1.5 15 14H1z" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linejoin="round" /><path d="M8 6v4" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" /><circle cx="8" cy="12" r="1" fill="currentColor" />`;
    case 'cross':
      return html`<path d="m3.5 3.5 9 9m0-9-9 9" stroke="currentColor" stroke-width="2.4" stroke-linecap="round" />`;
    case 'dash':
      return html`<path d="M3 8h10" stroke="currentColor" stroke-width="2.4" stroke-linecap="round" />`;
  }
}
