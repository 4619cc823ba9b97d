/** What is said about `/revert`: the PR it opens, and the answer to whoever typed it. */
import type { Dependant, LandedPull } from '../core/queue/reverting.ts';
import { escapeLine, escapePlain, escapeSentence, inlineCode } from './escape.ts';
import { shorten } from './shorten.ts';
import { linesWithin, takeWithin } from './take-within.ts';

/** The commit's first line and the PR's title. */
export function renderRevertTitle({ title, pull }: Pick<LandedPull, 'title' | 'pull'>): string {
  return shorten(`Revert "${escapePlain(shorten(title, 150))}" (#${pull})`, 240);
}

export function revertMessage(landed: LandedPull): string {
  return `${renderRevertTitle(landed)}\n\nThis takes back ${landed.after}.`;
}

function renderDependant({ pull, depends, paths }: Dependant): string {
  const shown = takeWithin(paths.map(inlineCode), 400).shown.join(', ');
  const why = [...(depends ? ['depends on it'] : []), ...(paths.length > 0 ? [`also changes ${shown}`] : [])];
  return `- #${pull} ${why.join(', and ')}`;
}

function renderDependants(dependants: readonly Dependant[]): string | null {
  if (dependants.length === 0) return null;
  const lines = linesWithin(dependants.map(renderDependant), 8_000);
  return [
    '**Landed since, and may rest on it.** Look whether they still work without it:',
    '',
    ...lines,
  ].join('\n');
}

/** The body of the PR that takes a landing back. */
export function renderRevertBody(of: { landed: LandedPull; by: string }): string {
  const { landed, by } = of;
  return [
    `Takes back what #${landed.pull} changed (${landed.after}). Asked for by ${inlineCode(escapeLine(by))} with \`/revert #${landed.pull}\`.`,
    renderDependants(landed.dependants),
  ]
    .filter((part) => part !== null)
    .join('\n\n');
}

/** The PR is there. `refusal`: why the word of whoever asked is no approval. */
export function renderRevertOpened(of: {
  reverts: number;
  pull: number;
  dependants: readonly Dependant[];
  refusal: string | null;
}): string {
  const next =
    of.refusal === null
      ? 'It is approved by your word, and lands when its gate holds.'
      : `It still needs an approval: ${escapeSentence(of.refusal)}. **What to do:** somebody types \`/approve\` in a comment on #${of.pull}.`;
  return [`### #${of.pull} takes back #${of.reverts}`, next, renderDependants(of.dependants)]
    .filter((part) => part !== null)
    .join('\n\n');
}

/** It could not be made; nothing of it is left. */
export function renderRevertFailed(of: { reverts: number; why: string }): string {
  return [
    `### #${of.reverts} could not be taken back`,
    `${escapeSentence(shorten(of.why.replace(/\.\s*$/u, ''), 1_000))}. Nothing was changed.`,
  ].join('\n\n');
}
