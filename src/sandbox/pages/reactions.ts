// Reactions as small drawings: not every machine has a font with these signs.
import { html } from 'hono/html';
import type { Reaction, ReactionContent } from '../model.ts';
import { REACTIONS } from '../model.ts';
import type { Html } from './link-text.ts';

const FACE = 'M14.5 8a6.5 6.5 0 1 1-13 0a6.5 6.5 0 1 1 13 0M5.6 6v.6M10.4 6v.6';
const THUMB =
  'M5 7.2L8 1.8c1.4 0 2 1 1.7 2.3L9.3 6.2h3.5c1 0 1.6.9 1.3 1.8l-1.2 4.4c-.2.8-.8 1.2-1.6 1.2H5zM2 7.2h3v6.4H2z';

/** Lines in a square of 16. */
const OUTLINES: Record<ReactionContent, string> = {
  '+1': THUMB,
  '-1': THUMB,
  laugh: `${FACE}M4.6 9.2h6.8c-.3 4.2-6.5 4.2-6.8 0z`,
  confused: `${FACE}M5.2 11.4c1.6-1.4 3.5-1.9 5.6-1.6`,
  heart:
    'M8 13.8C3.4 10.6 1.6 8.3 1.6 5.8c0-3.6 4.7-4.6 6.4-1.3c1.7-3.3 6.4-2.3 6.4 1.3c0 2.5-1.8 4.8-6.4 8z',
  hooray: 'M2 14l3.2-8.6l5.4 5.4zM9 5.4c1.6-.6 1.8-1.8 1.4-3.4M11 8.4c1-1 2-1.2 3.2-.6M12 4.6l1.6-1.4',
  rocket:
    'M5.6 8.2C6.6 4.6 9.4 2 14 2c0 4.6-2.6 7.4-6.2 8.4zM10 5.9v.2M6 7.2L2.8 7.6L1.6 9.8l4 -1.6M8.8 10l-.4 3.2l-2.2 1.2l1.6-4M4.2 11.8L1.8 14.2',
  eyes: 'M7 8c0 2.6-1.2 4.6-2.8 4.6S1.4 10.6 1.4 8s1.2-4.6 2.8-4.6S7 5.4 7 8zM14.6 8c0 2.6-1.2 4.6-2.8 4.6S9 10.6 9 8s1.2-4.6 2.8-4.6s2.8 2 2.8 4.6zM5.4 7.6v1.4M13 7.6v1.4',
};

function drawing(content: ReactionContent): Html {
  const turned = content === '-1' ? html` transform="rotate(180 8 8)"` : '';
  return html`<svg width="16" height="16" viewBox="0 0 16 16" role="img" aria-label="${content}"><path d="${OUTLINES[content]}"${turned}/></svg>`;
}

/** Who reacted and how; nothing where nobody did. */
export function reactionRow(reactions: readonly Reaction[]): Html | null {
  if (reactions.length === 0) return null;
  const shown = REACTIONS.map((content) => ({
    content,
    users: reactions.filter((one) => one.content === content).map((one) => one.user.login),
  })).filter(({ users }) => users.length > 0);
  return html`<p class="reactions">${shown.map(
    ({ content, users }) =>
      html`<span title="${content}: ${users.join(', ')}">${drawing(content)} ${users.length}</span>`,
  )}</p>`;
}
