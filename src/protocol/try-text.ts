/** What became of a `/try`, as a paragraph of the PR's comment. */
import type { Build } from '../core/lane/queue-state.ts';
import { escapeSentence, inlineCode, renderLink } from './escape.ts';
import { shorten } from './shorten.ts';

const short = (sha: string): string => inlineCode(sha.slice(0, 12));

function outcomeOf({ state, reason }: Build): string {
  const why = reason === null ? '' : `: ${escapeSentence(shorten(reason, 500))}`;
  switch (state) {
    case 'preparing':
      return 'is being put together';
    case 'testing':
      return 'is being tested';
    case 'passed':
      return '**passed**';
    case 'failed':
      return `**failed**${why}`;
    case 'interrupted':
      return `ended without a verdict${why}`;
    case 'abandoned':
      return `was given up${why}`;
    // Tries do not land; the states are those of every candidate.
    case 'landing':
    case 'landed':
      return 'is landing';
    default:
      return state satisfies never;
  }
}

/** Null when nobody has asked for a try of the present head. */
export function renderTry(build: Build | null): string | null {
  if (build === null) return null;
  const others = build.entries.slice(0, -1).map(({ pull }) => `#${pull}`);
  const company = others.length === 0 ? '' : ` with ${others.join(', ')}`;
  const of = build.sha === null ? '' : ` (${short(build.sha)})`;
  const checks = build.checks.map(({ name, conclusion, url }) => `${renderLink(name, url)} ${conclusion}`);
  const told = checks.length === 0 ? '' : ` Checks: ${checks.slice(0, 20).join(', ')}.`;
  return `**Try**${of}: this commit on the base branch at ${short(build.baseSha)}${company} ${outcomeOf(build)}.${told}`;
}
