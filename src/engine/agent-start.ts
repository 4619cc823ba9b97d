/** Starting: the workflow run that was dispatched for an attempt says that it has begun, and gets its brief. */
import { briefAgent } from '../agents/brief.ts';
import { readTaskId } from '../core/ids.ts';
import { holdsFence } from '../core/lane/interpret.ts';
import { attemptBudget } from '../core/task/budget.ts';
import { findAttempt, lastSequence } from '../ledger/agent-calls.ts';
import { findCheckpoint } from '../ledger/checkpoints.ts';
import { renewLease } from '../ledger/presence.ts';
import type { StartAnswer, StartRequest } from '../protocol/agent-contract.ts';
import { advance, unticketed } from './advance.ts';
import type { Refusal } from './agent-attempt.ts';
import { type Caller, mayCall } from './agent-caller.ts';
import { type EngineContext, laneContext } from './context.ts';
import { readEjectionPacket } from './ejection-packet.ts';

/** The run may be quicker than we are in writing down which run it is. */
const notYet: StartAnswer = { task: null, retry_after_seconds: 2 };

/** Gives a run the brief of its attempt. The same run again gets the same. */
export async function startRun(
  engine: EngineContext,
  caller: Caller,
  request: StartRequest,
): Promise<StartAnswer | Refusal> {
  if (caller.kind !== 'run') return { refused: 'foreign' };
  const id = readTaskId(request.task);
  const [number = 0, fence = 0] = request.attempt.split('-').map(Number);
  const found = id ? await findAttempt(engine.db, id.laneId, id.issue, fence) : null;
  if (!found) return { refused: 'unknown-task' };
  if (found.attempt?.isCurrent && found.attempt.runId === null && caller.repoId === found.repoId)
    return notYet;
  if (!mayCall(caller, found)) return { refused: 'foreign' };
  const { issue } = found;
  const worker = `run ${caller.run}`;
  const word = { kind: 'claimed' as const, claimId: `run-${caller.run}`, worker };
  const advanced = await advance(engine.db, found, [
    unticketed({ kind: 'agent', issue, attempt: number, fence, word }),
  ]);
  const task = advanced?.state.tasks[issue];
  if (!advanced || !task || !holdsFence(task, number, fence)) return { refused: 'fenced' };
  await engine.jobs.wakeLane(engine.db, found);
  const { policy } = advanced.state;
  const leaseUntil = await renewLease(engine.db, found, issue, fence, policy.ownership.lease);
  if (leaseUntil === null) return { refused: 'fenced' };
  const ctx = await laneContext(engine, found);
  const { lane } = ctx;
  const brief = briefAgent({
    laneId: found.laneId,
    owner: lane.owner,
    repo: lane.repo,
    base: lane.base,
    task,
    policy,
    budget: attemptBudget(advanced.state, task, task.attempt?.startedAt ?? leaseUntil),
    leaseUntil,
    publicUrl: engine.publicUrl,
    nextSequence: (await lastSequence(engine.db, found)) + 1,
    checkpoint: await findCheckpoint(engine.db, found, task.attempt?.agent ?? '', task.version),
    ejection: await readEjectionPacket(ctx, advanced.state, task),
  });
  return brief ? { task: brief, retry_after_seconds: 0 } : notYet;
}
