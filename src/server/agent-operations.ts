/** Performs the operations of the agent contract; HTTP and MCP only differ in how they carry them. */
import type { z } from 'zod';
import { isRefusal, type Refusal } from '../engine/agent-attempt.ts';
import type { Caller } from '../engine/agent-caller.ts';
import {
  takeEscalation,
  takeHeartbeat,
  takePathRequest,
  takeRelease,
  takeReport,
  takeSplit,
} from '../engine/agent-calls.ts';
import { giveCheckpoint, keepCheckpoint } from '../engine/agent-checkpoints.ts';
import { claimTask } from '../engine/agent-claim.ts';
import { claimReview, reportReview } from '../engine/agent-reviews.ts';
import { startRun } from '../engine/agent-start.ts';
import type { EngineContext } from '../engine/context.ts';
import type { BodyOf, OperationName } from '../protocol/agent-operations.ts';
import { type RefusalCode, type RefusalText, refusalTexts } from '../protocol/agent-refusals.ts';

export type Outcome =
  | ({ kind: 'refused'; code: RefusalCode } & RefusalText)
  | { kind: 'answered'; answer: Record<string, unknown>; bundle: Buffer | null };

type Perform<K extends OperationName> = (
  engine: EngineContext,
  caller: Caller,
  body: BodyOf<K>,
  bundle: Buffer,
) => Promise<object | Refusal>;

const performers: { [K in OperationName]: Perform<K> } = {
  claim: claimTask,
  start: startRun,
  heartbeat: takeHeartbeat,
  report: takeReport,
  escalate: takeEscalation,
  'request-paths': takePathRequest,
  'propose-split': takeSplit,
  release: takeRelease,
  'save-checkpoint': keepCheckpoint,
  'load-checkpoint': giveCheckpoint,
  'claim-review': claimReview,
  'report-review': reportReview,
};

/** The first thing about a call that does not fit the contract. */
export function describeMisfit(error: z.ZodError): string {
  const [issue] = error.issues;
  return `${issue?.path.join('.') || 'the body'}: ${issue?.message ?? 'not understood'}`;
}

/**
 * Performs one operation.
 * @param body fits the operation's schema
 * @param bundle what was sent with it, if anything was
 */
export async function performOperation(
  engine: EngineContext,
  caller: Caller,
  name: OperationName,
  body: unknown,
  bundle: Buffer | null,
): Promise<Outcome> {
  // The table pairs each name with its own schema, and the caller has parsed the body with that.
  const perform = performers[name] as Perform<OperationName>;
  const result = await perform(engine, caller, body as never, bundle ?? Buffer.alloc(0));
  if (isRefusal(result)) return { kind: 'refused', code: result.refused, ...refusalTexts[result.refused] };
  const { bundle: found = null, ...answer } = result as Record<string, unknown> & { bundle?: Buffer };
  return { kind: 'answered', answer, bundle: found };
}
