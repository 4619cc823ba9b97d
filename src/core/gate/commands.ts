/**
 * What a slash command leads to: its permission first, then its own rule (`core/commands`). Permissions come from
 * GitHub's collaborator API at the moment of execution, never from `author_association`.
 */
import {
  type Answer,
  type Command,
  type CommandName,
  type CommandRight,
  type CommandRule,
  refuse,
  type Typed,
} from '../commands/command.ts';
import { answersLeft, isCounted, mostAnswersAnHour } from '../commands/limit.ts';
import { commandRules } from '../commands/rules.ts';
import { isEnlisted } from '../lane/enlisted.ts';
import type { FactBody } from '../lane/facts.ts';
import { enlistPull } from '../lane/fold-task.ts';
import type { Observation, Permission, SeenCommand } from '../lane/observation.ts';
import type { LaneState, Task } from '../lane/state.ts';
import { allows } from '../task/lifecycle.ts';

type CommandSeen = Extract<Observation, { kind: 'command' }>;
type Enlisted = Extract<FactBody, { kind: 'pull-enlisted' }>;

const rank: Record<Permission, number> = { none: 0, read: 1, triage: 2, write: 3, maintain: 4, admin: 5 };

const noTask =
  'this is not a task of Signalbox: set the label `agent-ready` on an issue to make it one, or type `/approve` on a pull request to bring it to the queue';
const noIssue = 'no task owns this pull request: there is no agent, no issue and no owned files to speak of';

/** The task that a comment speaks about: by its issue's number or by its PR's. */
export function taskUnder(state: LaneState, number: number): Task | undefined {
  return state.tasks[number] ?? Object.values(state.tasks).find((task) => task.pull?.number === number);
}

function isCommand(command: SeenCommand): command is Command & { index: number } {
  return command.name !== 'unknown' && command.name !== 'too-many';
}

function neededFor(command: SeenCommand): CommandRight {
  return isCommand(command) ? commandRules[command.name].needs : 'read';
}

function run<Name extends CommandName>(
  rule: CommandRule<Name>,
  { state, task }: { state: LaneState; task: Task | undefined },
  typed: Typed<Name>,
): Answer {
  if (rule.on === 'lane') return rule.run(state, typed);
  if (!task) return refuse(noTask);
  return rule.on === 'task' && isEnlisted(task) ? refuse(noIssue) : rule.run(state, task, typed);
}

/** How a PR that no task owns comes to Signalbox; null where there is a task, or no such PR to be had. */
function enlist(task: Task | undefined, { offered, by }: CommandSeen): Enlisted | null {
  if (!offered || !allows(task?.state ?? 'absent', 'pull-enlisted')) return null;
  if (task && !isEnlisted(task)) return null;
  const { number: issue, ...rest } = offered;
  return { kind: 'pull-enlisted', issue, offered: rest, by };
}

function answer(state: LaneState, task: Task | undefined, seen: CommandSeen): Answer {
  const { command, comment, by, under, writtenAt, owns = [], named = [], landed = null } = seen;
  if (command.name === 'unknown') return { outcome: 'unknown', detail: command.suggestion ?? '', facts: [] };
  if (command.name === 'too-many') return refuse(String(command.count));
  // The table pairs each name with its own rule; that the two agree is beyond what a union can say.
  const rule = commandRules[command.name] as CommandRule<CommandName>;
  const { index } = command;
  const typed = { command, comment, index, by, under, writtenAt, owns, named, landed };
  const enlisted = rule.on === 'any-pull' ? enlist(task, seen) : null;
  if (enlisted === null) return run(rule, { state, task }, typed);
  const next = enlistPull(task, { ...enlisted, at: new Date(writtenAt).toISOString() });
  const withPull = { ...state, tasks: { ...state.tasks, [next.issue]: next } };
  const given = run(rule, { state: withPull, task: next }, typed);
  // What is refused leaves no trace: the PR is brought here together with what is done about it.
  return given.outcome === 'done' ? { ...given, facts: [enlisted, ...given.facts] } : given;
}

/** Without an answer to who somebody is, nobody may do anything (S12). */
function judge(state: LaneState, task: Task | undefined, seen: CommandSeen): Answer {
  if (seen.permission === 'unknown')
    return refuse('GitHub did not say what you may do here: type it again in a few minutes');
  const needs = neededFor(seen.command);
  if (rank[seen.permission] < rank[needs]) return { outcome: 'denied', detail: needs, facts: [] };
  return answer(state, task, seen);
}

/** Takes back what was said too often; what was done stays done. */
function limit(state: LaneState, { by, writtenAt }: CommandSeen, typed: string, given: Answer): Answer {
  if (!isCounted({ ...given, command: typed })) return given;
  const left = answersLeft(state.asked, by, writtenAt);
  if (left === 'enough') return given;
  return { outcome: 'limited', detail: left === 'some' ? String(mostAnswersAnHour) : '', facts: [] };
}

/** The facts that a command amounts to; always ends with `command-decided`, which carries the answer. */
export function readCommand(state: LaneState, seen: CommandSeen): FactBody[] {
  const { command, by, comment, under } = seen;
  const task = taskUnder(state, under);
  const typed = command.name === 'unknown' ? command.typed : command.name;
  const { outcome, detail, facts } = limit(state, seen, typed, judge(state, task, seen));
  const enlisted = facts.find((fact) => fact.kind === 'pull-enlisted');
  const issue = task?.issue ?? enlisted?.issue ?? null;
  const about = { comment, index: command.index, under, issue };
  return [...facts, { kind: 'command-decided', ...about, command: typed, by, outcome, detail }];
}
