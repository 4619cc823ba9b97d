/** Every slash command: its shape, who may use it, and what it does. One row each; the help is made of these. */
import type { Command, CommandName, CommandRight } from '../core/commands/command.ts';
import { commandRules } from '../core/commands/rules.ts';
import { normalisePattern } from '../core/task/patterns.ts';
import { stripHidden } from './hidden-text.ts';
import { referencesIn } from './issue-references.ts';

interface CommandText {
  usage: string;
  does: string;
}

/** All commands, in the order in which the help shows them. A command without a row does not compile. */
export const commandTable: Record<CommandName, CommandText> = {
  approve: {
    usage: '/approve [sha]',
    does: 'approve this commit of any pull request; it enters the queue as soon as its gate holds',
  },
  unapprove: { usage: '/unapprove', does: 'take your approval back' },
  hold: { usage: '/hold [why]', does: 'keep the task out of the queue and start no agent' },
  unhold: { usage: '/unhold', does: 'end a hold' },
  escalate: { usage: '/escalate <why>', does: 'stop the agent and ask a person to decide' },
  resume: { usage: '/resume <guidance>', does: 'answer an escalation; a new attempt starts with it' },
  retry: { usage: '/retry', does: 'start a new attempt, or a new build' },
  cancel: { usage: '/cancel', does: 'stop the task, release its files, close its pull request' },
  'assign-agent': { usage: '/assign-agent <name>', does: 'give the task to this agent' },
  own: { usage: '/own <path>…', does: 'add owned files: a new version of the task' },
  disown: { usage: '/disown <path>…', does: 'remove owned files: a new version of the task' },
  depends: { usage: '/depends #<issue>…', does: 'add dependencies: a new version of the task' },
  independent: { usage: '/independent #<issue>…', does: 'remove dependencies: a new version of the task' },
  priority: { usage: '/priority high|normal|low', does: 'set the priority' },
  rebase: { usage: '/rebase', does: 'bring the branch up to date' },
  try: {
    usage: '/try [#<pull request>…]',
    does: 'test the pull request on the base branch, with others where they are named, and land nothing',
  },
  revert: { usage: '/revert #<pull request>', does: 'open and queue the revert of a landed pull request' },
  override: {
    usage: '/override <rule> <why>',
    does: 'accept what one rule of the arbiter found in this commit',
  },
  freeze: { usage: '/freeze <why>', does: 'let nothing land on this branch; the queue goes on testing' },
  unfreeze: { usage: '/unfreeze', does: 'let changes land again' },
  status: { usage: '/status', does: 'say where the task stands and what it waits on' },
  why: { usage: '/why', does: 'say what exactly the task waits on, since when, and what changes it' },
  help: { usage: '/help', does: 'show these commands' },
};

export const commandNames = Object.keys(commandTable) as CommandName[]; // The record's keys are exactly the names.

/** Who may use a command. */
export function rightOf(name: CommandName): CommandRight {
  return commandRules[name].needs;
}

/**
 * Reads what follows a command's name on its line; null when it does not fit the usage. A reason or guidance goes
 * on in the lines that follow. Words after a command that takes none are read as a remark, except after `/approve`:
 * there they may be a mistyped commit, and a person must say it again.
 */
export function readArguments(name: CommandName, rest: string, following: string): Command | null {
  const [first = ''] = rest.split(/\s+/u);
  const prose = stripHidden(`${rest}\n${following}`).text.trim();
  switch (name) {
    case 'approve':
      if (rest === '') return { name, sha: null };
      return /^[0-9a-f]{7,40}$/iu.test(rest) ? { name, sha: rest.toLowerCase() } : null;
    case 'hold':
      return { name, why: prose === '' ? null : prose };
    case 'escalate':
    case 'freeze':
      return prose === '' ? null : { name, why: prose };
    case 'resume':
      return prose === '' ? null : { name, guidance: prose };
    case 'assign-agent':
      return /^[a-z0-9][a-z0-9-]{0,38}$/u.test(rest) ? { name, agent: rest } : null;
    case 'own':
    case 'disown': {
      const paths = readPaths(rest);
      return paths === null ? null : { name, paths };
    }
    case 'depends':
    case 'independent': {
      const issues = referencesIn(rest);
      return issues.length === 0 ? null : { name, issues };
    }
    case 'try': {
      const named = referencesIn(rest);
      const isClear = rest === '' || (named.length > 0 && named.every(({ repo }) => repo === null));
      return isClear ? { name, pulls: named.map(({ number }) => number) } : null;
    }
    case 'revert': {
      const pull = /^#?([1-9]\d{0,8})$/u.exec(rest)?.[1];
      return pull === undefined ? null : { name, pull: Number(pull) };
    }
    case 'priority':
      return rest === 'high' || rest === 'normal' || rest === 'low' ? { name, level: rest } : null;
    case 'override': {
      const why = prose.slice(first.length).trim();
      return why === '' ? null : { name, rule: first, why };
    }
    case 'unapprove':
    case 'unhold':
    case 'retry':
    case 'cancel':
    case 'rebase':
    case 'unfreeze':
    case 'status':
    case 'why':
    case 'help':
      return { name };
    default:
      return name satisfies never;
  }
}

/**
 * Paths between spaces; one with spaces in it stands in backticks. Null when there is none. One that cannot be used
 * stays as it was typed: the command says why it is refused.
 */
function readPaths(rest: string): string[] | null {
  const paths = [...rest.matchAll(/`([^`]+)`|([^\s`]+)/gu)].map(([, quoted, plain]) => {
    const typed = quoted ?? plain ?? '';
    const reading = normalisePattern(typed);
    return reading.kind === 'ok' ? reading.pattern : typed;
  });
  return paths.length > 0 ? paths : null;
}
