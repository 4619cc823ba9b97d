/** Computes what people see of a lane from one snapshot: the coordination plan, the queue, and every wait. */
import { commandRules } from '../commands/rules.ts';
import { openFindings } from '../gate/arbiter.ts';
import { type GateRow, gateIsOpen, gateOf } from '../gate/gate.ts';
import { opinionDue } from '../gate/reviewer.ts';
import { isActive } from '../queue/build-state.ts';
import { mayBeLanding } from '../queue/may-be-landing.ts';
import { isQueued, orderEntries } from '../queue/order.ts';
import { landsBetween, waitInQueue } from '../queue/queue-waits.ts';
import { closureOf } from '../queue/windows.ts';
import { agentWait, freeAgents } from '../task/agents.ts';
import { autonomyOf, graceOf } from '../task/autonomy.ts';
import { blockers } from '../task/blockers.ts';
import { escalationQueue } from '../task/escalation.ts';
import { holdWaits } from '../task/hold.ts';
import { ownsItsFiles, protectedPathsOf } from '../task/ownership.ts';
import { openPrerequisites } from '../task/prerequisites.ts';
import { priorityOf } from '../task/routing.ts';
import { suspensionWait } from '../task/suspension.ts';
import { heldFor, heldRule } from '../task/touched.ts';
import { isDoneOutside } from './found-pull.ts';
import type { Build } from './queue-state.ts';
import { elsewhereOf, type LaneState, prerequisitesOf, type Snapshot, type Task } from './state.ts';
import type { LaneView, PlanRow, QueueRow, Wait } from './view.ts';

function buildOf(state: LaneState, issue: number): Build | undefined {
  return Object.values(state.builds).find(
    (build) =>
      isActive(build) && build.purpose !== 'try' && build.entries.some((entry) => entry.issue === issue),
  );
}

function queueStatus(state: LaneState, task: Task): QueueRow['status'] {
  const build = buildOf(state, task.issue);
  if (!build) return 'queued';
  return build.state === 'landing' ? 'landing' : 'testing';
}

function waitsOfGate(state: LaneState, task: Task, at: string): Wait[] {
  const { since } = task;
  const guarded = protectedPathsOf(state.policy, task);
  const why = guarded.length > 0 ? `; a person must, for it owns protected paths: ${guarded.join(', ')}` : '';
  const rows = gateOf(task, state, at);
  const isAlone = rows.every((row) => row.state === 'ok' || row.condition === 'approval');
  const ofRows = rows.flatMap((row): Wait[] => {
    if (row.state === 'ok' || row.condition === 'hold' || row.condition === 'edit') return [];
    if (row.condition === 'dependency') return [];
    const grace = row.condition === 'approval' ? graceOf(task) : null;
    if (grace !== null && autonomyOf(task, state).level === 'on-the-loop') {
      // The time alone brings nothing about while something else does not hold.
      if (!isAlone) return [];
      const quiet = 'nobody to stop it: then it counts as approved';
      return [{ kind: 'grace', what: quiet, since, command: '/hold', next: grace.until }];
    }
    const what = row.condition === 'approval' ? `${row.detail}${why}` : `${row.name} ${row.detail}`;
    if (row.condition === 'approval') return [{ kind: 'approval', what, since, command: '/approve' }];
    if (row.condition === 'opinion') return [opinionWait(state, task, row)];
    if (row.condition === 'checks') {
      const command = row.state === 'failed' ? 'push a fix, or have the check run again' : null;
      return [{ kind: 'checks', what, since, command }];
    }
    if (row.condition === 'arbiter') {
      // The row says "2 findings", in a column of its own.
      const said = row.state === 'failed' ? `${row.name} has ${row.detail}` : what;
      // What waits for files alone is said with their holders, and settles itself.
      if (row.state === 'failed' && onlyHeld(task) && heldFor(state, task).length > 0) return [];
      const todo =
        'push a change that settles the findings, or do what the check `signalbox/arbiter` names for them';
      return [{ kind: 'arbiter', what: said, since, command: row.state === 'failed' ? todo : null }];
    }
    const todo = !task.pull?.open
      ? 'reopen the pull request'
      : task.pull.gate.retargeted === null
        ? 'mark it ready for review'
        : 'set its base branch back';
    return [{ kind: 'human', what, since, command: todo }];
  });
  return [...ofRows, ...editWaits(task), ...openPrerequisites(state, task), ...holdWaits(task)];
}

/** Whether all that the arbiter finds is that other tasks own files which the changes need. */
function onlyHeld(task: Task): boolean {
  const { verdict } = task.pull ?? {};
  return verdict != null && openFindings(verdict, task).every((finding) => finding.rule === heldRule);
}

/** A second opinion is somebody else's to give; without it the wait ends by itself, or by the policy. */
function opinionWait(state: LaneState, task: Task, { name, state: at, detail }: GateRow): Wait {
  const due = at === 'pending' ? opinionDue(task, state) : null;
  const since = due === null ? task.since : (task.pull?.gate.asked?.at ?? task.since);
  const wait: Wait = {
    kind: 'arbiter',
    what: `${name}: ${detail}`,
    since,
    command: at === 'failed' ? 'push a change that settles it, or press Retry' : null,
  };
  return due === null ? wait : { ...wait, next: new Date(due).toISOString() };
}

/** What keeps a tested candidate from landing. */
function stopWaits(state: LaneState, task: Task, at: string): Wait[] {
  const { frozen } = state;
  const closure = closureOf(state, at);
  const since = task.entry?.enteredAt ?? task.since;
  return [
    ...(frozen
      ? [
          {
            kind: 'freeze' as const,
            what: `${frozen.by} has frozen landings: ${frozen.why}`,
            since: frozen.at,
            command: '/unfreeze',
          },
        ]
      : []),
    ...(closure
      ? [
          {
            kind: 'freeze' as const,
            what: `by the policy nothing lands now (${closure.what})`,
            since,
            command: null,
            next: closure.until,
          },
        ]
      : []),
  ];
}

/** Files that the PR changes and another task holds. */
function waitsForFiles(state: LaneState, task: Task): Wait[] {
  return heldFor(state, task).map(({ holder, paths }) => ({
    kind: 'overlap',
    what: `#${holder.issue} owns ${paths.join(', ')}`,
    since: task.since,
    command: 'take the change of these files back',
  }));
}

function waitsInQueue(state: LaneState, task: Task, at: string): Wait[] {
  return [...stopWaits(state, task, at), waitInQueue(state, task, at)];
}

function editWaits(task: Task): Wait[] {
  return task.suspension ? [suspensionWait(task, task.suspension)] : [];
}

function waitsOfWork(task: Task, lease: string | undefined): Wait[] {
  const { attempt, pull, since } = task;
  if (attempt?.via === 'assign' && !pull?.open && task.state === 'working') {
    return [{ kind: 'work', what: `${attempt.agent} to open its pull request`, since, command: null }];
  }
  if (attempt?.via === 'assign' && !pull?.open) {
    const what = `somebody to assign ${attempt.agent} to #${task.issue} on GitHub`;
    return [{ kind: 'human', what, since, command: 'assign it on the issue' }];
  }
  const isPlan = attempt?.job === 'plan';
  if (!attempt || (!isPlan && attempt.openedSha === null)) {
    return [{ kind: 'branch', what: 'its branch is being opened', since, command: null }];
  }
  if (!isPlan && !pull?.open)
    return [{ kind: 'branch', what: 'its pull request is being opened', since, command: null }];
  if (isDoneOutside(attempt) && pull) {
    const what = `somebody to push to ${attempt.branch} and mark #${pull.number} ready for review`;
    return [{ kind: 'work', what, since, command: `git push origin ${attempt.branch}` }];
  }
  if (task.state === 'assigned' && attempt.via === 'dispatch') {
    const what =
      attempt.runId === null ? 'its workflow to be started' : `workflow run ${attempt.runId} to begin`;
    return [{ kind: 'worker', what, since, command: '/retry' }];
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
  const what = `${attempt.worker ?? attempt.agent} to ${isPlan ? 'propose a plan' : 'finish'}`;
  const wait: Wait = { kind: 'work', what, since, command: '/escalate <why>' };
  return [lease === undefined ? wait : { ...wait, next: lease }];
}

/** Whether what a wait tells people to type is carried out; `do this` without a slash always is. */
function isOffered(command: string | null): boolean {
  const name = /^\/([a-z-]+)/u.exec(command ?? '')?.[1];
  const rule = name === undefined ? undefined : Object.entries(commandRules).find(([each]) => each === name);
  return rule === undefined || rule[1].run !== null;
}

/** What a task waits on, most telling first. Empty only for a task that is completed or cancelled. */
export function waitsOf(snapshot: Snapshot, task: Task, at: string): Wait[] {
  return allWaits(snapshot, task, at).map((wait) =>
    isOffered(wait.command) ? wait : { ...wait, command: null },
  );
}

function allWaits(snapshot: Snapshot, task: Task, at: string): Wait[] {
  const { state } = snapshot;
  const { since } = task;
  switch (task.state) {
    case 'waiting': {
      const waits = blockers(snapshot, task, at);
      return waits.length > 0 || freeAgents(snapshot, at, task).length > 0
        ? waits
        : [agentWait(snapshot, task, at)];
    }
    case 'assigned':
    case 'working':
      return [...editWaits(task), ...waitsOfWork(task, snapshot.leases[task.issue])];
    case 'in-review':
      return [...waitsForFiles(state, task), ...waitsOfGate(state, task, at)];
    case 'approved':
      return task.entry && (gateIsOpen(task, state) || mayBeLanding(state, task.issue))
        ? waitsInQueue(state, task, at)
        : [...waitsForFiles(state, task), ...waitsOfGate(state, task, at)];
    case 'escalated':
    case 'failed': {
      const canApprove = task.state === 'escalated' && task.pull?.open && ownsItsFiles(state, task);
      const command = canApprove ? '/approve' : '/resume <guidance>';
      const asked: Wait = { kind: 'human', what: task.escalation?.context ?? 'a human', since, command };
      return [...editWaits(task), ...holdWaits(task), asked];
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
    branch: task.branch,
    owns: task.spec.owns,
    dependsOn: prerequisitesOf(task),
    dependsElsewhere: elsewhereOf(task),
    protectedPaths: protectedPathsOf(state.policy, task),
    priority: priorityOf(task),
    agent: task.attempt?.agent ?? null,
    worker: task.attempt?.worker ?? null,
    state: task.state,
    status: task.entry ? queueStatus(state, task) : task.state,
    pull: task.pull?.number ?? null,
    version: task.version,
    change: task.change,
    attempts: task.attempts,
    waitsOn: waitsOf(snapshot, task, at),
    reason: task.lastReason,
    since: task.since,
    startedAt: task.startedAt,
    landedAt: task.landedAt,
    landedAs: task.landedAs,
  };
}

export function queueRows(snapshot: Snapshot, at: string): QueueRow[] {
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
      lands: landsBetween(state, task, at),
      waitsOn: waitsInQueue(state, task, at),
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
    frozen: state.frozen,
    closed: closureOf(state, at),
    revision,
    at,
    plan: tasks.map((task) => planRow(snapshot, task, at)),
    queue: queueRows(snapshot, at),
    escalations: escalationQueue(state, at),
    collisions: state.collisions.map(({ a, b, paths, announcedAt }) => ({ a, b, paths, announcedAt })),
    landings: state.landings.map(({ sha, tree, testedSha, testedTree, exact, at: landedAt, entries }) => ({
      sha,
      tree,
      testedSha,
      testedTree,
      exact,
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
