/**
 * Publishing: comments, checks and labels are projections of the ledger. What should be there is computed, compared
 * with what was published last, and only the difference is written.
 */
import { createHash } from 'node:crypto';
import { gateOf } from '../core/gate/gate.ts';
import { checkNames, type OurLabel, ourLabels } from '../core/ids.ts';
import { dependencyGraph } from '../core/lane/dependency-graph.ts';
import { isEnlisted } from '../core/lane/enlisted.ts';
import type { Fact } from '../core/lane/facts.ts';
import { planRow, queueRows } from '../core/lane/plan-view.ts';
import { needsPerson, type Snapshot, type Task } from '../core/lane/state.ts';
import { tryOf } from '../core/queue/tries.ts';
import type { KnownPost } from '../github/observed.ts';
import { postCheckRun } from '../github/post-check-run.ts';
import { postSticky } from '../github/post-sticky.ts';
import { syncLabels } from '../github/sync-labels.ts';
import { recentFacts } from '../ledger/journal.ts';
import { loadForReading } from '../ledger/load-lane.ts';
import {
  notePublished,
  type ProjectionKind,
  readProjection,
  saveProjection,
  tasksToPublish,
} from '../ledger/projections.ts';
import { renderArbiterCheck } from '../protocol/arbiter-check.ts';
import { type QueueStanding, renderQueueCheck } from '../protocol/check-texts.ts';
import { describeFact } from '../protocol/fact-text.ts';
import { renderIssueComment } from '../protocol/issue-comment.ts';
import { renderPullComment } from '../protocol/pull-comment.ts';
import type { CommentExtra } from '../protocol/standing-text.ts';
import { stickyMarker } from '../protocol/sticky-marker.ts';
import type { LaneContext } from './context.ts';

/** One thing that should be on GitHub, and how it gets there. */
interface Projection {
  kind: ProjectionKind;
  subject: string;
  content: string;
  post: (known: KnownPost | null) => Promise<{ id: number | null }>;
}

const eventsShown = 5;

export function laneName({ lane }: LaneContext): string {
  return `${lane.owner}/${lane.repo}@${lane.base}`;
}

function lanePage(ctx: LaneContext): string {
  return `${ctx.publicUrl}/lanes/${ctx.lane.owner}/${ctx.lane.repo}/${encodeURIComponent(ctx.lane.base)}`;
}

function extraOf(ctx: LaneContext, snapshot: Snapshot, task: Task, facts: readonly Fact[]): CommentExtra {
  const recent = facts.flatMap((fact) => {
    const text = describeFact(fact);
    return text === null ? [] : [{ at: fact.at, text }];
  });
  const open = (issue: number): boolean => snapshot.state.tasks[issue]?.landedAt === null;
  return {
    lane: laneName(ctx),
    graph: dependencyGraph(snapshot.state, task.issue),
    collisions: snapshot.state.collisions
      .filter(({ a, b }) => (a === task.issue || b === task.issue) && open(a) && open(b))
      .map(({ a, b, paths }) => ({ with: a === task.issue ? b : a, paths })),
    policyProblem: snapshot.state.policyProblem,
    recent: recent.slice(0, eventsShown).reverse(),
    correlationId: task.correlationId,
    hidden: task.hidden,
    publicUrl: lanePage(ctx),
  };
}

function labelsOf(task: Task): OurLabel[] {
  const labels: OurLabel[] = [];
  if (task.state === 'assigned' || task.state === 'working') labels.push('agent-working');
  if (needsPerson(task)) labels.push('agent-needs-human');
  if (task.state === 'failed') labels.push('agent-failed');
  if (task.entry) labels.push('agent-queued');
  return labels;
}

function queueStanding(snapshot: Snapshot, task: Task, facts: readonly Fact[], at: string): QueueStanding {
  const row = queueRows(snapshot, at).find((each) => each.issue === task.issue);
  if (row) return { kind: 'in-queue', row };
  if (task.landedAs !== null && task.landedAt !== null)
    return { kind: 'landed', sha: task.landedAs, at: task.landedAt };
  if (task.state === 'cancelled' || task.state === 'failed') {
    return { kind: 'gone', reason: task.lastReason ?? task.state };
  }
  const last = facts.find((fact) => fact.kind === 'entry-ejected' || fact.kind === 'approved');
  // A new head has not been in the queue.
  const isOfHead = task.pull?.headSha === task.ejectedHead;
  if (last?.kind === 'entry-ejected' && isOfHead) {
    const { code, reason, after } = last;
    return { kind: 'ejected', code, reason, after };
  }
  return { kind: 'outside', waitsOn: planRow(snapshot, task, at).waitsOn, pull: task.pull?.number ?? 0 };
}

function pullProjections(
  ctx: LaneContext,
  snapshot: Snapshot,
  task: Task,
  facts: readonly Fact[],
  at: string,
): Projection[] {
  const { pull } = task;
  if (!pull) return [];
  const { client, repo, github, publicUrl } = ctx;
  const row = planRow(snapshot, task, at);
  const queue = queueRows(snapshot, at).find((each) => each.issue === task.issue) ?? null;
  const extra = {
    ...extraOf(ctx, snapshot, task, facts),
    gate: gateOf(task, snapshot.state, at),
    tried: tryOf(snapshot.state, task),
  };
  const body = renderPullComment(row, queue, task, extra);
  const marker = stickyMarker({ lane: laneName(ctx), issue: task.issue, on: 'pull' });
  const projections: Projection[] = [
    {
      kind: 'pull-comment',
      subject: String(pull.number),
      content: body,
      post: async (known) =>
        postSticky(client, repo, await github.fetchAppIdentity(), {
          issue: pull.number,
          marker,
          body,
          known,
        }),
    },
  ];
  const externalId = `${task.issue}:${task.version}`;
  if (pull.verdict?.headSha === pull.headSha) {
    const check = renderArbiterCheck(pull.verdict, pull.gate.overrides);
    projections.push({
      kind: 'arbiter-check',
      subject: pull.headSha,
      content: JSON.stringify(check),
      post: async (known) =>
        postCheckRun(client, repo, (await github.fetchAppIdentity()).appId, {
          sha: pull.headSha,
          name: checkNames.arbiter,
          known,
          externalId,
          status: 'completed',
          detailsUrl: publicUrl,
          ...check,
        }),
    });
  }
  const standing = renderQueueCheck(queueStanding(snapshot, task, facts, at));
  projections.push({
    kind: 'queue-check',
    subject: pull.headSha,
    content: JSON.stringify(standing),
    post: async (known) =>
      postCheckRun(client, repo, (await github.fetchAppIdentity()).appId, {
        sha: pull.headSha,
        name: checkNames.queue,
        known,
        externalId,
        detailsUrl: publicUrl,
        ...standing,
      }),
  });
  return projections;
}

function projectionsOf(
  ctx: LaneContext,
  snapshot: Snapshot,
  task: Task,
  facts: readonly Fact[],
  at: string,
): Projection[] {
  const { client, repo, github } = ctx;
  if (isEnlisted(task)) return pullProjections(ctx, snapshot, task, facts, at);
  const body = renderIssueComment(planRow(snapshot, task, at), extraOf(ctx, snapshot, task, facts));
  const marker = stickyMarker({ lane: laneName(ctx), issue: task.issue, on: 'issue' });
  const want = labelsOf(task);
  return [
    {
      kind: 'issue-comment',
      subject: String(task.issue),
      content: body,
      post: async (known) =>
        postSticky(client, repo, await github.fetchAppIdentity(), {
          issue: task.issue,
          marker,
          body,
          known,
        }),
    },
    {
      kind: 'labels',
      subject: String(task.issue),
      content: want.join(' '),
      post: async () => {
        await syncLabels(client, repo, task.issue, { want, ours: [...ourLabels] });
        return { id: null };
      },
    },
    ...pullProjections(ctx, snapshot, task, facts, at),
  ];
}

async function publishProjection(ctx: LaneContext, projection: Projection): Promise<void> {
  const { db, key } = ctx;
  const { kind, subject } = projection;
  const hash = createHash('sha256').update(projection.content).digest('hex');
  const before = await readProjection(db, key, kind, subject);
  if (before?.hash === hash) return;
  // A task without any of our labels has nothing to clean up.
  if (before === null && kind === 'labels' && projection.content === '') return;
  const { id } = await projection.post(before?.known ?? null);
  await saveProjection(db, key, kind, subject, { hash, githubId: id });
}

/** Brings everything that GitHub shows of these tasks up to date. */
export async function publishTasks(ctx: LaneContext, issues: readonly number[]): Promise<void> {
  const { db, key } = ctx;
  const snapshot = await loadForReading(db, key, { issues });
  for (const issue of issues) {
    const task = snapshot.state.tasks[issue];
    if (!task) continue;
    const facts = await recentFacts(db, key, issue, 40);
    for (const projection of projectionsOf(ctx, snapshot, task, facts, snapshot.at)) {
      await publishProjection(ctx, projection);
    }
    await notePublished(db, key, issue, snapshot.seq);
  }
}

/** Publishes what is due in the lane. True when there was anything. */
export async function publishDue(ctx: LaneContext): Promise<boolean> {
  const due = await tasksToPublish(ctx.db, ctx.key);
  if (due.length === 0) return false;
  await publishTasks(
    ctx,
    due.map((task) => task.issue),
  );
  return true;
}
