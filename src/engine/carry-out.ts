/**
 * Carrying out: each effect is taken under a lease, done if the state still wants it, and ended together with the
 * fact it reports. Every one of them may run twice: they find their own earlier work before they act.
 */
import { type Effect, effectKey, isStillWanted } from '../core/lane/effects.ts';
import type { Fact } from '../core/lane/facts.ts';
import type { Look } from '../core/lane/look.ts';
import type { Observation } from '../core/lane/observation.ts';
import { planRow, queueRows } from '../core/lane/plan-view.ts';
import type { LaneState } from '../core/lane/state.ts';
import { agentLoginOf } from '../core/task/agent-login.ts';
import { closeIssue } from '../github/close-issue.ts';
import { fetchOpenPulls } from '../github/fetch-open-pulls.ts';
import { fetchPull } from '../github/fetch-pull.ts';
import { keepLateWork } from '../github/keep-late-work.ts';
import { closePull, markPullReady, postPull } from '../github/post-pull.ts';
import { postReaction } from '../github/post-reaction.ts';
import { postReply } from '../github/post-sticky.ts';
import { pushBranchWithEmptyCommit } from '../github/push-branch-with-empty-commit.ts';
import { finishEffect, type LeasedEffect } from '../ledger/effects.ts';
import { loadForReading } from '../ledger/load-lane.ts';
import { openingCommitMessage } from '../protocol/commit-messages.ts';
import { renderPullBody, renderPullTitle } from '../protocol/pull-body.ts';
import { renderAssignmentWish } from '../protocol/pull-notices.ts';
import { noticeMarker } from '../protocol/sticky-marker.ts';
import { advance, unticketed } from './advance.ts';
import { renderNotice, renderReply } from './answers.ts';
import { assignInName } from './assign-effect.ts';
import { carryOutRun } from './carry-out-runs.ts';
import type { LaneContext } from './context.ts';
import { keepLateBundle } from './late-bundles.ts';
import { openRevert } from './open-revert.ts';
import { commitTask, done, type Outcome, taskOf } from './outcome.ts';
import { laneName, publishTasks } from './publish.ts';
import { auditLanding, cleanBuild, landCandidate, makeCandidate } from './queue-effects.ts';
import { carryOutSplit } from './split-effects.ts';
import { updateBranch } from './update-branch.ts';

type Of<K extends Effect['kind']> = Extract<Effect, { kind: K }>;

async function openBranch(ctx: LaneContext, effect: Of<'open-branch'>, state: LaneState): Promise<Outcome> {
  const { issue, attempt, fence, branch, baseSha } = effect;
  const task = taskOf(state, issue);
  const message = openingCommitMessage({ ...commitTask(ctx, task), issue, title: task.title });
  const opened = await pushBranchWithEmptyCommit(ctx.client, ctx.repo, { branch, baseSha, message });
  // A branch that holds somebody's work already: all of it counts as changes.
  const sha = opened.found ? baseSha : opened.sha;
  return { observations: [{ kind: 'branch-opened', issue, attempt, fence, sha }], looks: [] };
}

async function openPull(ctx: LaneContext, effect: Of<'open-pull'>, state: LaneState): Promise<Outcome> {
  const { issue, branch } = effect;
  const task = taskOf(state, issue);
  const opened = await postPull(ctx.client, ctx.repo, {
    branch,
    base: ctx.lane.base,
    title: renderPullTitle(task.spec),
    body: renderPullBody({
      issue,
      spec: task.spec,
      agent: task.attempt?.agent ?? 'default',
      correlationId: task.correlationId,
      lane: laneName(ctx),
    }),
    draft: true,
  });
  const { number: pull, headSha, draft } = opened;
  return {
    observations: [{ kind: 'pull-opened', issue, pull, headSha, draft }],
    looks: [pull, ...(await othersFor(ctx, pull))].map((number) => ({
      kind: 'pull',
      subject: String(number),
    })),
  };
}

/** Pull requests that were there before the task's: one may be for it. */
async function othersFor(ctx: LaneContext, own: number | null): Promise<number[]> {
  const open = await fetchOpenPulls(ctx.client, ctx.repo, ctx.lane.base);
  return open.map(({ number }) => number).filter((number) => number !== own);
}

async function askAssignment(
  ctx: LaneContext,
  effect: Of<'ask-assignment'>,
  state: LaneState,
): Promise<Outcome> {
  const { issue, fence, agent } = effect;
  const task = taskOf(state, issue);
  const login = agentLoginOf(state.policy, agent) ?? agent;
  const person = await assignInName(ctx, effect, task, login);
  const others = await othersFor(ctx, null);
  const looks: Look[] = others.map((number) => ({ kind: 'pull', subject: String(number) }));
  if (person !== null) {
    const word = { kind: 'claimed' as const, claimId: `assigned-by-${person}`, worker: login };
    const attempt = task.attempt?.number ?? 0;
    return { observations: [{ kind: 'agent', issue, attempt, fence, word }], looks };
  }
  const signIn = ctx.signIn ? { by: task.requestedBy, url: `${ctx.publicUrl}/sign-in` } : null;
  await comment(ctx, issue, effectKey(effect), renderAssignmentWish({ issue, agent, login, signIn }));
  return { observations: [], looks };
}

async function markReady(ctx: LaneContext, effect: Of<'mark-ready'>): Promise<Outcome> {
  const pull = await fetchPull(ctx.client, ctx.repo, effect.pull);
  if (pull?.draft) await markPullReady(ctx.client, pull.nodeId);
  return { observations: [], looks: [{ kind: 'pull', subject: String(effect.pull) }] };
}

async function putLateWorkAside(
  ctx: LaneContext,
  effect: Of<'keep-late-work'>,
  state: LaneState,
): Promise<Outcome> {
  const { issue, number, branch, late, sha, to } = effect;
  const isBack = await keepLateWork(ctx.client, ctx.repo, { branch, late, sha, to });
  const kept: Observation = { kind: 'late-work-kept', issue, number, branch: late, isBack };
  // Somebody has pushed on top: what the branch is at now is for the lane to see.
  const pull = taskOf(state, issue).pull?.number;
  return { observations: [kept], looks: pull === undefined ? [] : [{ kind: 'pull', subject: String(pull) }] };
}

async function announceCollision(ctx: LaneContext, { a, b }: Of<'announce-collision'>): Promise<Outcome> {
  await publishTasks(ctx, [a, b]);
  return { observations: [{ kind: 'collision-announced', a, b }], looks: [] };
}

async function comment(ctx: LaneContext, under: number, key: string, text: string): Promise<Outcome> {
  const marker = noticeMarker(key);
  const identity = await ctx.github.fetchAppIdentity();
  await postReply(ctx.client, ctx.repo, identity, { issue: under, marker, body: `${marker}\n${text}` });
  return done;
}

async function reply(ctx: LaneContext, effect: Of<'reply'>): Promise<Outcome> {
  const snapshot = await loadForReading(ctx.db, ctx.key, {
    issues: effect.fact.issue === null ? [] : [effect.fact.issue],
  });
  const task = effect.fact.issue === null ? undefined : snapshot.state.tasks[effect.fact.issue];
  const row = task ? planRow(snapshot, task, snapshot.at) : null;
  const queue = queueRows(snapshot, snapshot.at).find((each) => each.issue === task?.issue) ?? null;
  return comment(ctx, effect.under, effectKey(effect), renderReply(effect.fact, row, queue));
}

async function notify(ctx: LaneContext, effect: Of<'notify'>, state: LaneState): Promise<Outcome> {
  const fact: Fact = effect.fact;
  const text = renderNotice(fact, state);
  return text === null ? done : comment(ctx, effect.under, effectKey(effect), text);
}

async function perform(ctx: LaneContext, effect: Effect, state: LaneState): Promise<Outcome> {
  switch (effect.kind) {
    case 'open-branch':
      return openBranch(ctx, effect, state);
    case 'open-pull':
      return openPull(ctx, effect, state);
    case 'announce-collision':
      return announceCollision(ctx, effect);
    case 'update-branch':
      return updateBranch(ctx, effect, state);
    case 'keep-late-work':
      return putLateWorkAside(ctx, effect, state);
    case 'keep-late-bundle':
      return { observations: [await keepLateBundle(ctx, effect)], looks: [] };
    case 'mark-ready':
      return markReady(ctx, effect);
    case 'make-candidate':
      return makeCandidate(ctx, effect, state);
    case 'land':
      return landCandidate(ctx, effect, state);
    case 'audit':
      return auditLanding(ctx, effect);
    case 'clean-build':
      return cleanBuild(ctx, effect, state);
    case 'close-issue':
      await closeIssue(ctx.client, ctx.repo, effect.issue);
      return done;
    case 'close-pull':
      await closePull(ctx.client, ctx.repo, effect.pull);
      return { observations: [], looks: [{ kind: 'pull', subject: String(effect.pull) }] };
    case 'close-replaced':
      await closePull(ctx.client, ctx.repo, effect.pull);
      return done;
    case 'ask-assignment':
      return askAssignment(ctx, effect, state);
    case 'dispatch-workflow':
    case 'trigger-checks':
    case 'cancel-run':
      return carryOutRun(ctx, effect, state);
    case 'open-revert':
      return openRevert(ctx, effect);
    case 'create-part':
    case 'open-part':
      return carryOutSplit(ctx, effect, state);
    case 'react':
      await postReaction(ctx.client, ctx.repo, effect.comment, effect.content);
      return done;
    case 'reply':
      return reply(ctx, effect);
    case 'notify':
      return notify(ctx, effect, state);
    default:
      return effect satisfies never;
  }
}

/**
 * Does one effect and ends it with its facts, in one transaction that asks for the lease once more.
 * @returns the looks that follow
 * @throws whatever GitHub's refusal is; `failure.ts` says what it means
 */
export async function carryOut(ctx: LaneContext, held: LeasedEffect): Promise<Look[]> {
  const { effect } = held;
  // Closed tasks and builds stay in the database unless they are named.
  const named = {
    issues: 'issue' in effect ? [effect.issue] : [],
    builds: 'build' in effect ? [effect.build] : [],
  };
  const { state } = await loadForReading(ctx.db, ctx.key, named);
  const outcome = isStillWanted(effect, state) ? await perform(ctx, effect, state) : done;
  const ended = await advance(ctx.db, ctx.key, outcome.observations.map(unticketed), (lock) =>
    finishEffect(lock.trx, held, null),
  );
  return ended ? outcome.looks : [];
}

/** Ends an effect that GitHub refused for good; the lane shows the reason and asks a person. */
export async function refuseEffect(ctx: LaneContext, held: LeasedEffect, message: string): Promise<void> {
  const { effect } = held;
  const issue = 'issue' in effect ? effect.issue : effect.kind === 'announce-collision' ? effect.b : null;
  const build = 'build' in effect ? effect.build : null;
  const refused: Observation =
    effect.kind === 'open-revert'
      ? {
          kind: 'revert',
          asked: effect.asked,
          result: { kind: 'failed', why: `GitHub refused it: ${message}` },
        }
      : { kind: 'effect-refused', effect: effect.kind, issue, build, message };
  await advance(ctx.db, ctx.key, [unticketed(refused)], (lock) => finishEffect(lock.trx, held, message));
}
