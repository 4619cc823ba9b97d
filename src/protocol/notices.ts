/** New comments, the only ones that notify people: a person must act, or an entry was ejected. */
import type { EjectionCode } from '../core/lane/facts.ts';
import { ejectionWords } from './check-texts.ts';
import { escapeLine, escapeSentence, escapeText, inlineCode } from './escape.ts';
import { shorten } from './shorten.ts';

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

/** An agent needs files that its task does not own; it goes on meanwhile. */
export function renderPathsNotice(of: {
  paths: readonly string[];
  why: string;
  by: string;
  mention: readonly string[];
}): string {
  const why = of.why.trim() === '' ? null : `**Why:**\n${quoteLines(shorten(of.why, 500))}`;
  return [
    '### The agent asks for more files',
    renderMentions(of.mention),
    `${inlineCode(of.by)} needs ${of.paths.map(inlineCode).join(', ')}, which the task does not own.`,
    why,
    `**What to type:** ${inlineCode(`/own ${of.paths.join(' ')}`)} gives the task these files. Without it, changes there fail \`signalbox/arbiter\`.`,
  ]
    .filter((part) => part !== null)
    .join('\n\n');
}

/** The changes have landed in other commits than the PR's own, whose branch is not Signalbox's to move. */
export function renderLandedRewritten(of: { sha: string; base: string }): string {
  return [
    `### Landed as ${of.sha}`,
    `These changes are on ${inlineCode(of.base)} now, in a commit of their own. GitHub shows a pull request as merged only when its own commits land, so this one is closed.`,
  ].join('\n\n');
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
