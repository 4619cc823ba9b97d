/**
 * What a slash command leads to: its permission first, then whether it can be done as things stand. Permissions
 * come from GitHub's collaborator API at the moment of execution, never from `author_association`.
 */
import type { CommandOutcome, FactBody } from '../lane/facts.ts';
import type { Observation, Permission, SeenCommand } from '../lane/observation.ts';
import type { LaneState, Task } from '../lane/state.ts';
import { mayBeLanding } from '../queue/may-be-landing.ts';
import { allows } from '../task/lifecycle.ts';
import { ownsItsFiles } from '../task/ownership.ts';

type CommandSeen = Extract<Observation, { kind: 'command' }>;

const rank: Record<Permission, number> = { none: 0, read: 1, triage: 2, write: 3, maintain: 4, admin: 5 };

function neededFor(command: SeenCommand): 'read' | 'write' | 'maintain' {
  switch (command.name) {
    case 'approve':
    case 'escalate':
      return 'write';
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

/** Why this person's approval would not count, or null. */
function approverProblem(state: LaneState, task: Task, by: string): string | null {
  if (!state.policy.gate.labeller_may_approve && by === task.requestedBy) {
    return 'the policy asks for an approval by someone else than the person who requested the task';
  }
  return null;
}

function approve(state: LaneState, task: Task, by: string, sha: string | null): Answer {
  const { pull, attempt } = task;
  if (!pull?.open) return refuse('there is no open pull request to approve yet');
  if (sha !== null && !pull.headSha.startsWith(sha.toLowerCase())) {
    return refuse(`the head commit is now ${pull.headSha.slice(0, 12)}: look at it, then approve again`);
  }
  if (attempt?.openedSha === pull.headSha) return refuse('the branch has no changes yet');
  if (attempt?.via === 'pull' && (task.state === 'assigned' || task.state === 'working')) {
    return refuse('the agent is still working: approve when the pull request is ready for review');
  }
  if (!allows(task.state, 'approved')) return refuse(`the task is ${task.state}`);
  // An escalated task that was waiting before owns nothing: meanwhile another task may have its paths (I3).
  if (!ownsItsFiles(state, task)) {
    return refuse(
      'the task does not own its files at present: remove the label `agent-ready` and set it again',
    );
  }
  const problem = approverProblem(state, task, by);
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
      },
    ],
  };
}

function escalate(state: LaneState, task: Task, by: string, why: string): Answer {
  if (why === '') return refuse('say why after the command: `/escalate <why>`');
  if (!allows(task.state, 'escalated')) return refuse(`the task is ${task.state}`);
  if (mayBeLanding(state, task.issue)) return refuse('it is landing at this moment');
  const escalation = { trigger: 'asked-by-a-person', context: why, by };
  return { outcome: 'done', detail: '', facts: [{ kind: 'escalated', issue: task.issue, escalation }] };
}

function answer(state: LaneState, task: Task | undefined, { command, by }: CommandSeen): Answer {
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
    case 'escalate':
      if (!task)
        return refuse(
          'this is not a task of Signalbox: set the label `agent-ready` on an issue to make it one',
        );
      if (command.name === 'approve') return approve(state, task, by, command.sha);
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
