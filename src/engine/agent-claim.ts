/** Claiming: a worker gets the oldest task that was assigned to its agent, with a token to work on it. */
import { briefAgent } from '../agents/brief.ts';
import { attemptBudget, isDayBounded } from '../core/task/budget.ts';
import { fetchCloneUrl } from '../github/fetch-clone-url.ts';
import { lastSequence } from '../ledger/agent-calls.ts';
import { findCheckpoint } from '../ledger/checkpoints.ts';
import { type ClaimedAttempt, claimAttempt } from '../ledger/claim-attempt.ts';
import { loadForReading, loadTask } from '../ledger/load-lane.ts';
import { notePresence } from '../ledger/presence.ts';
import type { ClaimAnswer, ClaimRequest } from '../protocol/agent-contract.ts';
import type { Refusal } from './agent-attempt.ts';
import { type Caller, mayActAs, reachOf } from './agent-caller.ts';
import { type EngineContext, type LaneContext, laneContext } from './context.ts';
import { readEjectionPacket } from './ejection-packet.ts';
import { handToken } from './handed-tokens.ts';
import { wakeWaitingLanes } from './wake.ts';

const idleSeconds = 0.5;
const nothing: ClaimAnswer = { task: null, retry_after_seconds: idleSeconds };

/**
 * Gives the worker the oldest task assigned to its agent, or says when to ask again. The lane is not taken: the claim
 * is written down, and the lane's next step makes a fact of it.
 */
export async function claimTask(
  engine: EngineContext,
  caller: Caller,
  request: ClaimRequest,
): Promise<ClaimAnswer | Refusal> {
  if (!mayActAs(caller, request.agent)) return { refused: 'foreign' };
  const { agent, worker, claim_id: claimId } = request;
  const reach = reachOf(caller);
  if (await notePresence(engine.db, agent, worker, reach)) await wakeWaitingLanes(engine);
  const claimed = await claimAttempt(engine.db, { agent, worker, claimId }, reach);
  if (!claimed) return nothing;
  await engine.jobs.wakeLane(engine.db, claimed);
  return answerClaim(engine, agent, claimed);
}

async function answerClaim(
  engine: EngineContext,
  agent: string,
  claimed: ClaimedAttempt,
): Promise<ClaimAnswer> {
  const { issue, fence, leaseUntil } = claimed;
  const alone = await loadTask(engine.db, claimed, issue);
  // What the others have used today counts only where the policy bounds the day.
  const bounded = isDayBounded(alone.policy) ? await loadForReading(engine.db, claimed) : null;
  const state = bounded?.state ?? alone;
  const task = state.tasks[issue];
  if (task?.attempt?.fence !== fence) return nothing;
  const ctx = await laneContext(engine, claimed);
  const brief = briefAgent({
    laneId: claimed.laneId,
    owner: ctx.lane.owner,
    repo: ctx.lane.repo,
    base: ctx.lane.base,
    task,
    policy: state.policy,
    budget: attemptBudget(state, task, task.attempt.startedAt ?? leaseUntil),
    leaseUntil,
    publicUrl: engine.publicUrl,
    nextSequence: (await lastSequence(engine.db, claimed)) + 1,
    checkpoint: await findCheckpoint(engine.db, claimed, agent, task.version),
    ejection: await readEjectionPacket(ctx, state, task),
  });
  if (!brief) return nothing;
  const permission = task.attempt.job === 'plan' ? 'read' : 'write';
  const [url, token] = await Promise.all([
    cloneUrlOf(ctx),
    handToken(engine, claimed, ctx.lane.repo_id, permission),
  ]);
  const git = { url, username: 'x-access-token', token: token.token, expires_at: token.expiresAt };
  return { task: { ...brief, git }, retry_after_seconds: 0 };
}

/** By repository: an address changes only with the name. */
const cloneUrls = new WeakMap<EngineContext['github'], Map<string, string>>();

async function cloneUrlOf({ github, client, repo }: LaneContext): Promise<string> {
  const known = cloneUrls.get(github) ?? new Map<string, string>();
  cloneUrls.set(github, known);
  const name = `${repo.owner}/${repo.name}`;
  const url = known.get(name) ?? (await fetchCloneUrl(client, repo));
  known.set(name, url);
  return url;
}
