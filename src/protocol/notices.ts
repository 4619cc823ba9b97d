/** New comments, the only ones that notify people: a person must act, an entry was ejected, or a task has landed. */
import type { EjectionCode } from '../core/lane/facts.ts';
import { ejectionWords } from './check-texts.ts';
import { escapeLine, escapeSentence, escapeText, inlineCode } from './escape.ts';
import { renderMinute } from './minute.ts';
import { shorten } from './shorten.ts';
import { renderOwns } from './standing-text.ts';

const longestContext = 4_000;

/** Stopped: what happened, in whose words, and the ways on. `mention` is whom the policy names (`@org/leads`). */
export function renderEscalationNotice(of: {
  issue: number;
  pull: number | null;
  trigger: string;
  context: string;
  by: string;
  mention: readonly string[];
}): string {
  return [
    '### A person is needed',
    renderMentions(of.mention),
    `The work on #${of.issue} has stopped until a person decides.`,
    `**Trigger:** ${escapeLine(shorten(of.trigger, 200))} (raised by ${inlineCode(of.by)})`,
    `**Context:**\n${quoteLines(shorten(of.context, longestContext))}`,
    ['**What to type**', '', ...waysOn(of.pull)].join('\n'),
  ]
    .filter((part) => part !== null)
    .join('\n\n');
}

/** All attempts are used up. */
export function renderFailureNotice(of: {
  issue: number;
  reason: string;
  mention: readonly string[];
}): string {
  return [
    '### A person is needed',
    renderMentions(of.mention),
    `The work on #${of.issue} has failed: ${escapeSentence(shorten(of.reason.replace(/\.\s*$/u, ''), 1_000))}.`,
    ['**What to do**', '', ...labelWays].join('\n'),
  ]
    .filter((part) => part !== null)
    .join('\n\n');
}

/** An entry left the queue without landing. */
export function renderEjectionNotice(of: { pull: number; code: EjectionCode; reason: string }): string {
  const { what, todo } = ejectionWords[of.code];
  return [
    `### #${of.pull} left the queue: ${what}`,
    escapeSentence(shorten(of.reason, 1_000)),
    `**What to do:** ${todo}`,
  ].join('\n\n');
}

/** A task has landed: the commit, and the proof that it is what CI tested. */
export function renderLandedNotice(of: {
  issue: number;
  pull: number;
  base: string;
  sha: string;
  tree: string;
  testedSha: string;
  testedTree: string;
  at: string;
}): string {
  const proof =
    of.tree === of.testedTree
      ? `The tree on ${inlineCode(of.base)} is the tree that CI tested: ${inlineCode(of.tree)} (candidate ${inlineCode(of.testedSha.slice(0, 12))}).`
      : `**The tree on ${inlineCode(of.base)} is not the tree that CI tested:** ${inlineCode(of.tree)} instead of ${inlineCode(of.testedTree)}. Please look at this at once.`;
  return [
    `### #${of.pull} has landed`,
    `Issue #${of.issue} is done: ${inlineCode(of.sha.slice(0, 12))} is on ${inlineCode(of.base)} since ${renderMinute(of.at)}.`,
    proof,
  ].join('\n\n');
}

/** Two tasks want the same files; said on both issues before any of their agents starts. */
export function renderCollisionNotice(of: { issue: number; with: number; paths: readonly string[] }): string {
  return `#${of.issue} and #${of.with} touch the same files (${renderOwns(of.paths)}). They run one after the other; nothing needs to be done.`;
}

const labelWays = [
  '- To try again, remove the label `agent-ready` from the issue and set it again. Edit the issue first if something was unclear.',
  '- To give up, remove the label `agent-ready` and leave it off.',
];

function waysOn(pull: number | null): string[] {
  const accept = `- To accept the branch as it is now, type \`/approve\` in a comment on #${pull}. You may push to it first.`;
  return pull === null ? labelWays : [accept, ...labelWays];
}

/** Only names that look like a user or a team; anything else in the policy is not a mention. */
function renderMentions(mention: readonly string[]): string | null {
  const names = mention.filter((name) => /^@[a-z\d][a-z\d-]{0,38}(?:\/[a-z\d][\w.-]{0,99})?$/iu.test(name));
  return names.length === 0 ? null : names.join(' ');
}

function quoteLines(text: string): string {
  return escapeText(text)
    .split('\n')
    .map((line) => `> ${line}`)
    .join('\n');
}
