/** What a fact makes of one task: the part of `fold` that looks at nothing but the task and the policy. */
import { freshEvidence, moveHead } from '../gate/evidence.ts';
import { addApproval, dropApproval, foldGateFact } from '../gate/fold-gate.ts';
import type { Policy } from '../policy.ts';
import { endAttempt, freshAttempt, notePresent, resumeRecord, supersedeRecord } from '../task/attempts.ts';
import { noteEjection, settleEjections } from '../task/ejection.ts';
import { askPerson } from '../task/escalation.ts';
import { foldFreshness } from '../task/freshness.ts';
import { foldLateWork } from '../task/late-work.ts';
import { nextState } from '../task/lifecycle.ts';
import { emptyRecord, renewRecord, type TaskRecord } from '../task/record.ts';
import { noRouting, routingAfter } from '../task/routing.ts';
import { hashSpec } from '../task/specification.ts';
import { foldSplit, keptSplit } from '../task/split.ts';
import { noAdjustments } from '../task/versions.ts';
import type { Fact, LifecycleEvent } from './facts.ts';
import type { Pull } from './pull-state.ts';
import { type Attempt, isLive, type Spec, type Task } from './state.ts';

type FactOf<K extends Fact['kind']> = Extract<Fact, { kind: K }>;

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

/** A PR that no task owns asks for nothing and owns nothing. */
const emptySpec: Omit<Spec, 'title'> = {
  requirements: '',
  design: '',
  acceptance: [],
  owns: [],
  ownsDeclared: false,
  dependsOn: [],
  dependsElsewhere: [],
  budget: { minutes: null, tokens: null, usd: null },
};

/**
 * What a task loses when it stops being worked on. Its claims go with a fact of their own, in the same step, or stay
 * with the PR of a task that waits for a person.
 */
const idle: Pick<Task, 'attempt' | 'approvals' | 'entry'> = {
  attempt: null,
  approvals: [],
  entry: null,
};

type Fresh = Pick<Task, 'issue' | 'spec' | 'specHash' | 'requestedBy' | 'correlationId'> & { at: string };

/** A first version of which nothing has been done yet. */
function freshTask({ issue, spec, specHash, requestedBy, correlationId, at }: Fresh): Task {
  return {
    issue,
    title: spec.title,
    state: 'waiting',
    version: 1,
    spec,
    specHash,
    blockedBy: [],
    labels: [],
    routing: noRouting,
    areas: [],
    blockedElsewhere: [],
    requestedBy,
    requestedAt: at,
    labelledAt: null,
    textAt: null,
    writtenHash: specHash,
    adjust: noAdjustments,
    suspension: null,
    change: null,
    branch: null,
    asked: [],
    held: false,
    hold: null,
    dismissedAt: null,
    hidden: 0,
    correlationId,
    attempts: 0,
    attempt: null,
    claims: [],
    pull: null,
    approvals: [],
    entry: null,
    ejectedHead: null,
    escalation: null,
    record: emptyRecord,
    split: null,
    lastReason: null,
    since: at,
    startedAt: null,
    landedAt: null,
    landedAs: null,
  };
}

/** The task that a request makes; of one that was there before, what it owns and its open PR stay. */
export function newTask(before: Task | undefined, fact: FactOf<'task-requested'>): Task {
  nextState(before?.state ?? 'absent', 'task-requested');
  const changed = before !== undefined && before.specHash !== fact.specHash;
  return {
    ...freshTask(fact),
    version: before ? before.version + (changed ? 1 : 0) : 1,
    blockedBy: fact.blockedBy,
    areas: fact.areas ?? [],
    blockedElsewhere: fact.blockedElsewhere,
    labelledAt: fact.labelledAt,
    textAt: fact.labelledAt,
    branch: before?.pull?.open ? before.branch : null,
    hold: before && isLive(before) ? before.hold : null,
    hidden: fact.hidden,
    claims: before?.claims ?? [],
    pull: before?.pull?.open ? before.pull : null,
    record: renewRecord(before?.record, !changed),
    split: changed ? null : keptSplit(before),
  };
}

/** The record of a PR that no task owns: it owns no paths, and what is known of it is its head. */
export function enlistPull(before: Task | undefined, fact: FactOf<'pull-enlisted'>): Task {
  const { issue, offered, at } = fact;
  const { title, author, headSha, draft, branch = null, correlationId } = offered;
  const state = nextState(before?.state ?? 'absent', 'pull-enlisted');
  const spec: Spec = { ...emptySpec, title };
  const specHash = hashSpec(spec);
  const version = before ? before.version + (before.specHash === specHash ? 0 : 1) : 1;
  const task = freshTask({ issue, spec, specHash, requestedBy: author, correlationId, at });
  return openPull(
    { ...task, state, version, branch },
    { kind: 'pull-opened', issue, pull: issue, headSha, draft, at },
  );
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
    split: keptSplit(task),
  };
}

function assign(task: Task, fact: FactOf<'task-assigned'>): Task {
  return {
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
      job: fact.job ?? 'work',
      branch: fact.branch,
      baseSha: fact.baseSha,
      assignedAt: fact.at,
      ...freshAttempt,
      // Whoever is assigned goes on in the PR that is there; only what comes on top of it is new work.
      openedSha: fact.via === 'assign' && task.pull?.open ? task.pull.headSha : null,
    },
  };
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

/** Somebody has looked at what came back. */
function settled(record: TaskRecord): TaskRecord {
  return { ...record, ejections: settleEjections(record.ejections) };
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
    : settled(task.record);
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
  return {
    ...move(task, 'resumed', fact.at),
    ...idle,
    escalation: null,
    lastReason: null,
    record,
    split: keptSplit(task),
  };
}

/** The task after a fact about it. Throws for a fact that is about no task. */
export function foldTask(task: Task, fact: Fact, policy: Policy): Task {
  switch (fact.kind) {
    case 'task-assigned':
      return assign(task, fact);
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
    case 'base-overlapped':
    case 'update-asked':
    case 'branch-updated':
      return { ...task, record: foldFreshness(task.record, fact) };
    case 'update-conflicted': {
      const record = foldFreshness(noteEjection(task, fact), fact);
      return { ...task, record, lastReason: fact.reason };
    }
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
    case 'split-proposed': {
      const reason = `it proposed to split the task into ${fact.parts.length} parts`;
      const record = endAttempt(task, policy, { end: 'planned', reason, at: fact.at });
      const moved = move(task, 'split-proposed', fact.at);
      return { ...moved, ...idle, lastReason: null, record, split: foldSplit(task, fact) };
    }
    case 'split-accepted':
    case 'part-created':
    case 'part-opened':
      return { ...task, split: foldSplit(task, fact) };
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
        record: settled(task.record),
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
        record: noteEjection(task, fact),
        lastReason: fact.reason,
      };
    case 'parts-completed':
      return { ...move(task, 'parts-completed', fact.at), lastReason: null, landedAt: fact.at };
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
    case 'opinion-asked':
    case 'opinion-given':
    case 'action-requested':
      return foldGateFact(task, fact);
    default:
      throw new Error(`${fact.kind} is not a fact about one task`);
  }
}
