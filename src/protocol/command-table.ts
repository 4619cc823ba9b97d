/** Every slash command: its shape, who may use it, and what it does. One row each; the help is made of these. */
import { normalisePattern } from '../core/task/patterns.ts';
import { stripHidden } from './hidden-text.ts';
import { type IssueReference, referencesIn } from './issue-references.ts';

/** A command as it was written, with its arguments understood. */
export type Command =
  | { kind: 'approve'; sha: string | null }
  | { kind: 'unapprove' }
  | { kind: 'hold'; why: string | null }
  | { kind: 'unhold' }
  | { kind: 'escalate'; why: string }
  | { kind: 'resume'; guidance: string }
  | { kind: 'retry' }
  | { kind: 'cancel' }
  | { kind: 'assign-agent'; agent: string }
  | { kind: 'own'; paths: string[] }
  | { kind: 'disown'; paths: string[] }
  | { kind: 'depends'; issues: IssueReference[] }
  | { kind: 'independent'; issues: IssueReference[] }
  | { kind: 'priority'; level: 'high' | 'normal' | 'low' }
  | { kind: 'rebase' }
  | { kind: 'override'; rule: string; why: string }
  | { kind: 'freeze'; why: string }
  | { kind: 'unfreeze' }
  | { kind: 'status' }
  | { kind: 'why' }
  | { kind: 'help' };

export type CommandName = Command['kind'];

/** What a command needs: `write` and `maintain` are GitHub's roles in the repository; `read` is anyone who can comment. */
export type CommandRight = 'read' | 'write' | 'maintain';

export interface CommandRow {
  usage: string;
  who: CommandRight;
  does: string;
  /** Whether this Signalbox carries it out; the others are recognised and answered with "not yet". */
  available: boolean;
}

/** All commands, in the order in which the help shows them. A command without a row does not compile. */
export const commandTable: Record<CommandName, CommandRow> = {
  approve: {
    usage: '/approve [sha]',
    who: 'write',
    does: 'approve this commit of the pull request; it enters the queue as soon as its gate holds',
    available: true,
  },
  unapprove: { usage: '/unapprove', who: 'write', does: 'take your approval back', available: true },
  hold: {
    usage: '/hold [why]',
    who: 'write',
    does: 'keep the task out of the queue and start no agent',
    available: false,
  },
  unhold: { usage: '/unhold', who: 'write', does: 'end a hold', available: false },
  escalate: {
    usage: '/escalate <why>',
    who: 'write',
    does: 'stop the agent and ask a person to decide',
    available: true,
  },
  resume: {
    usage: '/resume <guidance>',
    who: 'write',
    does: 'answer an escalation; a new attempt starts with it',
    available: false,
  },
  retry: { usage: '/retry', who: 'write', does: 'start a new attempt, or a new build', available: false },
  cancel: {
    usage: '/cancel',
    who: 'write',
    does: 'stop the task, release its files, close its pull request',
    available: false,
  },
  'assign-agent': {
    usage: '/assign-agent <name>',
    who: 'write',
    does: 'give the task to this agent',
    available: false,
  },
  own: {
    usage: '/own <path>…',
    who: 'write',
    does: 'add owned files: a new version of the task',
    available: false,
  },
  disown: {
    usage: '/disown <path>…',
    who: 'write',
    does: 'remove owned files: a new version of the task',
    available: false,
  },
  depends: {
    usage: '/depends #<issue>…',
    who: 'write',
    does: 'add dependencies: a new version of the task',
    available: false,
  },
  independent: {
    usage: '/independent #<issue>…',
    who: 'write',
    does: 'remove dependencies: a new version of the task',
    available: false,
  },
  priority: { usage: '/priority high|normal|low', who: 'write', does: 'set the priority', available: false },
  rebase: { usage: '/rebase', who: 'write', does: 'bring the branch up to date', available: false },
  override: {
    usage: '/override <rule> <why>',
    who: 'maintain',
    does: 'accept what one rule of the arbiter found in this commit',
    available: true,
  },
  freeze: {
    usage: '/freeze <why>',
    who: 'maintain',
    does: 'let nothing land on this branch',
    available: false,
  },
  unfreeze: { usage: '/unfreeze', who: 'maintain', does: 'let changes land again', available: false },
  status: {
    usage: '/status',
    who: 'read',
    does: 'say where the task stands and what it waits on',
    available: true,
  },
  why: { usage: '/why', who: 'read', does: 'say what exactly the task waits on', available: false },
  help: { usage: '/help', who: 'read', does: 'show these commands', available: true },
};

export const commandNames = Object.keys(commandTable) as CommandName[]; // The record's keys are exactly the names.

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
      if (rest === '') return { kind: name, sha: null };
      return /^[0-9a-f]{7,40}$/iu.test(rest) ? { kind: name, sha: rest.toLowerCase() } : null;
    case 'hold':
      return { kind: name, why: prose === '' ? null : prose };
    case 'escalate':
    case 'freeze':
      return prose === '' ? null : { kind: name, why: prose };
    case 'resume':
      return prose === '' ? null : { kind: name, guidance: prose };
    case 'assign-agent':
      return /^[a-z0-9][a-z0-9-]{0,38}$/u.test(rest) ? { kind: name, agent: rest } : null;
    case 'own':
    case 'disown': {
      const paths = readPaths(rest);
      return paths === null ? null : { kind: name, paths };
    }
    case 'depends':
    case 'independent': {
      const issues = referencesIn(rest);
      return issues.length === 0 ? null : { kind: name, issues };
    }
    case 'priority':
      return rest === 'high' || rest === 'normal' || rest === 'low' ? { kind: name, level: rest } : null;
    case 'override': {
      const why = prose.slice(first.length).trim();
      return why === '' ? null : { kind: name, rule: first, why };
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
      return { kind: name };
    default:
      return name satisfies never;
  }
}

/** Paths between spaces; one with spaces in it stands in backticks. Null when there is none, or one that cannot be used. */
function readPaths(rest: string): string[] | null {
  const readings = [...rest.matchAll(/`([^`]+)`|([^\s`]+)/gu)].map(([, quoted, plain]) =>
    normalisePattern(quoted ?? plain ?? ''),
  );
  const paths = readings.flatMap((reading) => (reading.kind === 'ok' ? [reading.pattern] : []));
  return paths.length > 0 && paths.length === readings.length ? paths : null;
}
