/** Writes what changed in a lane: state, journal and effects together, in the transaction that holds the lock. */
import { type Insertable, sql } from 'kysely';
import { type Effect, effectKey } from '../core/lane/effects.ts';
import { type Fact, issueOf } from '../core/lane/facts.ts';
import { isLive, type LaneState, type Task } from '../core/lane/state.ts';
import { type Claimer, giveBackClaims, takeClaims } from './claims.ts';
import { ids, json } from './lane-columns.ts';
import type { LaneLock } from './load-lane.ts';
import { saveBuilds, saveLandings } from './save-queue.ts';
import type { DB } from './schema.ts';

/** The database refused a claim that the scheduler thought free: two rules disagree, and the database is right. */
export class ClaimRefused extends Error {
  override name = 'ClaimRefused';
}

async function saveTaskRow(lock: LaneLock, task: Task): Promise<void> {
  const row: Insertable<DB['task']> = {
    ...ids(lock),
    issue: task.issue,
    title: task.title,
    state: task.state,
    version: task.version,
    spec: json(task.spec),
    spec_hash: task.specHash,
    blocked_by: json(task.blockedBy),
    labels: json(task.labels),
    routing: json(task.routing),
    areas: json(task.areas),
    blocked_elsewhere: json(task.blockedElsewhere),
    requested_by: task.requestedBy,
    requested_at: task.requestedAt,
    labelled_at: task.labelledAt,
    text_at: task.textAt,
    written_hash: task.writtenHash,
    adjust: json(task.adjust),
    suspension: task.suspension ? json(task.suspension) : null,
    change: task.change ? json(task.change) : null,
    branch: task.branch,
    asked: json(task.asked),
    held: task.held,
    hold: task.hold ? json(task.hold) : null,
    dismissed_at: task.dismissedAt,
    hidden: task.hidden,
    correlation_id: task.correlationId,
    attempts: task.attempts,
    claims: json(task.claims),
    ejected_head: task.ejectedHead,
    escalation: task.escalation ? json(task.escalation) : null,
    record: json(task.record),
    split: task.split ? json(task.split) : null,
    last_reason: task.lastReason,
    since: task.since,
    started_at: task.startedAt,
    landed_at: task.landedAt,
    landed_as: task.landedAs,
  };
  await lock.trx
    .insertInto('task')
    .values(row)
    .onConflict((oc) => oc.columns(['installation_id', 'lane_id', 'issue']).doUpdateSet(row))
    .execute();
  await lock.trx
    .insertInto('task_version')
    .values({
      ...ids(lock),
      issue: task.issue,
      version: task.version,
      spec: json(task.spec),
      spec_hash: task.specHash,
      accepted_at: task.change?.at ?? task.requestedAt,
    })
    .onConflict((oc) => oc.doNothing())
    .execute();
}

/** A new attempt of a worker or a workflow starts with a full lease; from then on only heartbeats renew it. */
async function saveAttempt(
  lock: LaneLock,
  before: Task | undefined,
  task: Task,
  leaseMs: number,
): Promise<void> {
  const { attempt } = task;
  if (before?.attempt && before.attempt.fence !== attempt?.fence) {
    await lock.trx
      .updateTable('attempt')
      .set({ current: false, lease_until: null })
      .where((eb) => eb.and({ ...ids(lock), fence: before.attempt?.fence ?? 0 }))
      .execute();
  }
  if (!attempt || attempt === before?.attempt) return;
  const row: Insertable<DB['attempt']> = {
    ...ids(lock),
    fence: attempt.fence,
    issue: task.issue,
    number: attempt.number,
    version: attempt.version,
    agent: attempt.agent,
    via: attempt.via,
    job: attempt.job,
    branch: attempt.branch,
    base_sha: attempt.baseSha,
    opened_sha: attempt.openedSha,
    claim_id: attempt.claimId,
    worker: attempt.worker,
    run_id: attempt.runId,
    asked: json(attempt.asked),
    assigned_at: attempt.assignedAt,
    started_at: attempt.startedAt,
    head: attempt.head,
    moved_at: attempt.movedAt,
    is_running: attempt.isRunning,
    extended_at: attempt.extendedAt,
    tokens: attempt.tokens,
    usd: attempt.usd,
    warned: attempt.warned,
    current: true,
  };
  const leaseUntil =
    attempt.via === 'pull' || attempt.via === 'dispatch'
      ? new Date(Date.parse(attempt.assignedAt) + leaseMs)
      : null;
  await lock.trx
    .insertInto('attempt')
    .values({ ...row, lease_until: leaseUntil })
    .onConflict((oc) => oc.columns(['installation_id', 'lane_id', 'fence']).doUpdateSet(row))
    .execute();
}

function claimerOf({ key }: LaneLock, { issue, attempt }: Task): Claimer {
  return { key, issue, fence: attempt?.fence ?? 0 };
}

async function savePull(lock: LaneLock, { issue, pull }: Task): Promise<void> {
  const mine = { ...ids(lock), issue };
  if (!pull) {
    await lock.trx
      .deleteFrom('pull')
      .where((eb) => eb.and(mine))
      .execute();
    return;
  }
  const row: Insertable<DB['pull']> = {
    ...mine,
    number: pull.number,
    head_sha: pull.headSha,
    draft: pull.draft,
    open: pull.open,
    merged: pull.merged,
    checks: json(pull.checks),
    verdict: pull.verdict ? json(pull.verdict) : null,
    gate: json(pull.gate),
  };
  await lock.trx
    .insertInto('pull')
    .values(row)
    .onConflict((oc) => oc.columns(['installation_id', 'lane_id', 'issue']).doUpdateSet(row))
    .execute();
}

async function saveApprovals(lock: LaneLock, { issue, approvals }: Task): Promise<void> {
  const mine = { ...ids(lock), issue };
  await lock.trx
    .deleteFrom('approval')
    .where((eb) => eb.and(mine))
    .execute();
  if (approvals.length === 0) return;
  const rows = approvals.map((approval) => ({
    ...mine,
    head_sha: approval.headSha,
    version: approval.version,
    policy_hash: approval.policyHash,
    approved_by: approval.by,
    approved_at: approval.at,
    source: approval.source,
    review: approval.review,
    epoch: approval.epoch,
    owns: json(approval.owns),
  }));
  await lock.trx.insertInto('approval').values(rows).execute();
}

async function saveEntry(lock: LaneLock, { issue, entry }: Task): Promise<void> {
  const mine = { ...ids(lock), issue };
  await lock.trx
    .deleteFrom('entry')
    .where((eb) => eb.and(mine))
    .execute();
  if (!entry) return;
  const row = {
    ...mine,
    head_sha: entry.headSha,
    entered_at: entry.enteredAt,
    arrival: entry.order,
    base: entry.base,
    group: entry.group,
    paths: json(entry.paths),
    conflicts: json(entry.conflicts),
  };
  await lock.trx.insertInto('entry').values(row).execute();
}

async function saveTasks(lock: LaneLock, before: LaneState, after: LaneState): Promise<void> {
  const changed = Object.values(after.tasks).filter((task) => before.tasks[task.issue] !== task);
  // What is given back may be what another takes in the same step.
  for (const task of changed) {
    const had = before.tasks[task.issue]?.claims ?? [];
    await giveBackClaims(lock.trx, claimerOf(lock, task), had, task.claims);
  }
  for (const task of changed) {
    const old = before.tasks[task.issue];
    await saveTaskRow(lock, task);
    await saveAttempt(lock, old, task, after.policy.ownership.lease);
    // The exclusion constraint decides; one claim too few undoes the whole transaction (I3).
    if (!(await takeClaims(lock.trx, claimerOf(lock, task), old?.claims ?? [], task.claims)))
      throw new ClaimRefused(`#${task.issue} cannot own ${task.claims.join(', ')}: another task does`);
    if (old?.pull !== task.pull) await savePull(lock, task);
    if (old?.approvals !== task.approvals) await saveApprovals(lock, task);
    if (old?.entry !== task.entry) await saveEntry(lock, task);
  }
}

async function saveCollisions(lock: LaneLock, before: LaneState, after: LaneState): Promise<void> {
  const known = new Set(before.collisions);
  for (const collision of after.collisions.filter((c) => !known.has(c))) {
    const row: Insertable<DB['collision']> = {
      ...ids(lock),
      a: collision.a,
      b: collision.b,
      paths: json(collision.paths),
      foreseen_at: collision.foreseenAt,
      announced_at: collision.announcedAt,
    };
    await lock.trx
      .insertInto('collision')
      .values(row)
      .onConflict((oc) => oc.columns(['installation_id', 'lane_id', 'a', 'b']).doUpdateSet(row))
      .execute();
  }
}

async function savePrerequisites(lock: LaneLock, before: LaneState, after: LaneState): Promise<void> {
  for (const [issue, state] of Object.entries(after.prerequisites)) {
    if (before.prerequisites[Number(issue)] === state) continue;
    await lock.trx
      .insertInto('prerequisite')
      .values({ ...ids(lock), issue: Number(issue), state })
      .onConflict((oc) => oc.columns(['installation_id', 'lane_id', 'issue']).doUpdateSet({ state }))
      .execute();
  }
}

async function saveElsewhere(lock: LaneLock, before: LaneState, after: LaneState): Promise<void> {
  for (const [reference, state] of Object.entries(after.elsewhere)) {
    if (before.elsewhere[reference] === state) continue;
    await lock.trx
      .insertInto('elsewhere')
      .values({ ...ids(lock), reference, state })
      .onConflict((oc) => oc.columns(['installation_id', 'lane_id', 'reference']).doUpdateSet({ state }))
      .execute();
  }
}

async function saveRefusals(lock: LaneLock, before: LaneState, after: LaneState): Promise<void> {
  if (before.refusals === after.refusals) return;
  for (const issue of Object.keys(before.refusals).map(Number)) {
    if (after.refusals[issue] !== undefined) continue;
    await lock.trx
      .deleteFrom('refusal')
      .where((eb) => eb.and({ ...ids(lock), issue }))
      .execute();
  }
  for (const [issue, why] of Object.entries(after.refusals)) {
    if (before.refusals[Number(issue)] === why) continue;
    await lock.trx
      .insertInto('refusal')
      .values({ ...ids(lock), issue: Number(issue), why })
      .onConflict((oc) => oc.columns(['installation_id', 'lane_id', 'issue']).doUpdateSet({ why }))
      .execute();
  }
}

async function appendJournal(lock: LaneLock, facts: readonly Fact[], after: LaneState): Promise<void> {
  const rows = facts.map((fact, index) => {
    const issue = issueOf(fact);
    return {
      ...ids(lock),
      seq: lock.lane.journal_seq + index + 1,
      at: fact.at,
      kind: fact.kind,
      issue,
      correlation_id: issue === null ? null : (after.tasks[issue]?.correlationId ?? null),
      fact: json(fact),
    };
  });
  await lock.trx.insertInto('journal').values(rows).execute();
}

/** Live tasks may show something new after any fact; closed ones only after a fact of their own. */
async function markForPublishing(
  lock: LaneLock,
  after: LaneState,
  facts: readonly Fact[],
  seq: number,
): Promise<void> {
  const touched = new Set(facts.map(issueOf));
  const issues = Object.values(after.tasks)
    .filter((task) => isLive(task) || touched.has(task.issue))
    .map((task) => task.issue);
  await lock.trx
    .updateTable('task')
    .set({ changed_seq: seq })
    .where((eb) => eb.and(ids(lock)))
    .where('issue', '=', sql<number>`any(${issues}::bigint[])`)
    .execute();
}

/** Books effects under their keys; one that is booked already stays as it is (I4). */
async function recordEffects(lock: LaneLock, effects: readonly Effect[]): Promise<void> {
  if (effects.length === 0) return;
  await lock.trx
    .insertInto('effect')
    .values(
      effects.map((effect) => ({
        ...ids(lock),
        key: effectKey(effect),
        kind: effect.kind,
        detail: json(effect),
      })),
    )
    .onConflict((oc) => oc.columns(['installation_id', 'lane_id', 'key']).doNothing())
    .execute();
}

/**
 * Writes the step from `before` to `after`. `facts` are exactly those that make the step.
 * @throws ClaimRefused when the database refuses an overlap; nothing of the transaction remains then
 */
export async function saveLane(
  lock: LaneLock,
  step: {
    before: LaneState;
    after: LaneState;
    facts: readonly Fact[];
    effects: readonly Effect[];
    wakeAt: string | null;
  },
): Promise<void> {
  const { before, after, facts, effects, wakeAt } = step;
  await recordEffects(lock, effects);
  if (facts.length === 0) {
    await lock.trx
      .updateTable('lane')
      .set({ wake_at: wakeAt })
      .where((eb) => eb.and(ids(lock)))
      .execute();
    return;
  }
  const seq = lock.lane.journal_seq + facts.length;
  await appendJournal(lock, facts, after);
  await saveTasks(lock, before, after);
  await saveBuilds(lock, before, after);
  await saveLandings(lock, before, after);
  await saveCollisions(lock, before, after);
  await savePrerequisites(lock, before, after);
  await saveElsewhere(lock, before, after);
  await saveRefusals(lock, before, after);
  await markForPublishing(lock, after, facts, seq);
  await lock.trx
    .updateTable('lane')
    .set({
      owner: after.owner,
      repo: after.repo,
      base_sha: after.baseSha,
      policy: json(after.policy),
      policy_hash: after.policyHash,
      policy_problem: after.policyProblem,
      required_checks: json(after.requiredChecks),
      frozen: after.frozen ? json(after.frozen) : null,
      asked: json(after.asked),
      next_fence: after.nextFence,
      next_build: after.nextBuild,
      next_entry: after.nextEntry,
      health: json(after.health),
      spending: json(after.spending),
      passed_over: json(after.passedOver),
      ...(after.queue === before.queue ? {} : { queue: json(after.queue) }),
      journal_seq: seq,
      wake_at: wakeAt,
    })
    .where((eb) => eb.and(ids(lock)))
    .execute();
}
