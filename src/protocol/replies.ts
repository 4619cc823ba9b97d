/** Answers to slash commands. Each says what happened and exactly what to type. */
import type { CommandRight } from '../core/commands/command.ts';
import type { PlanRow, QueueRow } from '../core/lane/view.ts';
import { commandNames, commandTable, rightOf } from './command-table.ts';
import type { UnknownCommand } from './commands.ts';
import { escapeSentence, inlineCode } from './escape.ts';
import { shorten } from './shorten.ts';
import {
  headline,
  renderHeading,
  renderPersonNeeded,
  renderPlanFacts,
  renderWait,
  renderWaits,
} from './standing-text.ts';
import { linesWithin } from './take-within.ts';

const rightWords: Record<CommandRight, string> = {
  read: 'everybody',
  write: 'people with write access',
  maintain: 'maintainers and administrators',
};

/** The table of commands. */
export function renderHelp(): string {
  const rows = commandNames.map((name) => {
    const { usage, does } = commandTable[name];
    return `| ${inlineCode(usage)} | ${rightWords[rightOf(name)]} | ${does} |`;
  });
  return [
    'Write a command at the start of a line of a new comment, on the issue or on its pull request. Edited comments are not read.',
    ['| Command | Who | What it does |', '|---|---|---|', ...rows].join('\n'),
    'The label `agent-ready` gives an issue to an agent; removing it cancels the task. `agent-hold` keeps a task from starting and landing.',
  ].join('\n\n');
}

/** Where the task stands: the same words as in the comment that is edited in place. */
export function renderStatusReply(row: PlanRow, queue: QueueRow | null = null): string {
  return [
    renderHeading(row, queue),
    renderPersonNeeded(row),
    renderWaits(row.waitsOn, row.pull),
    renderPlanFacts(row),
  ]
    .filter((part) => part !== null)
    .join('\n\n');
}

/** What exactly the task waits on. */
export function renderWhyReply(row: PlanRow): string {
  if (row.waitsOn.length === 0) return `#${row.issue} waits on nothing: ${headline(row)}.`;
  const lines = row.waitsOn.map((wait) => renderWait(wait, row.pull, 'answer'));
  return [`#${row.issue} waits on:`, linesWithin(lines, 20_000).join('\n')].join('\n\n');
}

/** The person may not use this command. */
export function renderDenied(of: { command: string; needs: CommandRight }): string {
  return `${typed(of.command)} is for ${rightWords[of.needs]} of this repository, so nothing was done. Please ask one of them to type it.`;
}

/** The person may, but it cannot be done as things stand; `why` also says what to do. */
export function renderRefused(of: { command: string; why: string }): string {
  return `${typed(of.command)} was not carried out: ${escapeSentence(shorten(of.why.replace(/\.\s*$/u, ''), 1_000))}.`;
}

/** A line that looks like a command and is none, or a command with arguments that do not fit. */
export function renderUnknown(unknown: UnknownCommand): string {
  const line = inlineCode(unknown.text);
  if (unknown.suggestion === null) return `I do not know ${line}. Type \`/help\` to see the commands.`;
  return `I do not understand ${line}. Did you mean ${inlineCode(unknown.suggestion)}? Type it in a new comment, or \`/help\` to see all commands.`;
}

/** A comment had more commands than are read at once. */
export function renderIgnored(ignored: number): string {
  const which = ignored === 1 ? 'The last command was' : `The last ${ignored} commands were`;
  return `${which} not read: a comment may have five. Write the rest in a new comment.`;
}

/** The person has had as many answers as anybody gets in an hour. */
export function renderLimited(most: number): string {
  return `That makes ${most} answers to you within an hour. Further commands of this kind are not answered until an hour has passed.`;
}

/** A labelled issue that cannot become a task. */
export function renderRequestRefused(why: readonly string[]): string {
  return [
    '### This issue cannot be given to an agent yet',
    linesWithin(
      why.map((reason) => `- ${escapeSentence(shorten(reason, 400))}`),
      30_000,
    ).join('\n'),
    'Put that right, then remove the label `agent-ready` and set it again.',
  ].join('\n\n');
}

function typed(command: string): string {
  return inlineCode(shorten(command.startsWith('/') ? command : `/${command}`, 80));
}
