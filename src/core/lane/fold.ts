/**
 * `fold(state, fact)` makes the next state of a lane. It is the only way in which state changes, which is why
 * replaying the journal reproduces it (I7).
 */
import { noteAnswer } from '../commands/limit.ts';
import { freshEvidence, moveHead } from '../gate/evidence.ts';
import { addApproval, dropApproval, foldGateFact } from '../gate/fold-gate.ts';
import { completePolicy, defaultPolicy, type Policy, policyHash } from '../policy.ts';
import { foldQueueFact, noteLeaving } from '../queue/fold-queue.ts';
import { emptyMemory, settleMemory } from '../queue/memory.ts';
import {
  endAttempt,
  freshAttempt,
  notePresent,
  reportUsage,
  resumeRecord,
  settleAttempt,
  supersedeRecord,
} from '../task/attempts.ts';
import { foldPause } from '../task/breaker.ts';
import { addCollision } from '../task/collisions.ts';
import { askPerson } from '../task/escalation.ts';
import { foldLateWork } from '../task/late-work.ts';
import { nextState } from '../task/lifecycle.ts';
import { passOver } from '../task/ready.ts';
import { renewRecord, type TaskRecord } from '../task/record.ts';
import { noRouting, routingAfter } from '../task/routing.ts';
import { noAdjustments } from '../task/versions.ts';
import { type Fact, issueOf, type LifecycleEvent } from './facts.ts';
import { type Attempt, isLive, type LaneState, type Pull, type Task } from './state.ts';

/** The state before the first fact. */
export const emptyLane: LaneState = {
  owner: '',
  repo: '',
  base: '',
  baseSha: null,
  policy: defaultPolicy,
  policyHash: policyHash(defaultPolicy),
  policyProblem: null,
  requiredChecks: [],
  frozen: null,
  asked: {},
  nextFence: 1,
  nextBuild: 1,
  nextEntry: 1,
  health: {},
  spending: { day: '', agents: {} },
  tasks: {},
  refusals: {},
  prerequisites: {},
  passedOver: {},
  elsewhere: {},
  collisions: [],
  builds: {},
  landings: [],
  queue: emptyMemory,
};

type FactOf<K extends Fact['kind']> = Extract<Fact, { kind: K }>;

function changeTask(state: LaneState, issue: number, change: (task: Task) => Task): LaneState {
  const task = state.tasks[issue];
  if (!task) throw new Error(`no task for issue #${issue} in ${state.owner}/${state.repo}`);
  return { ...state, tasks: { ...state.tasks, [issue]: change(task) } };
}

function move(task: Task, event: LifecycleEvent, at: string): Task {
  const state = nextState(task.state, event);
  return state === task.state ? task : { ...task, state, since: at };
}

function changePull(task: Task, change: (pull: Pull) => Pull): Task {
  return task.pull ? { ...task, pull: change(task.pull) } : task;
}

function changeAttempt(task: Task, number: number, change: (attempt: Attempt) => Attempt): Task {
  return task.attempt?.number === number ? { ...task, attempt: change(task.attempt) } : task;
}

/**
 * What a task loses when it stops being worked on. Its claims go with a fact of their own, in the same step, or stay
 * with the PR of a task that waits for a person.
 */
const idle: Pick<Task, 'attempt' | 'approvals' | 'entry'> = {
  attempt: null,
  approvals: [],
  entry: null,
};

function withoutRefusal(state: LaneState, issue: number): LaneState {
  const refusals = Object.fromEntries(
    Object.entries(state.refusals).filter(([number]) => Number(number) !== issue),
  );
  return { ...state, refusals };
}

/** The label is off: the next one is a new request. */
function withdraw(state: LaneState, issue: number): LaneState {
  const next = withoutRefusal(state, issue);
  return next.tasks[issue] ? changeTask(next, issue, (task) => ({ ...task, dismissedAt: null })) : next;
}

function requestTask(state: LaneState, fact: FactOf<'task-requested'>): LaneState {
  const before = state.tasks[fact.issue];
  nextState(before?.state ?? 'absent', 'task-requested');
  const changed = before !== undefined && before.specHash !== fact.specHash;
  const task: Task = {
    issue: fact.issue,
    title: fact.spec.title,
    state: 'waiting',
    version: before ? before.version + (changed ? 1 : 0) : 1,
    spec: fact.spec,
    specHash: fact.specHash,
    blockedBy: fact.blockedBy,
    labels: [],
    routing: noRouting,
    areas: fact.areas ?? [],
    blockedElsewhere: fact.blockedElsewhere,
    requestedBy: fact.requestedBy,
    requestedAt: fact.at,
    labelledAt: fact.labelledAt,
    textAt: fact.labelledAt,
    writtenHash: fact.specHash,
    adjust: noAdjustments,
    suspension: null,
    change: null,
    branch: before?.pull?.open ? before.branch : null,
    asked: [],
    held: false,
    hold: before && isLive(before) ? before.hold : null,
    dismissedAt: null,
    hidden: fact.hidden,
    correlationId: fact.correlationId,
    attempts: 0,
    attempt: null,
    claims: before?.claims ?? [],
    pull: before?.pull?.open ? before.pull : null,
    approvals: [],
    entry: null,
    ejectedHead: null,
    escalation: null,
    record: renewRecord(before?.record, !changed),
    lastReason: null,
    since: fact.at,
    startedAt: null,
    landedAt: null,
    landedAs: null,
  };
  return { ...withoutRefusal(state, fact.issue), tasks: { ...state.tasks, [fact.issue]: task } };
}

/** Everything that was said about the version before is void; what an attempt goes on with, it owns at once. */
function acceptVersion(task: Task, fact: FactOf<'version-accepted'>): Task {
  return {
    ...move(task, 'version-accepted', fact.at),
    version: fact.version,
    title: fact.spec.title,
    spec: fact.spec,
    specHash: fact.specHash,
    writtenHash: fact.writtenHash,
    textAt: fact.textAt,
    labelledAt: fact.how === 'label' ? fact.textAt : task.labelledAt,
    adjust: fact.adjust,
    suspension: null,
    change: { by: fact.by, how: fact.how, diff: fact.diff, at: fact.at },
    hidden: fact.hidden,
    claims: task.claims.length > 0 ? fact.claims : [],
    attempt: task.attempt ? { ...task.attempt, version: fact.version } : null,
    approvals: [],
    entry: null,
    ejectedHead: null,
  };
}

function assignTask(state: LaneState, fact: FactOf<'task-assigned'>): LaneState {
  const next = changeTask(state, fact.issue, (task) => ({
    ...move(task, 'task-assigned', fact.at),
    attempts: task.attempts + 1,
    claims: fact.claims,
    // What was judged before was judged against other claims.
    pull: task.pull && { ...task.pull, verdict: null },
    branch: fact.branch,
    lastReason: null,
    attempt: {
      number: fact.attempt,
      fence: fact.fence,
      version: fact.version,
      agent: fact.agent,
      via: fact.via,
      branch: fact.branch,
      baseSha: fact.baseSha,
      assignedAt: fact.at,
      ...freshAttempt,
      // Whoever is assigned goes on in the PR that is there; only what comes on top of it is new work.
      openedSha: fact.via === 'assign' && task.pull?.open ? task.pull.headSha : null,
    },
  }));
  return { ...next, nextFence: fact.fence + 1, passedOver: passOver(state, fact.issue, fact.at) };
}

function openPull(task: Task, fact: FactOf<'pull-opened'>): Task {
  const same = task.pull?.number === fact.pull ? task.pull : null;
  const known = same?.headSha === fact.headSha ? same : null;
  return {
    ...task,
    pull: {
      number: fact.pull,
      headSha: fact.headSha,
      draft: fact.draft,
      open: true,
      merged: false,
      checks: known?.checks ?? [],
      verdict: known?.verdict ?? null,
      gate: known?.gate ?? (same ? moveHead(same.gate, fact.at, task) : freshEvidence(fact.at, task)),
    },
  };
}

/** A task that has come into the human queue: its agent is free. */
function toPerson(
  task: Task,
  fact: FactOf<'escalated'> | FactOf<'attempts-exhausted'>,
  policy: Policy,
): Task {
  const isFailed = fact.kind === 'attempts-exhausted';
  const reason = isFailed ? fact.reason : `${fact.escalation.trigger}: ${fact.escalation.context}`;
  const moved = move(task, fact.kind, fact.at);
  const record = task.attempt
    ? endAttempt(task, policy, { end: 'escalated', reason, at: fact.at })
    : task.record;
  const escalations = record.escalations + (moved.state === task.state ? 0 : 1);
  return {
    ...moved,
    ...idle,
    lastReason: isFailed ? reason : task.lastReason,
    escalation: askPerson(task, fact),
    record: { ...record, escalations },
  };
}

/** A person has answered, or wants another attempt: the task waits for its turn like any other. */
function resume(task: Task, fact: FactOf<'resumed'>, policy: Policy): Task {
  const record: TaskRecord = resumeRecord(task, policy, fact);
  return { ...move(task, 'resumed', fact.at), ...idle, escalation: null, lastReason: null, record };
}

/** The facts that change nothing but one task. */
function foldTask(task: Task, fact: Fact, policy: Policy): Task {
  switch (fact.kind) {
    case 'dependencies-linked':
      return { ...task, blockedBy: fact.blockedBy, blockedElsewhere: fact.blockedElsewhere };
    case 'labels-read':
      return { ...task, labels: fact.labels, routing: routingAfter(task, fact.labels) };
    case 'task-routed':
      return { ...task, routing: { ...task.routing, ...fact.routing } };
    case 'claims-expanded':
      return { ...task, claims: [...task.claims, ...fact.paths] };
    case 'claims-released':
      return { ...task, claims: task.claims.filter((path) => !fact.paths.includes(path)) };
    case 'prerequisite-questioned':
      return { ...task, asked: [...task.asked, fact.prerequisite].sort() };
    case 'version-accepted':
      return acceptVersion(task, fact);
    case 'attempt-superseded':
      return {
        ...move(task, 'attempt-superseded', fact.at),
        ...idle,
        attempts: 0,
        record: supersedeRecord(task, policy, fact),
      };
    case 'edit-suspended':
      return {
        ...task,
        suspension: {
          by: fact.by,
          why: fact.why,
          pending: fact.pending,
          textAt: fact.textAt,
          at: fact.at,
        },
      };
    case 'edit-settled':
      return { ...task, suspension: null, writtenHash: fact.writtenHash, textAt: fact.textAt };
    case 'task-held':
      return { ...task, held: fact.held };
    case 'hold-set':
      return { ...task, hold: { by: fact.by, why: fact.why, at: fact.at } };
    case 'hold-lifted':
      return { ...task, hold: null };
    case 'request-dismissed':
      return { ...task, dismissedAt: fact.dismissedAt };
    case 'branch-opened':
      return changeAttempt(task, fact.attempt, (attempt) => ({ ...attempt, openedSha: fact.sha }));
    case 'pull-adopted': {
      const { branch, attempt } = fact;
      const adopted = { ...openPull(task, { ...fact, kind: 'pull-opened' }), branch };
      // All that is on the branch counts as work.
      return changeAttempt(adopted, attempt, (each) => ({ ...each, branch, openedSha: each.baseSha }));
    }
    case 'pull-refused':
      return task;
    case 'run-dispatched':
      return changeAttempt(task, fact.attempt, (attempt) => ({ ...attempt, runId: fact.run }));
    case 'pull-opened':
      return openPull(task, fact);
    case 'work-started':
      return {
        ...changeAttempt(move(task, 'work-started', fact.at), fact.attempt, (attempt) => ({
          ...attempt,
          claimId: fact.claimId ?? attempt.claimId,
          worker: fact.worker ?? attempt.worker,
          startedAt: attempt.startedAt ?? fact.at,
        })),
        startedAt: task.startedAt ?? fact.at,
      };
    case 'head-moved': {
      const moved = changePull(task, (pull) => ({
        ...pull,
        headSha: fact.sha,
        checks: [],
        verdict: null,
        gate: moveHead(pull.gate, fact.at, task),
      }));
      return moved.attempt ? { ...moved, attempt: notePresent(moved.attempt, fact) } : moved;
    }
    case 'progress-seen':
    case 'run-seen':
    case 'lease-extended':
    case 'budget-warned':
      return changeAttempt(task, fact.attempt, (attempt) => notePresent(attempt, fact));
    case 'paths-requested':
      return changeAttempt(task, fact.attempt, (attempt) => ({
        ...attempt,
        asked: [...attempt.asked, ...fact.paths],
      }));
    case 'late-work-found':
    case 'late-work-kept':
      return foldLateWork(task, fact);
    case 'grace-started': {
      const { headSha, version, until } = fact;
      return { ...task, record: { ...task.record, grace: { headSha, version, until } } };
    }
    case 'escalation-repeated':
      return task.escalation
        ? { ...task, escalation: { ...task.escalation, repeats: fact.times, toldAt: fact.at } }
        : task;
    case 'rebuild-asked':
      return { ...task, ejectedHead: null, lastReason: null };
    case 'draft-changed':
      return changePull(task, (pull) => ({ ...pull, draft: fact.draft }));
    case 'arbiter-judged':
      return changePull(task, (pull) => ({ ...pull, verdict: fact.verdict }));
    case 'checks-reported':
      return changePull(task, (pull) =>
        pull.headSha === fact.sha
          ? { ...pull, checks: fact.checks, gate: { ...pull.gate, otherChecks: fact.others ?? [] } }
          : pull,
      );
    case 'work-done':
      return { ...move(task, 'work-done', fact.at), startedAt: task.startedAt ?? fact.at };
    case 'attempt-ended': {
      const record = endAttempt(task, policy, fact);
      return { ...move(task, 'attempt-ended', fact.at), ...idle, lastReason: fact.reason, record };
    }
    case 'attempts-exhausted':
    case 'escalated':
      return toPerson(task, fact, policy);
    case 'resumed':
      return resume(task, fact, policy);
    case 'approved':
      return {
        ...addApproval(move(task, 'approved', fact.at), fact),
        // An entry stands for one head: approved at another one, the task enters the queue again.
        entry: task.entry?.headSha === fact.headSha ? task.entry : null,
        escalation: null,
        lastReason: null,
        startedAt: task.startedAt ?? fact.at,
      };
    case 'approval-voided': {
      const left = dropApproval(task, fact.by);
      const next = left.length > 0 ? task : move(task, 'approval-voided', fact.at);
      return { ...next, approvals: left, entry: null, lastReason: fact.reason };
    }
    case 'entry-ejected':
      return {
        ...move(task, 'entry-ejected', fact.at),
        approvals: [],
        entry: null,
        ejectedHead: task.pull?.headSha ?? null,
        lastReason: fact.reason,
      };
    case 'task-completed':
      return {
        ...move(task, 'task-completed', fact.at),
        entry: null,
        escalation: null,
        lastReason: null,
        landedAt: fact.at,
        landedAs: fact.sha,
      };
    case 'task-cancelled':
      return { ...move(task, 'task-cancelled', fact.at), ...idle, escalation: null, lastReason: fact.reason };
    case 'pull-closed':
      return changePull(task, (pull) => ({ ...pull, open: false, merged: fact.merged }));
    case 'force-pushed':
    case 'pull-retargeted':
    case 'objections-changed':
    case 'approver-checked':
    case 'rule-overridden':
    case 'opinion-given':
    case 'action-requested':
      return foldGateFact(task, fact);
    default:
      throw new Error(`${fact.kind} is not a fact about one task`);
  }
}

/** Whether an entry has come or gone, a build has changed, or the base branch has. */
function concernsQueue(before: LaneState, after: LaneState, fact: Fact): boolean {
  if (before.builds !== after.builds || before.queue !== after.queue) return true;
  const issue = issueOf(fact);
  return issue !== null && before.tasks[issue]?.entry !== after.tasks[issue]?.entry;
}

/** The next state. Throws for a fact that cannot follow: a bug in whoever proposed it. */
export function fold(state: LaneState, fact: Fact): LaneState {
  const after = settleAttempt(state, foldFact(noteLeaving(state, fact), fact), fact);
  return concernsQueue(state, after, fact) ? settleMemory(after) : after;
}

function foldFact(state: LaneState, fact: Fact): LaneState {
  switch (fact.kind) {
    case 'lane-opened':
      return { ...state, owner: fact.owner, repo: fact.repo, base: fact.base };
    case 'lane-renamed':
      return { ...state, owner: fact.owner, repo: fact.repo };
    case 'policy-read':
      return { ...state, policy: completePolicy(fact.policy), policyHash: fact.hash, policyProblem: null };
    case 'policy-refused':
      return { ...state, policyProblem: fact.problem };
    case 'required-checks-read':
      return { ...state, requiredChecks: fact.checks };
    case 'prerequisite-seen':
      return { ...state, prerequisites: { ...state.prerequisites, [fact.issue]: fact.state } };
    case 'elsewhere-seen':
      return { ...state, elsewhere: { ...state.elsewhere, [fact.reference]: fact.state } };
    case 'request-refused':
      return { ...state, refusals: { ...state.refusals, [fact.issue]: fact.why } };
    case 'request-withdrawn':
      return withdraw(state, fact.issue);
    case 'task-requested':
      return requestTask(state, fact);
    case 'task-assigned':
      return assignTask(state, fact);
    case 'collision-foreseen':
      return {
        ...state,
        collisions: addCollision(state.collisions, {
          a: fact.a,
          b: fact.b,
          paths: fact.paths,
          foreseenAt: fact.at,
          announcedAt: null,
        }),
      };
    case 'collision-announced':
      return {
        ...state,
        collisions: state.collisions.map((c) =>
          c.a === fact.a && c.b === fact.b ? { ...c, announcedAt: fact.at } : c,
        ),
      };
    case 'base-moved':
    case 'queue-entered':
    case 'conflict-found':
    case 'build-started':
    case 'candidate-made':
    case 'build-reported':
    case 'build-passed':
    case 'build-failed':
    case 'build-interrupted':
    case 'build-abandoned':
    case 'landing-decided':
    case 'landing-missed':
    case 'landed':
    case 'landing-audited':
      return foldQueueFact(state, fact);
    case 'command-decided':
      return { ...state, asked: noteAnswer(state.asked, fact) };
    case 'lane-frozen':
      return { ...state, frozen: { by: fact.by, why: fact.why, at: fact.at } };
    case 'lane-unfrozen':
      return { ...state, frozen: null };
    case 'agent-paused':
    case 'breaker-closed':
      return foldPause(state, fact);
    case 'usage-reported':
      return reportUsage(state, fact);
    default:
      return changeTask(state, fact.issue, (task) => foldTask(task, fact, state.policy));
  }
}
