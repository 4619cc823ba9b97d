/**
 * What agents may do: claim a task, keep its lease alive, report how it ended. The fence decides whether a call
 * still counts (I8); every call may be repeated.
 */
import { briefAgent } from '../agents/brief.ts';
import { type LaneKey, readTaskId } from '../core/ids.ts';
import { holdsFence, interpret } from '../core/lane/interpret.ts';
import type { Look } from '../core/lane/look.ts';
import type { AgentWord } from '../core/lane/observation.ts';
import type { LaneState, Task } from '../core/lane/state.ts';
import { attemptBudget } from '../core/task/budget.ts';
import { fetchCloneUrl } from '../github/fetch-clone-url.ts';
import { mintContentsToken } from '../github/mint-contents-token.ts';
import { keyOf, readLaneById } from '../ledger/lanes.ts';
import { loadForReading } from '../ledger/load-lane.ts';
import { requestLooks } from '../ledger/looks.ts';
import { findClaimable, notePresence, renewLease } from '../ledger/presence.ts';
import type {
  ClaimAnswer,
  ClaimRequest,
  Heartbeat,
  HeartbeatAnswer,
  Report,
  ReportAnswer,
} from '../protocol/agent-contract.ts';
import { advance, unticketed } from './advance.ts';
import { type EngineContext, laneContext } from './context.ts';
import { wakeWaitingLanes } from './wake.ts';

/** Why a call was not taken: `fenced` (another attempt has taken over, or none is under way) or `unknown` task. */
export type Refusal = { kind: 'fenced' } | { kind: 'unknown-task' };

const idleSeconds = 0.5;

/** Gives the worker the oldest task assigned to its agent, or says when to ask again. */
export async function claimTask(engine: EngineContext, request: ClaimRequest): Promise<ClaimAnswer> {
  const isNews = await notePresence(engine.db, request.agent, request.worker);
  if (isNews) await wakeWaitingLanes(engine);
  const found = await findClaimable(engine.db, request.agent, request.claim_id);
  if (!found) return { task: null, retry_after_seconds: idleSeconds };
  const { issue, attempt, fence } = found;
  const key: LaneKey = { installationId: found.installationId, laneId: found.laneId };
  const word: AgentWord = { kind: 'claimed', claimId: request.claim_id, worker: request.worker };
  const advanced = await advance(engine.db, key, [
    unticketed({ kind: 'agent', issue, attempt, fence, word }),
  ]);
  const task = advanced?.state.tasks[issue];
  const isOurs = task?.attempt?.claimId === request.claim_id && holdsFence(task, attempt, fence);
  if (!isOurs || !advanced) return { task: null, retry_after_seconds: 0 };
  await engine.jobs.wakeLane(engine.db, key);
  const ctx = await laneContext(engine, key);
  const leaseUntil = await renewLease(engine.db, key, issue, fence, advanced.state.policy.ownership.lease);
  if (leaseUntil === null) return { task: null, retry_after_seconds: 0 };
  const token = await mintContentsToken(engine.github.asApp(), key.installationId, ctx.lane.repo_id);
  const brief = briefAgent({
    laneId: key.laneId,
    owner: ctx.lane.owner,
    repo: ctx.lane.repo,
    base: ctx.lane.base,
    task,
    policy: advanced.state.policy,
    budget: attemptBudget(advanced.state, task, task.attempt?.startedAt ?? leaseUntil),
    leaseUntil,
    publicUrl: engine.publicUrl,
    cloneUrl: await fetchCloneUrl(ctx.client, ctx.repo),
    token,
  });
  return { task: brief, retry_after_seconds: brief ? 0 : idleSeconds };
}

interface Found {
  key: LaneKey;
  issue: number;
  task: Task;
  state: LaneState;
  leaseMs: number;
}

async function findAttempt(engine: EngineContext, id: string): Promise<Found | null> {
  const parsed = readTaskId(id);
  const lane = parsed ? await readLaneById(engine.db, parsed.laneId) : undefined;
  if (!parsed || !lane) return null;
  const key = keyOf(lane);
  const { state } = await loadForReading(engine.db, key, { issues: [parsed.issue] });
  const task = state.tasks[parsed.issue];
  return task ? { key, issue: parsed.issue, task, state, leaseMs: state.policy.ownership.lease } : null;
}

/** Takes what a heartbeat shows of the work into the lane, when it is something new; most say what was known. */
async function noteHeartbeat(engine: EngineContext, found: Found, beat: Heartbeat): Promise<void> {
  const { attempt, fence, head } = beat;
  const word: AgentWord = { kind: 'heartbeat', head };
  const observation = { kind: 'agent' as const, issue: found.issue, attempt, fence, word };
  if (interpret(found.state, observation).length === 0) return;
  await advance(engine.db, found.key, [unticketed(observation)]);
  await engine.jobs.wakeLane(engine.db, found.key);
}

/** Renews the lease. */
export async function takeHeartbeat(
  engine: EngineContext,
  beat: Heartbeat,
): Promise<HeartbeatAnswer | Refusal> {
  const found = await findAttempt(engine, beat.task);
  if (!found) return { kind: 'unknown-task' };
  const isAtWork = found.task.state === 'assigned' || found.task.state === 'working';
  if (!isAtWork || !holdsFence(found.task, beat.attempt, beat.fence)) return { kind: 'fenced' };
  const until = await renewLease(engine.db, found.key, found.issue, beat.fence, found.leaseMs);
  if (until !== null) await noteHeartbeat(engine, found, beat);
  return until === null ? { kind: 'fenced' } : { lease_expires_at: until };
}

function wordOf(report: Report): AgentWord {
  switch (report.kind) {
    case 'done':
      return { kind: 'done', head: report.head };
    case 'failed': {
      const { class: how, message } = report.error;
      // A worker that is stopped says so in the message; it is no failure of anything.
      const isReleased = how === 'infra' && message.startsWith('released:');
      return { kind: 'failed', class: isReleased ? 'released' : how, message };
    }
    case 'escalate':
      return { kind: 'escalate', ...report.escalation };
    default:
      return report satisfies never;
  }
}

/** Takes a report. A repeated one is answered like the first, as long as the attempt is the present one. */
export async function takeReport(engine: EngineContext, report: Report): Promise<ReportAnswer | Refusal> {
  const found = await findAttempt(engine, report.task);
  if (!found) return { kind: 'unknown-task' };
  const { key, issue, task } = found;
  if (!holdsFence(task, report.attempt, report.fence)) return { kind: 'fenced' };
  const { attempt, fence } = report;
  const advanced = await advance(engine.db, key, [
    unticketed({ kind: 'agent', issue, attempt, fence, word: wordOf(report) }),
  ]);
  const looks: Look[] = task.pull ? [{ kind: 'pull', subject: String(task.pull.number) }] : [];
  await requestLooks(engine.db, key, looks);
  await engine.jobs.wakeLane(engine.db, key);
  return { state: advanced?.state.tasks[issue]?.state ?? task.state };
}
