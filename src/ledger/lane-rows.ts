/** Between a lane's rows and its state: reading one from the other, with nothing lost either way. */
import type { Selectable } from 'kysely';
import type { GateEvidence, RequiredCheck } from '../core/gate/evidence.ts';
import { emptyLane } from '../core/lane/fold.ts';
import type { Spending } from '../core/lane/health.ts';
import type { Approval, CheckResult, Pull, Verdict } from '../core/lane/pull-state.ts';
import type {
  Build,
  BuildEntry,
  BuildState,
  Flight,
  Landing,
  QueueMemory,
  VanishedPatch,
} from '../core/lane/queue-state.ts';
import type {
  Adjustments,
  Attempt,
  Collision,
  Escalation,
  Freeze,
  Hold,
  LaneState,
  PrerequisiteState,
  Routing,
  Spec,
  Suspension,
  Task,
  TaskState,
  VersionNote,
} from '../core/lane/state.ts';
import { completePolicy, type Policy } from '../core/policy.ts';
import type { Split } from '../core/task/parts.ts';
import { emptyRecord, type TaskRecord } from '../core/task/record.ts';
import type * as schema from './schema.ts';

export type Row<K extends keyof schema.DB> = Selectable<schema.DB[K]>;

/** Rows of one lane, as they were read. */
export interface LaneRows {
  lane: Row<'lane'>;
  task: Row<'task'>[];
  attempt: Row<'attempt'>[];
  pull: Row<'pull'>[];
  approval: Row<'approval'>[];
  entry: Row<'entry'>[];
  collision: Row<'collision'>[];
  build: Row<'build'>[];
  landing: Row<'landing'>[];
  prerequisite: Row<'prerequisite'>[];
  elsewhere: Row<'elsewhere'>[];
  refusal: Row<'refusal'>[];
}

// What is written as JSON is read as what was written: only this room writes these columns, from the same types.
const json = <T>(value: unknown): T => value as T;
const time = (value: Date): string => value.toISOString();
const timeOrNull = (value: Date | null): string | null => value?.toISOString() ?? null;

function readAttempt(row: Row<'attempt'>): Attempt {
  return {
    number: row.number,
    fence: row.fence,
    version: row.version,
    agent: row.agent,
    via: row.via as Attempt['via'],
    job: row.job as Attempt['job'],
    branch: row.branch,
    baseSha: row.base_sha,
    openedSha: row.opened_sha,
    claimId: row.claim_id,
    worker: row.worker,
    runId: row.run_id,
    asked: json<string[]>(row.asked),
    assignedAt: time(row.assigned_at),
    startedAt: timeOrNull(row.started_at),
    head: row.head,
    movedAt: timeOrNull(row.moved_at),
    isRunning: row.is_running,
    extendedAt: timeOrNull(row.extended_at),
    tokens: row.tokens,
    usd: row.usd,
    warned: row.warned,
  };
}

function readPull(row: Row<'pull'>): Pull {
  return {
    number: row.number,
    headSha: row.head_sha,
    draft: row.draft,
    open: row.open,
    merged: row.merged,
    checks: json<CheckResult[]>(row.checks),
    verdict: json<Verdict | null>(row.verdict),
    // Rows older than the question to another agent do not have it.
    gate: { asked: null, ...json<Omit<GateEvidence, 'asked'>>(row.gate) },
  };
}

function readApproval(row: Row<'approval'>): Approval {
  return {
    headSha: row.head_sha,
    version: row.version,
    policyHash: row.policy_hash,
    by: row.approved_by,
    at: time(row.approved_at),
    source: row.source as Approval['source'],
    review: row.review,
    epoch: row.epoch,
    owns: json<string[]>(row.owns),
  };
}

/** Specifications written before there were prerequisites elsewhere have none. */
function elsewhereIn(spec: unknown): string[] {
  return json<Partial<Spec>>(spec).dependsElsewhere ?? [];
}

const indexes = new WeakMap<readonly { issue: number }[], ReadonlyMap<number, unknown>>();

/** Rows by the issue they belong to; made once for each list, so that a lane is read in one go through it. */
function byIssue<T extends { issue: number }>(list: T[]): ReadonlyMap<number, T> {
  const index = indexes.get(list) ?? new Map(list.map((row) => [row.issue, row]));
  indexes.set(list, index);
  return index as ReadonlyMap<number, T>;
}

function readTask(row: Row<'task'>, rows: LaneRows): Task {
  const own = <T extends { issue: number }>(list: T[]): T | undefined => byIssue(list).get(row.issue);
  const attempt = own(rows.attempt);
  const pull = own(rows.pull);
  const entry = own(rows.entry);
  return {
    issue: row.issue,
    title: row.title,
    state: row.state as TaskState,
    version: row.version,
    spec: { ...json<Omit<Spec, 'dependsElsewhere'>>(row.spec), dependsElsewhere: elsewhereIn(row.spec) },
    specHash: row.spec_hash,
    blockedBy: json<number[]>(row.blocked_by),
    labels: json<string[]>(row.labels),
    routing: json<Routing>(row.routing),
    areas: json<string[]>(row.areas),
    blockedElsewhere: json<string[]>(row.blocked_elsewhere),
    requestedBy: row.requested_by,
    requestedAt: time(row.requested_at),
    labelledAt: row.labelled_at,
    textAt: row.text_at,
    writtenHash: row.written_hash,
    adjust: json<Adjustments>(row.adjust),
    suspension: json<Suspension | null>(row.suspension),
    change: json<VersionNote | null>(row.change),
    branch: row.branch,
    asked: json<string[]>(row.asked),
    held: row.held,
    hold: json<Hold | null>(row.hold),
    dismissedAt: timeOrNull(row.dismissed_at),
    hidden: row.hidden,
    correlationId: row.correlation_id,
    attempts: row.attempts,
    attempt: attempt ? readAttempt(attempt) : null,
    claims: json<string[]>(row.claims),
    pull: pull ? readPull(pull) : null,
    approvals: rows.approval.filter((approval) => approval.issue === row.issue).map(readApproval),
    entry: entry
      ? {
          headSha: entry.head_sha,
          enteredAt: time(entry.entered_at),
          order: entry.arrival,
          base: entry.base,
          group: entry.group,
          paths: json<string[]>(entry.paths),
          conflicts: json<number[]>(entry.conflicts),
        }
      : null,
    ejectedHead: row.ejected_head,
    escalation: json<Escalation | null>(row.escalation),
    record: { ...emptyRecord, ...json<Partial<TaskRecord>>(row.record) },
    split: json<Split | null>(row.split),
    lastReason: row.last_reason,
    since: time(row.since),
    startedAt: timeOrNull(row.started_at),
    landedAt: timeOrNull(row.landed_at),
    landedAs: row.landed_as,
  };
}

function readBuild(row: Row<'build'>): Build {
  return {
    number: row.number,
    state: row.state as BuildState,
    purpose: row.purpose as Build['purpose'],
    base: row.base,
    baseSha: row.base_sha,
    parent: row.parent,
    entries: json<BuildEntry[]>(row.entries),
    sha: row.sha,
    tree: row.tree,
    steps: json<string[]>(row.steps),
    checks: json<CheckResult[]>(row.checks),
    startedAt: time(row.started_at),
    endedAt: timeOrNull(row.ended_at),
    reason: row.reason,
    open: row.open,
    tries: row.tries,
    flight: json<Flight | null>(row.flight),
  };
}

function readLanding(row: Row<'landing'>): Landing {
  return {
    build: row.build,
    sha: row.sha,
    tree: row.tree,
    testedSha: row.tested_sha,
    testedTree: row.tested_tree,
    entries: json<BuildEntry[]>(row.entries),
    at: time(row.landed_at),
    exact: row.exact,
    position: row.position,
    blobs: json<Landing['blobs']>(row.blobs),
    audit: json<VanishedPatch[] | null>(row.audit),
  };
}

function readCollision(row: Row<'collision'>): Collision {
  return {
    a: row.a,
    b: row.b,
    paths: json<string[]>(row.paths),
    foreseenAt: time(row.foreseen_at),
    announcedAt: timeOrNull(row.announced_at),
  };
}

/** The state that the rows hold. */
export function readLaneState(rows: LaneRows): LaneState {
  const { lane } = rows;
  const policy = json<Policy | null>(lane.policy);
  return {
    owner: lane.owner,
    repo: lane.repo,
    base: lane.base,
    baseSha: lane.base_sha,
    policy: policy ? completePolicy(policy) : emptyLane.policy,
    policyHash: lane.policy_hash ?? emptyLane.policyHash,
    policyProblem: lane.policy_problem,
    requiredChecks: json<RequiredCheck[]>(lane.required_checks),
    frozen: json<Freeze | null>(lane.frozen),
    asked: json<LaneState['asked']>(lane.asked),
    nextFence: lane.next_fence,
    nextBuild: lane.next_build,
    nextEntry: lane.next_entry,
    health: json<LaneState['health']>(lane.health),
    spending: json<Spending>(lane.spending),
    tasks: Object.fromEntries(rows.task.map((row) => [row.issue, readTask(row, rows)])),
    refusals: Object.fromEntries(rows.refusal.map((row) => [row.issue, row.why])),
    prerequisites: Object.fromEntries(
      rows.prerequisite.map((row) => [row.issue, row.state as PrerequisiteState]),
    ),
    passedOver: json<Record<number, number>>(lane.passed_over),
    elsewhere: Object.fromEntries(
      rows.elsewhere.map((row) => [row.reference, row.state as PrerequisiteState]),
    ),
    collisions: rows.collision.map(readCollision),
    builds: Object.fromEntries(rows.build.map((row) => [row.number, readBuild(row)])),
    landings: rows.landing.map(readLanding),
    queue: json<QueueMemory | null>(lane.queue) ?? emptyLane.queue,
  };
}
