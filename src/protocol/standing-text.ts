/** Where a task stands, in pieces of Markdown: the comments on the issue and on the PR are put together from these. */
import type { DependencyGraph } from '../core/lane/dependency-graph.ts';
import type { PlanRow, QueueRow, Wait } from '../core/lane/view.ts';
import { escapeSentence, inlineCode, renderLink } from './escape.ts';
import { renderMinute } from './minute.ts';
import { shorten } from './shorten.ts';
import { linesWithin, takeWithin } from './take-within.ts';

/** What both comments say besides the task itself. */
export interface CommentExtra {
  /** Identifies the lane in the hidden marker. */
  lane: string;
  graph: DependencyGraph;
  collisions: readonly { with: number; paths: readonly string[] }[];
  policyProblem: string | null;
  /** Oldest first; `text` as describeFact makes it. The last five are shown. */
  recent: readonly { at: string; text: string }[];
  correlationId: string;
  /** How many hidden pieces of text were taken out of the issue. */
  hidden: number;
  publicUrl: string | null;
}

const longestReason = 300;

/** The state in a few words. */
export function headline(row: PlanRow, queue: QueueRow | null = null): string {
  const agent = row.agent === null ? 'an agent' : inlineCode(row.agent);
  switch (row.state) {
    case 'waiting':
      return 'Waiting to start';
    case 'assigned':
      return `Given to ${agent}`;
    case 'working':
      return `${row.agent === null ? 'An agent' : agent} is working on it`;
    case 'in-review':
      return 'In review';
    case 'approved':
      return approvedHeadline(row, queue);
    case 'completed':
      return row.landedAs === null ? 'Completed' : `Landed as ${inlineCode(row.landedAs.slice(0, 12))}`;
    case 'escalated':
      return 'Stopped until a person decides';
    case 'failed':
      return `Failed after ${count(row.attempts, 'attempt')}`;
    case 'cancelled':
      return 'Cancelled';
    default:
      return row.state satisfies never;
  }
}

function approvedHeadline(row: PlanRow, queue: QueueRow | null): string {
  if (row.status === 'landing') return 'Approved, and landing';
  if (row.status === 'testing')
    return `Approved, and being tested${queue?.build ? ` in candidate ${queue.build}` : ''}`;
  if (row.status === 'queued')
    return `Approved, and in the queue${queue ? ` at position ${queue.position}` : ''}`;
  return 'Approved, and not in the queue yet';
}

/** The thing that only a person can do, if there is one. It is said once, so the list of waits leaves it out. */
export function waitForPerson(waits: readonly Wait[]): Wait | null {
  return (
    waits.find((wait) => wait.kind === 'human') ?? waits.find((wait) => wait.kind === 'approval') ?? null
  );
}

/** What a person is to do, why, and what to type. Null while nobody needs to do anything. */
export function renderPersonNeeded(row: PlanRow): string | null {
  const wait = waitForPerson(row.waitsOn);
  if (wait === null) return null;
  return [
    '> [!IMPORTANT]',
    `> **A person is needed:** ${personsTask(row, wait)}`,
    `> **Why:** ${renderReason(wait)} (since ${renderMinute(wait.since)}).`,
    `> **What to do:** ${renderAction(wait.command ?? newAttempt, row.pull)}${otherWay(row, wait)}.`,
  ].join('\n');
}

const newAttempt = '/resume <guidance>';

/** A stopped task can be accepted as it is, or started anew. */
function otherWay(row: PlanRow, wait: Wait): string {
  return row.state === 'escalated' && wait.command === '/approve'
    ? `; or, for a new attempt, ${renderAction(newAttempt, row.pull)}`
    : '';
}

function renderReason(wait: Wait): string {
  return escapeSentence(shorten(wait.what.replace(/\.\s*$/u, ''), longestReason));
}

/** A check that failed or findings of the arbiter; what is only being waited for has no command. */
function standsAgainst({ kind, command }: Wait): boolean {
  return (kind === 'arbiter' || kind === 'checks') && command !== null;
}

function personsTask(row: PlanRow, wait: Wait): string {
  if (wait.kind === 'approval' && row.state === 'waiting')
    return 'read the plan and accept it, or say what is wrong with it.';
  if (wait.kind === 'approval' && row.waitsOn.some(standsAgainst))
    return 'look at the changes and at what stands against them: approved as they are, they do not land.';
  if (wait.kind === 'approval') return 'look at the changes and approve them, or push what is missing.';
  if (row.state === 'escalated') return 'decide how this goes on.';
  if (row.state === 'failed') return 'decide whether to try again.';
  return 'do what is said here.';
}

/** What a person types or does, as a clause: `/approve` is typed, `git push` is run, the rest is a sentence already. */
export function renderAction(command: string, pull: number | null): string {
  if (command === '/approve' && pull !== null) return `type ${inlineCode(command)} in a comment on #${pull}`;
  if (command.startsWith('/')) return `type ${inlineCode(command)} in a comment`;
  if (/^(?:git|signalbox) /u.test(command)) return `run ${inlineCode(command)}`;
  return escapeSentence(command);
}

/** Everything else the task waits on, one line each: what, since when, and what would change it. */
export function renderWaits(waits: readonly Wait[], pull: number | null): string | null {
  const person = waitForPerson(waits);
  const others = waits.filter((wait) => wait !== person);
  if (others.length === 0) return null;
  return [
    '**Waits on**',
    '',
    ...linesWithin(
      others.map((wait) => renderWait(wait, pull)),
      20_000,
    ),
  ].join('\n');
}

/** Why nobody needs to do anything about a wait, where no command would change it. */
const whyNothing: Partial<Record<Wait['kind'], string>> = {
  grace: 'the time passes by itself',
  announcement: 'Signalbox does that at this moment',
  branch: 'Signalbox does that at this moment',
  build: 'CI is at it, and what comes of it decides',
  checks: 'CI reports by itself',
  arbiter: 'the answer comes by itself',
  queue: 'what is ahead lands or leaves first',
  overlap: 'it starts when those files are free',
};

/**
 * One line: what is waited for, since when, what happens by itself, and what would change it. A lease moves with every
 * sign of life: only an answer, which is written once, tells when it ends.
 */
export function renderWait(wait: Wait, pull: number | null, where: 'comment' | 'answer' = 'comment'): string {
  const isMoving = wait.kind === 'work' && where === 'comment';
  const next =
    wait.next === undefined || isMoving
      ? ''
      : ` Without news, the next step comes by itself at ${renderMinute(wait.next)}.`;
  const action =
    wait.command !== null
      ? ` To change that, ${renderAction(wait.command, pull)}.`
      : where === 'answer'
        ? ` Nothing needs to be typed: ${whyNothing[wait.kind] ?? 'it goes on by itself'}.`
        : '';
  return `- ${renderReason(wait)}, since ${renderMinute(wait.since)}.${next}${action}`;
}

/** The plan's facts about the task, as a table. Of a PR that no task owns there are few. */
export function renderPlanFacts(row: PlanRow): string {
  const worker = row.worker === null ? '' : ` (worker ${inlineCode(row.worker)})`;
  const needs = [...row.dependsOn.map((issue) => `#${issue}`), ...row.dependsElsewhere];
  const common: [string, string][] = [
    ['Depends on', needs.length === 0 ? 'nothing' : takeWithin(needs, 500).shown.join(', ')],
    ...(row.priority === 'normal' ? [] : [['Priority', row.priority] as [string, string]]),
  ];
  const rows: [string, string][] =
    row.pull === row.issue
      ? [['Task', 'none: this pull request owns no files and has no agent'], ...common]
      : [
          ['Branch', row.branch === null ? 'not opened yet' : inlineCode(row.branch)],
          ['Pull request', row.pull === null ? 'not opened yet' : `#${row.pull}`],
          ['Owns', `${renderOwns(row.owns)}${renderProtected(row.protectedPaths)}`],
          ...common,
          ['Agent', row.agent === null ? 'none yet' : `${inlineCode(row.agent)}${worker}`],
          ['Version', String(row.version)],
          ['Attempts', String(row.attempts)],
        ];
  return ['| Plan | |', '|---|---|', ...rows.map(([name, value]) => `| ${name} | ${value} |`)].join('\n');
}

/** Path patterns as code; `**` in words. */
export function renderOwns(owns: readonly string[]): string {
  if (owns.includes('**')) return 'the whole repository';
  const { shown, rest } = takeWithin(owns.map(inlineCode), 3_000);
  return `${shown.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

function renderProtected(paths: readonly string[]): string {
  return paths.length === 0 ? '' : `. **Protected, a person must approve:** ${renderOwns(paths)}`;
}

/** Tasks that want the same files, and what follows from it. */
export function renderCollisions(collisions: CommentExtra['collisions']): string | null {
  if (collisions.length === 0) return null;
  const lines = collisions.map(
    (one) =>
      `Touches the same files as #${one.with} (${renderOwns(one.paths)}): they run one after the other.`,
  );
  return linesWithin(lines, 6_000).join('\n');
}

/** What people should know about the repository's policy and the issue's text. */
export function renderRemarks(extra: CommentExtra): string | null {
  const remarks: string[] = [];
  if (extra.policyProblem !== null)
    remarks.push(
      `${inlineCode('.github/signalbox.yml')} was not accepted (${escapeSentence(shorten(extra.policyProblem, longestReason))}). The last good policy stays in force.`,
    );
  if (extra.hidden > 0)
    remarks.push(
      `${count(extra.hidden, 'hidden piece')} of text in the issue (comments or invisible characters) ${extra.hidden === 1 ? 'is' : 'are'} not given to the agent.`,
    );
  return remarks.length === 0 ? null : remarks.join('\n\n');
}

/** The last events, folded, and the footer. */
export function renderEnd(extra: CommentExtra): string {
  const parts: string[] = [];
  const events = extra.recent
    .slice(-5)
    .map(({ at, text }) => `- ${renderMinute(at)}: ${escapeSentence(shorten(text, longestReason))}`);
  if (events.length > 0)
    parts.push(['<details><summary>Last events</summary>', '', ...events, '', '</details>'].join('\n'));
  const dashboard = extra.publicUrl === null ? '' : ` · ${renderLink('dashboard', extra.publicUrl)}`;
  parts.push(`<sub>Correlation id ${inlineCode(extra.correlationId)}${dashboard}</sub>`);
  return parts.join('\n\n');
}

/** A number with its noun. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** What went before, where the state alone does not tell it. */
function renderBefore({ state, reason, issue, pull }: PlanRow): string[] {
  if (reason === null) return [];
  const words = escapeSentence(shorten(reason.replace(/\.\s*$/u, ''), longestReason));
  const again =
    pull === issue ? 'type `/approve` in a comment' : 'remove the label `agent-ready` and set it again';
  if (state === 'cancelled') return [`Why: ${words}. To start anew, ${again}.`];
  return state === 'waiting' || state === 'in-review' ? [`Before that: ${words}.`] : [];
}

/** The state and since when, as the comments' first lines. */
export function renderHeading(row: PlanRow, queue: QueueRow | null = null): string {
  const since = `Since ${renderMinute(row.since)}.`;
  return [`### ${headline(row, queue)}`, '', [since, ...renderBefore(row)].join(' ')].join('\n');
}
