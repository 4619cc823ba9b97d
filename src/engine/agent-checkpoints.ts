/** Checkpoints over the agent API: a git bundle of the attempt is kept, and given back to the same agent. */
import { createHash } from 'node:crypto';
import { type AttemptSeen, recordCall } from '../ledger/agent-calls.ts';
import { readBundle, saveCheckpoint } from '../ledger/checkpoints.ts';
import type { LoadCheckpoint, SaveCheckpoint, SaveCheckpointAnswer } from '../protocol/agent-contract.ts';
import { advance, unticketed } from './advance.ts';
import { findEarlier, findOwnAttempt, hashCall, isRefusal, type Refusal } from './agent-attempt.ts';
import type { Caller } from './agent-caller.ts';
import type { EngineContext } from './context.ts';

/** The first line of a bundle; git's documentation, gitformat-bundle. */
const bundleSignature = /^# v[23] git bundle\n/;

/**
 * Keeps a bundle in place of the attempt's earlier one. Of an attempt that has ended it is kept beside that, for a
 * person, and the call is refused as any other with an old fence.
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
  const { head } = body;
  if (!found.attempt.isCurrent) return keepLateBundle(engine, found, body, { bundle, hash });
  const answer = { head, bytes: bundle.length };
  await engine.db.transaction().execute(async (trx) => {
    await saveCheckpoint(trx, found, { head, bundle, late: false });
    await recordCall(trx, found, body.sequence, hash, answer);
  });
  return answer;
}

/** The lane hears of it in the same step, so that the bundle becomes a branch that people can look at. */
async function keepLateBundle(
  engine: EngineContext,
  found: AttemptSeen,
  { head: sha, attempt, sequence }: SaveCheckpoint,
  { bundle, hash }: { bundle: Buffer; hash: string },
): Promise<Refusal> {
  const { issue, fence } = found;
  const refusal: Refusal = { refused: 'fenced' };
  await advance(
    engine.db,
    found,
    [unticketed({ kind: 'late-bundle', issue, attempt, fence, sha })],
    async () => true,
    async ({ trx }) => {
      await saveCheckpoint(trx, found, { head: sha, bundle, late: true });
      await recordCall(trx, found, sequence, hash, refusal);
    },
  );
  await engine.jobs.wakeLane(engine.db, found);
  return refusal;
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
