/** New comments, the only ones that notify people: a person must act, or an entry was ejected. */
import type { EjectionCode } from '../core/lane/facts.ts';
import type { AfterEjection, EjectionEvidence } from '../core/task/ejection-record.ts';
import { optionLetter } from '../core/task/escalation.ts';
import { afterEjectionWords, ejectionWords } from './check-texts.ts';
import { escapeLine, escapeSentence, escapeText, inlineCode, renderLink } from './escape.ts';
import { renderMinute } from './minute.ts';
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
  /** What earlier attempts came to, one sentence each. */
  tried?: readonly string[];
  /** The ways on that whoever asks can see. */
  options?: readonly string[];
  /** Set when it is said again because nobody has answered: since when, ISO 8601. */
  unansweredSince?: string;
}): string {
  const { tried = [], options = [], unansweredSince } = of;
  return [
    unansweredSince === undefined ? '### A person is needed' : '### A person is still needed',
    renderMentions(of.mention),
    unansweredSince === undefined
      ? `The work on #${of.issue} has stopped until a person decides.`
      : `The work on #${of.issue} has been waiting for an answer since ${renderMinute(unansweredSince)}.`,
    `**Trigger:** ${escapeLine(shorten(of.trigger, 200))} (raised by ${inlineCode(of.by)})`,
    `**Context:**\n${quoteLines(shorten(of.context, longestContext))}`,
    listOf('What was tried', tried),
    listOf(
      'Options',
      options.map((option, index) => `${optionLetter(index)}: ${option}`),
    ),
    ['**What to type**', '', ...answers(options), ...waysOn(of.pull)].join('\n'),
  ]
    .filter((part) => part !== null)
    .join('\n\n');
}

/** Most of a budget is used: said once an attempt, while there is time to act. */
export function renderBudgetNotice(of: { issue: number; what: string; mention: readonly string[] }): string {
  return [
    '### A budget is nearly used up',
    renderMentions(of.mention),
    `#${of.issue}: ${escapeSentence(of.what)}. At the end of the budget the attempt is stopped and a person is asked.`,
    '**What to do:** nothing, if that is as it should be. To stop it now, type `/escalate <why>` in a comment.',
  ]
    .filter((part) => part !== null)
    .join('\n\n');
}

/** An attempt without heartbeats that is not ended, because something else shows that it goes on. */
export function renderExtensionNotice(of: { attempt: number; agent: string; evidence: string }): string {
  return [
    `### Attempt ${of.attempt} is given more time`,
    `${inlineCode(of.agent)} sends no heartbeat, but ${escapeSentence(of.evidence)}. It gets one more lease for that.`,
    '**What to do:** nothing, if the agent is well. To end the attempt now, type `/retry` in a comment.',
  ].join('\n\n');
}

/** Work of an attempt that had ended, and how to use it. */
export function renderLateWorkNotice(of: {
  attempt: number;
  late: string;
  branch: string;
  isBack: boolean;
}): string {
  const late = inlineCode(of.late);
  const branch = inlineCode(of.branch);
  const use = inlineCode(`git fetch origin && git push origin origin/${of.late}:${of.branch}`);
  return [
    '### Late work is kept',
    `Attempt ${of.attempt} had ended when its commits came, or left commits that the next attempt does not start from. Nothing of it is lost: it is on ${late}${of.isBack ? `, and ${branch} is where it was before` : ''}.`,
    `**What to do:** nothing, if you do not need it. To use it, look at it and run ${use}; to be rid of it, delete ${late}.`,
  ].join('\n\n');
}

/** Work of an attempt that had ended, and that could not become a branch. */
export function renderLateBundleNotice(of: {
  attempt: number;
  repo: string;
  issue: number;
  why: string;
}): string {
  return [
    '### Late work is kept in the ledger',
    `Attempt ${of.attempt} had ended when its work was handed in, and it could not be put on a branch${of.why ? `: ${escapeSentence(of.why)}` : ''}.`,
    `**What to do:** nothing, if you do not need it. Whoever runs Signalbox gets it as a git bundle with ${inlineCode(`signalbox bundle ${of.repo}#${of.issue}`)}.`,
  ].join('\n\n');
}

/** A change that nobody needs to approve, and how to stop it all the same. */
export function renderGraceNotice(of: { pull: number; until: string; why: string }): string {
  return [
    `### #${of.pull} enters the queue at ${renderMinute(of.until)}`,
    `The arbiter and the checks have passed, and the policy asks for no approval (${escapeSentence(of.why)}).`,
    '**What to do:** nothing, to let it land. To stop it, type `/hold` in a comment; `/escalate <why>` asks for a decision.',
  ].join('\n\n');
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

/** An entry left the queue without landing; `evidence` is what that rests on, where CI was asked. */
export function renderEjectionNotice(of: {
  pull: number;
  code: EjectionCode;
  reason: string;
  evidence?: EjectionEvidence | undefined;
  /** Absent in older journals: whoever works on the branch. */
  after?: AfterEjection | undefined;
}): string {
  const { what } = ejectionWords[of.code];
  return [
    `### #${of.pull} left the queue: ${what}`,
    escapeSentence(asSentence(shorten(of.reason, 1_000))),
    ...(of.evidence ? renderEvidence(of.evidence) : []),
    `**What to do:** ${afterEjectionWords(of.code, of.after)}`,
  ].join('\n\n');
}

/** The base cannot be merged into a task's branch. */
export function renderUpdateConflict(of: {
  pull: number;
  base: string;
  reason: string;
  evidence: EjectionEvidence;
  after: AfterEjection;
}): string {
  const todo =
    of.after === 'author'
      ? `merge ${inlineCode(of.base)} into this branch, settle the conflict and push.`
      : afterEjectionWords('conflict', of.after);
  const { paths = [] } = of.evidence;
  return [
    `### #${of.pull} cannot be brought up to date`,
    escapeSentence(asSentence(shorten(of.reason, 1_000))),
    ...(paths.length > 0
      ? [`Changed on both sides: ${paths.slice(0, mostNamed).map(inlineCode).join(', ')}.`]
      : []),
    ...renderEvidence(of.evidence),
    `**What to do:** ${todo}`,
  ].join('\n\n');
}

const mostNamed = 10;

function renderEvidence({ checks, peers, odds, attemptsLeft, others = [] }: EjectionEvidence): string[] {
  const jobs = checks.slice(0, mostNamed).map(({ name, conclusion, url }) => {
    return `- ${renderLink(name, url)}: ${escapeLine(conclusion)}`;
  });
  const tested = peers
    .slice(0, mostNamed)
    .map((pull) => `#${pull}`)
    .join(', ');
  const landed = others
    .map(({ pull }) => pull)
    .filter((pull) => !peers.includes(pull))
    .map((pull) => `#${pull}`)
    .join(', ');
  return [
    ...(jobs.length > 0 ? [['**Checks that failed:**', '', ...jobs].join('\n')] : []),
    ...(tested === '' ? [] : [`It was also tested together with ${tested}, which stay in the queue.`]),
    ...(landed === '' ? [] : [`What landed while it was made: ${landed}.`]),
    ...(odds === null ? [] : [`By all tests of this lane, it is to blame with ${percent(odds)} certainty.`]),
    `Attempts left without a new word from you: ${attemptsLeft}.`,
  ];
}

function percent(odds: number): string {
  return `${Math.min(99.9, Math.floor(odds * 1_000) / 10)} %`;
}

function listOf(title: string, lines: readonly string[]): string | null {
  if (lines.length === 0) return null;
  const items = lines.map((line) => `- ${escapeLine(shorten(line.replace(/\s+/gu, ' '), 500))}`);
  return [`**${title}**`, '', ...items].join('\n');
}

function answers(options: readonly string[]): string[] {
  const pick = `- To pick an option, type \`/resume ${optionLetter(0)}\` with its letter in a comment.`;
  const say =
    '- To say how to go on, type `/resume` and your guidance in a comment: a new attempt starts with it.';
  const afresh = '- To try again from a clean branch, type `/retry` in a comment.';
  return options.length === 0 ? [say, afresh] : [pick, say, afresh];
}

const labelWays = ['- To give up, remove the label `agent-ready` and leave it off.'];

/** Reasons are clauses, because they stand within other sentences elsewhere. */
function asSentence(clause: string): string {
  const text = clause.trim().replace(/\.$/u, '');
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function waysOn(pull: number | null): string[] {
  const accept = `- To accept the branch as it is now, type \`/approve\` in a comment on #${pull}. You may push to it first.`;
  return pull === null ? labelWays : [accept, ...labelWays];
}

/** Only names that look like a user or a team; anything else in the policy is not a mention. */
/** Whom the policy names, where those are names; null when there is nobody. */
export function renderMentions(mention: readonly string[]): string | null {
  const names = mention.filter((name) => /^@[a-z\d][a-z\d-]{0,38}(?:\/[a-z\d][\w.-]{0,99})?$/iu.test(name));
  return names.length === 0 ? null : names.join(' ');
}

function quoteLines(text: string): string {
  return escapeText(text)
    .split('\n')
    .map((line) => `> ${line}`)
    .join('\n');
}
