/**
 * What a slash command leads to: its permission first, then whether it can be done as things stand. Permissions
 * come from GitHub's collaborator API at the moment of execution, never from `author_association`.
 */
import type { CommandOutcome, FactBody } from '../lane/facts.ts';
import type { Observation, Permission, SeenCommand } from '../lane/observation.ts';
import type { LaneState, Task } from '../lane/state.ts';
import { mayBeLanding } from '../queue/may-be-landing.ts';
import { allows } from '../task/lifecycle.ts';
import { approvalRefusal } from './approving.ts';
import { isVerdictFor, openFindings } from './arbiter.ts';
import { isSameLogin } from './fold-gate.ts';

type CommandSeen = Extract<Observation, { kind: 'command' }>;

const rank: Record<Permission, number> = { none: 0, read: 1, triage: 2, write: 3, maintain: 4, admin: 5 };

function neededFor(command: SeenCommand): 'read' | 'write' | 'maintain' {
  switch (command.name) {
    case 'approve':
    case 'unapprove':
    case 'escalate':
      return 'write';
    case 'override':
      return 'maintain';
    case 'status':
    case 'help':
    case 'unknown':
    case 'too-many':
      return 'read';
    case 'not-yet':
      return command.needs;
    default:
      return command satisfies never;
  }
}

/** The task that a comment speaks about: by its issue's number or by its PR's. */
export function taskUnder(state: LaneState, number: number): Task | undefined {
  return state.tasks[number] ?? Object.values(state.tasks).find((task) => task.pull?.number === number);
}

type Answer = { outcome: CommandOutcome; detail: string; facts: FactBody[] };

function refuse(detail: string): Answer {
  return { outcome: 'refused', detail, facts: [] };
}

function approve(state: LaneState, task: Task, { by, owns }: CommandSeen, sha: string | null): Answer {
  const { pull } = task;
  if (!pull?.open) return refuse('there is no open pull request to approve yet');
  if (sha !== null && !pull.headSha.startsWith(sha.toLowerCase())) {
    return refuse(`the head commit is now ${pull.headSha.slice(0, 12)}: look at it, then approve again`);
  }
  const problem = approvalRefusal(state, task, by);
  if (problem) return refuse(problem);
  return {
    outcome: 'done',
    detail: pull.headSha,
    facts: [
      {
        kind: 'approved',
        issue: task.issue,
        headSha: pull.headSha,
        version: task.version,
        policyHash: state.policyHash,
        by,
        ...(owns === undefined ? {} : { owns }),
      },
    ],
  };
}

function unapprove(state: LaneState, task: Task, by: string): Answer {
  const mine = task.approvals.find((approval) => isSameLogin(approval.by, by));
  if (!mine) return refuse('you have not approved this commit, or your approval has ended already');
  if (mayBeLanding(state, task.issue)) return refuse('it is landing at this moment');
  const reason = `${by} took the approval back`;
  return { outcome: 'done', detail: '', facts: [{ kind: 'approval-voided', issue: task.issue, reason, by }] };
}

/** Accepts what one rule has found, at this head and this version: another commit is judged afresh. */
function override(state: LaneState, task: Task, by: string, rule: string, why: string): Answer {
  const verdict = task.pull?.verdict ?? null;
  if (!task.pull?.open || !isVerdictFor(verdict, task, state.policyHash))
    return refuse('the arbiter has not judged the present commit yet: try again in a moment');
  const open = [...new Set(openFindings(verdict, task).map((finding) => finding.rule))];
  if (!open.includes(rule)) {
    const known =
      open.length === 0 ? 'no rule stands against this commit' : `what stands against it: ${open.join(', ')}`;
    return refuse(`the rule ${rule} does not stand against this commit; ${known}`);
  }
  const override = { rule, why: why.slice(0, 500), by, headSha: verdict.headSha, version: task.version };
  return { outcome: 'done', detail: rule, facts: [{ kind: 'rule-overridden', issue: task.issue, override }] };
}

function escalate(state: LaneState, task: Task, by: string, why: string): Answer {
  if (why === '') return refuse('say why after the command: `/escalate <why>`');
  if (!allows(task.state, 'escalated')) return refuse(`the task is ${task.state}`);
  if (mayBeLanding(state, task.issue)) return refuse('it is landing at this moment');
  const escalation = { trigger: 'asked-by-a-person', context: why, by };
  return { outcome: 'done', detail: '', facts: [{ kind: 'escalated', issue: task.issue, escalation }] };
}

function answer(state: LaneState, task: Task | undefined, seen: CommandSeen): Answer {
  const { command, by } = seen;
  switch (command.name) {
    case 'help':
      return { outcome: 'done', detail: '', facts: [] };
    case 'unknown':
      return { outcome: 'unknown', detail: command.suggestion ?? '', facts: [] };
    case 'not-yet':
      return { outcome: 'not-yet', detail: '', facts: [] };
    case 'too-many':
      return refuse(String(command.count));
    case 'status':
    case 'approve':
    case 'unapprove':
    case 'override':
    case 'escalate':
      if (!task)
        return refuse(
          'this is not a task of Signalbox: set the label `agent-ready` on an issue to make it one',
        );
      if (command.name === 'approve') return approve(state, task, seen, command.sha);
      if (command.name === 'unapprove') return unapprove(state, task, by);
      if (command.name === 'override') return override(state, task, by, command.rule, command.why);
      if (command.name === 'escalate') return escalate(state, task, by, command.why);
      return { outcome: 'done', detail: '', facts: [] };
    default:
      return command satisfies never;
  }
}

/** The facts that a command amounts to; always ends with `command-decided`, which carries the answer. */
export function readCommand(state: LaneState, seen: CommandSeen): FactBody[] {
  const { command, by, comment, under } = seen;
  const task = taskUnder(state, under);
  const typed = command.name === 'not-yet' || command.name === 'unknown' ? command.typed : command.name;
  const allowed = rank[seen.permission] >= rank[neededFor(command)];
  const { outcome, detail, facts } = allowed
    ? answer(state, task, seen)
    : { outcome: 'denied' as const, detail: neededFor(command), facts: [] };
  const decided = {
    comment,
    index: command.index,
    under,
    issue: task?.issue ?? null,
    command: typed,
    by,
    outcome,
    detail,
  };
  return [...facts, { kind: 'command-decided', ...decided }];
}
