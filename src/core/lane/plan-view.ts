/** Computes what people see of a lane from one snapshot: the coordination plan, the queue, and every wait. */
import { gateIsOpen, gateOf } from '../gate/gate.ts';
import { branchName } from '../ids.ts';
import { mayBeLanding } from '../queue/may-be-landing.ts';
import { isQueued, orderEntries } from '../queue/order.ts';
import { isActive } from '../queue/plan.ts';
import { agentWait, blockers, freeAgents } from '../task/schedule.ts';
import { type Build, type LaneState, prerequisitesOf, type Snapshot, type Task } from './state.ts';
import type { LaneView, PlanRow, QueueRow, Wait } from './view.ts';

function buildOf(state: LaneState, issue: number): Build | undefined {
  return Object.values(state.builds).find(
    (build) => isActive(build) && build.entries.some((entry) => entry.issue === issue),
  );
}

function queueStatus(state: LaneState, task: Task): QueueRow['status'] {
  const build = buildOf(state, task.issue);
  if (!build) return 'queued';
  return build.state === 'passed' ? 'landing' : 'testing';
}

function waitsOfGate(state: LaneState, task: Task, at: string): Wait[] {
  const { since } = task;
  return gateOf(task, state, at).flatMap((row): Wait[] => {
    if (row.state === 'ok') return [];
    if (row.condition === 'dependency')
      return [{ kind: 'dependency', what: row.detail, since, command: null }];
    const what = row.condition === 'approval' ? row.detail : `${row.name} ${row.detail}`;
    if (row.condition === 'approval') return [{ kind: 'approval', what, since, command: '/approve' }];
    if (row.condition === 'opinion') return [{ kind: 'arbiter', what, since, command: null }];
    if (row.condition === 'checks') return [{ kind: 'checks', what, since, command: null }];
    if (row.condition === 'arbiter') return [{ kind: 'arbiter', what, since, command: null }];
    if (row.condition === 'hold')
      return [{ kind: 'hold', what, since, command: 'remove the label `agent-hold`' }];
    const todo = task.pull?.open ? 'set its base branch back' : 'reopen the pull request';
    return [{ kind: 'human', what, since, command: todo }];
  });
}

function waitsInQueue(state: LaneState, task: Task): Wait[] {
  const build = buildOf(state, task.issue);
  if (build?.state === 'passed') {
    const what = `candidate ${build.number} passed and is landing`;
    return [{ kind: 'build', what, since: build.startedAt, command: null }];
  }
  if (build)
    return [
      {
        kind: 'build',
        what: `candidate ${build.number} is being tested`,
        since: build.startedAt,
        command: null,
      },
    ];
  const ahead = orderEntries(state).findIndex((entry) => entry.issue === task.issue);
  const what =
    ahead > 0 ? `${ahead} entr${ahead === 1 ? 'y' : 'ies'} ahead in the queue` : 'its candidate is next';
  return [{ kind: 'queue', what, since: task.entry?.enteredAt ?? task.since, command: null }];
}

function waitsOfWork(task: Task): Wait[] {
  const { attempt, pull, since } = task;
  if (!attempt || attempt.openedSha === null) {
    return [{ kind: 'branch', what: 'its branch is being opened', since, command: null }];
  }
  if (!pull?.open)
    return [{ kind: 'branch', what: 'its pull request is being opened', since, command: null }];
  if (attempt.via === 'adopt') {
    const what = `somebody to push to ${attempt.branch} and mark #${pull.number} ready for review`;
    return [{ kind: 'work', what, since, command: `git push origin ${attempt.branch}` }];
  }
  if (task.state === 'assigned') {
    return [
      {
        kind: 'worker',
        what: `a worker of ${attempt.agent} to claim it`,
        since,
        command: 'signalbox worker',
      },
    ];
  }
  return [
    { kind: 'work', what: `${attempt.worker ?? attempt.agent} to finish`, since, command: '/escalate <why>' },
  ];
}

/** What a task waits on, most telling first. Empty only for a task that is completed or cancelled. */
export function waitsOf(snapshot: Snapshot, task: Task, at: string): Wait[] {
  const { state } = snapshot;
  const { since } = task;
  switch (task.state) {
    case 'waiting': {
      const waits = blockers(snapshot, task, at);
      return waits.length > 0 || freeAgents(snapshot, at).length > 0 ? waits : [agentWait(snapshot, task)];
    }
    case 'assigned':
    case 'working':
      return waitsOfWork(task);
    case 'in-review':
      return waitsOfGate(state, task, at);
    case 'approved':
      return task.entry && (gateIsOpen(task, state) || mayBeLanding(state, task.issue))
        ? waitsInQueue(state, task)
        : waitsOfGate(state, task, at);
    case 'escalated': {
      const command =
        task.pull?.open && task.claims.length > 0
          ? '/approve'
          : 'remove the label `agent-ready` and set it again';
      return [{ kind: 'human', what: task.escalation?.context ?? 'a human', since, command }];
    }
    case 'failed': {
      const command = 'remove the label `agent-ready` and set it again';
      return [{ kind: 'human', what: task.lastReason ?? 'a human', since, command }];
    }
    case 'completed':
    case 'cancelled':
      return [];
    default:
      return task.state satisfies never;
  }
}

export function planRow(snapshot: Snapshot, task: Task, at: string): PlanRow {
  const { state } = snapshot;
  return {
    issue: task.issue,
    title: task.title,
    branch: task.attempt?.branch ?? (task.pull ? branchName(task.issue, task.title) : null),
    owns: task.spec.owns,
    dependsOn: prerequisitesOf(task),
    agent: task.attempt?.agent ?? null,
    worker: task.attempt?.worker ?? null,
    state: task.state,
    status: task.entry ? queueStatus(state, task) : task.state,
    pull: task.pull?.number ?? null,
    version: task.version,
    attempts: task.attempts,
    waitsOn: waitsOf(snapshot, task, at),
    since: task.since,
    startedAt: task.startedAt,
    landedAt: task.landedAt,
    landedAs: task.landedAs,
  };
}

export function queueRows(snapshot: Snapshot): QueueRow[] {
  const { state } = snapshot;
  return orderEntries(state)
    .filter(isQueued)
    .map((task, index) => ({
      position: index + 1,
      issue: task.issue,
      title: task.title,
      pull: task.pull.number,
      headSha: task.entry.headSha,
      status: queueStatus(state, task),
      build: buildOf(state, task.issue)?.number ?? null,
      enteredAt: task.entry.enteredAt,
      waitsOn: waitsInQueue(state, task),
    }));
}

/**
 * The whole lane for people and programs.
 * @param revision the journal's length, so that a page can tell whether it is current
 */
export function viewLane(snapshot: Snapshot, revision: number, at: string): LaneView {
  const { state, presence } = snapshot;
  const tasks = Object.values(state.tasks).sort((a, b) => a.issue - b.issue);
  return {
    owner: state.owner,
    repo: state.repo,
    base: state.base,
    baseSha: state.baseSha,
    policyProblem: state.policyProblem,
    revision,
    at,
    plan: tasks.map((task) => planRow(snapshot, task, at)),
    queue: queueRows(snapshot),
    collisions: state.collisions.map(({ a, b, paths, announcedAt }) => ({ a, b, paths, announcedAt })),
    landings: state.landings.map(({ sha, tree, testedSha, testedTree, at: landedAt, entries }) => ({
      sha,
      tree,
      testedSha,
      testedTree,
      at: landedAt,
      issues: entries.map((entry) => entry.issue),
      pulls: entries.map((entry) => entry.pull),
    })),
    agents: presence.map(({ agent, worker, seenAt }) => ({
      agent,
      worker,
      seenAt,
      issue: tasks.find((task) => task.attempt?.worker === worker && task.state === 'working')?.issue ?? null,
    })),
  };
}
