/** Checkpoints over the agent API: a git bundle of the attempt is kept, and given back to the same agent. */
import { createHash } from 'node:crypto';
import { recordCall } from '../ledger/agent-calls.ts';
import { readBundle, saveCheckpoint } from '../ledger/checkpoints.ts';
import type { LoadCheckpoint, SaveCheckpoint, SaveCheckpointAnswer } from '../protocol/agent-contract.ts';
import { findEarlier, findOwnAttempt, hashCall, isRefusal, type Refusal } from './agent-attempt.ts';
import type { Caller } from './agent-caller.ts';
import type { EngineContext } from './context.ts';

/** The first line of a bundle; git's documentation, gitformat-bundle. */
const bundleSignature = /^# v[23] git bundle\n/;

/**
 * Keeps a bundle in place of the attempt's earlier one. Of an attempt that has ended it is kept too, for a person, and
 * the call is refused as any other with an old fence.
 */
export async function keepCheckpoint(
  engine: EngineContext,
  caller: Caller,
  body: SaveCheckpoint,
  bundle: Buffer,
): Promise<SaveCheckpointAnswer | Refusal> {
  const found = await findOwnAttempt(engine, caller, body);
  if (isRefusal(found)) return found;
  if (found.attempt?.number !== body.attempt) return { refused: 'fenced' };
  if (!bundleSignature.test(bundle.toString('latin1', 0, 20))) return { refused: 'bad-bundle' };
  const digest = createHash('sha256').update(bundle).digest('hex');
  const hash = hashCall('checkpoint', { ...body, digest });
  const earlier = await findEarlier<SaveCheckpointAnswer>(engine, found, body.sequence, hash);
  if (earlier) return earlier;
  const late = !found.attempt.isCurrent;
  const answer = { head: body.head, bytes: bundle.length };
  await engine.db.transaction().execute(async (trx) => {
    await saveCheckpoint(trx, found, { head: body.head, bundle, late });
    await recordCall(trx, found, body.sequence, hash, late ? { refused: 'fenced' } : answer);
  });
  return late ? { refused: 'fenced' } : answer;
}

/** The newest bundle of the task by the same agent at the attempt's version. */
export async function giveCheckpoint(
  engine: EngineContext,
  caller: Caller,
  body: LoadCheckpoint,
): Promise<{ attempt: number; head: string; bundle: Buffer } | Refusal> {
  const found = await findOwnAttempt(engine, caller, body);
  if (isRefusal(found)) return found;
  const { attempt } = found;
  if (!attempt?.isCurrent || attempt.number !== body.attempt) return { refused: 'fenced' };
  const bundle = await readBundle(engine.db, found, attempt.agent, attempt.version);
  return bundle ?? { refused: 'no-checkpoint' };
}
