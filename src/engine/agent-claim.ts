/** Claiming: a worker gets the oldest task that was assigned to its agent, with a token to work on it. */
import { type BriefInput, briefAgent } from '../agents/brief.ts';
import type { LaneKey } from '../core/ids.ts';
import { holdsFence } from '../core/lane/interpret.ts';
import type { AgentWord } from '../core/lane/observation.ts';
import { attemptBudget } from '../core/task/budget.ts';
import { fetchCloneUrl } from '../github/fetch-clone-url.ts';
import { lastSequence } from '../ledger/agent-calls.ts';
import { findCheckpoint } from '../ledger/checkpoints.ts';
import { type ClaimableAttempt, findClaimable, notePresence, renewLease } from '../ledger/presence.ts';
import type { ClaimAnswer, ClaimRequest } from '../protocol/agent-contract.ts';
import { advance, unticketed } from './advance.ts';
import type { Refusal } from './agent-attempt.ts';
import { type Caller, mayActAs, reachOf } from './agent-caller.ts';
import { type EngineContext, laneContext } from './context.ts';
import { readEjectionPacket } from './ejection-packet.ts';
import { handToken } from './handed-tokens.ts';
import { wakeWaitingLanes } from './wake.ts';

const idleSeconds = 0.5;
const nothing = (retrySeconds: number): ClaimAnswer => ({ task: null, retry_after_seconds: retrySeconds });

/** The attempts that claims in this process are just taking, as `<lane>.<fence>`, and the claims that are under way. */
interface UnderWay {
  attempts: Set<string>;
  claims: Map<string, Promise<ClaimAnswer>>;
}

const underWay = new WeakMap<EngineContext['db'], UnderWay>();

function underWayOf({ db }: EngineContext): UnderWay {
  const known = underWay.get(db) ?? { attempts: new Set(), claims: new Map() };
  underWay.set(db, known);
  return known;
}

/** Gives the worker the oldest task assigned to its agent, or says when to ask again. */
export async function claimTask(
  engine: EngineContext,
  caller: Caller,
  request: ClaimRequest,
): Promise<ClaimAnswer | Refusal> {
  if (!mayActAs(caller, request.agent)) return { refused: 'foreign' };
  const reach = reachOf(caller);
  const isNews = await notePresence(engine.db, request.agent, request.worker, reach);
  if (isNews) await wakeWaitingLanes(engine);
  const { claims } = underWayOf(engine);
  // The same claim again, while the first is still being answered, must not be given another task.
  const name = JSON.stringify([request.agent, request.claim_id, reach]);
  const answer = claims.get(name) ?? answerClaim(engine, request, reach);
  claims.set(name, answer);
  try {
    return await answer;
  } finally {
    claims.delete(name);
  }
}

/** How often a claim looks for another task when somebody else was faster. */
const mostLooks = 5;

async function answerClaim(
  engine: EngineContext,
  request: ClaimRequest,
  reach: readonly number[] | null,
): Promise<ClaimAnswer> {
  const { attempts } = underWayOf(engine);
  for (let look = 0; look < mostLooks; look += 1) {
    const found = await findClaimable(engine.db, request.agent, request.claim_id, reach, [...attempts]);
    if (!found) return nothing(idleSeconds);
    const name = `${found.laneId}.${found.fence}`;
    // Many workers ask at once: each takes another attempt, instead of all racing for the oldest.
    if (attempts.has(name)) continue;
    attempts.add(name);
    try {
      const answer = await takeAttempt(engine, request, found);
      if (answer) return answer;
    } finally {
      attempts.delete(name);
    }
  }
  return nothing(0);
}

/** Null: another claim was faster. */
async function takeAttempt(
  engine: EngineContext,
  request: ClaimRequest,
  found: ClaimableAttempt,
): Promise<ClaimAnswer | null> {
  const { issue, attempt, fence } = found;
  const key: LaneKey = { installationId: found.installationId, laneId: found.laneId };
  const word: AgentWord = { kind: 'claimed', claimId: request.claim_id, worker: request.worker };
  const advanced = await advance(engine.db, key, [
    unticketed({ kind: 'agent', issue, attempt, fence, word }),
  ]);
  const task = advanced?.state.tasks[issue];
  const isOurs = task?.attempt?.claimId === request.claim_id && holdsFence(task, attempt, fence);
  if (!isOurs || !advanced) return null;
  await engine.jobs.wakeLane(engine.db, key);
  const ctx = await laneContext(engine, key);
  const { policy } = advanced.state;
  const leaseUntil = await renewLease(engine.db, key, issue, fence, policy.ownership.lease);
  if (leaseUntil === null) return null;
  const input: BriefInput = {
    laneId: key.laneId,
    owner: ctx.lane.owner,
    repo: ctx.lane.repo,
    base: ctx.lane.base,
    task,
    policy,
    budget: attemptBudget(advanced.state, task, task.attempt?.startedAt ?? leaseUntil),
    leaseUntil,
    publicUrl: engine.publicUrl,
    nextSequence: (await lastSequence(engine.db, { ...key, fence })) + 1,
    checkpoint: await findCheckpoint(engine.db, { ...key, issue }, request.agent, task.version),
    ejection: await readEjectionPacket(ctx, advanced.state, task),
  };
  const brief = briefAgent(input);
  if (!brief) return nothing(idleSeconds);
  const token = await handToken(engine, { ...key, fence }, ctx.lane.repo_id);
  const git = {
    url: await fetchCloneUrl(ctx.client, ctx.repo),
    username: 'x-access-token',
    token: token.token,
    expires_at: token.expiresAt,
  };
  return { task: { ...brief, git }, retry_after_seconds: 0 };
}
