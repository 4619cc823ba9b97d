/**
 * What every call about an attempt goes through: the attempt is found, the caller is allowed to speak about it, the
 * same call is answered as before, and the fence is the present one (I8).
 */
import { createHash } from 'node:crypto';
import { readTaskId } from '../core/ids.ts';
import type { AgentWord } from '../core/lane/observation.ts';
import type { LaneState } from '../core/lane/state.ts';
import { redactSecrets } from '../github/redact.ts';
import {
  type AttemptSeen,
  findAttempt,
  findCall,
  isPresentFence,
  recordCall,
} from '../ledger/agent-calls.ts';
import type { RefusalCode } from '../protocol/agent-refusals.ts';
import { type Advanced, advance, unticketed } from './advance.ts';
import { type Caller, mayCall } from './agent-caller.ts';
import type { EngineContext } from './context.ts';
import { traced } from './trace.ts';

/** Why a call was not taken; protocol/agent-refusals.ts says it in words. */
export interface Refusal {
  refused: RefusalCode;
}

/** What names a call: the attempt, and the call within it. */
export interface CallName {
  task: string;
  attempt: number;
  fence: number;
  sequence: number;
}

export function isRefusal(answer: object): answer is Refusal {
  return 'refused' in answer;
}

/** Tells calls apart that have the same sequence number. */
export function hashCall(name: string, body: object): string {
  return createHash('sha256')
    .update(JSON.stringify([name, body]))
    .digest('hex');
}

/** The attempt that a call is about, when the caller may speak about it. */
export async function findOwnAttempt(
  engine: EngineContext,
  caller: Caller,
  call: Omit<CallName, 'sequence'>,
): Promise<AttemptSeen | Refusal> {
  const id = readTaskId(call.task);
  const found = id ? await findAttempt(engine.db, id.laneId, id.issue, call.fence) : null;
  if (!found) return { refused: 'unknown-task' };
  return mayCall(caller, found) ? found : { refused: 'foreign' };
}

/** The answer that this call got before, or why it cannot be taken; null when it is new. */
export async function findEarlier<Answer extends object>(
  engine: EngineContext,
  attempt: AttemptSeen,
  sequence: number,
  hash: string,
): Promise<Answer | Refusal | null> {
  const earlier = await findCall(engine.db, attempt, sequence, hash);
  switch (earlier.kind) {
    case 'new':
      return null;
    case 'repeated':
      // Only this room writes answers, under the hash of the call that they belong to.
      return earlier.answer as Answer;
    case 'used':
      return { refused: 'sequence-used' };
    case 'forgotten':
      return { refused: 'sequence-forgotten' };
    default:
      return earlier satisfies never;
  }
}

export interface Word<Answer> {
  name: string;
  body: CallName;
  word: AgentWord;
  /** What the call is answered, once the lane has taken the word in. */
  answer: (advanced: Advanced, issue: number) => Answer;
}

/** Agents quote what they saw; a secret among it goes no further than here (I10). */
function redactWord(word: AgentWord): AgentWord {
  return cleanWord(word) as AgentWord;
}

function cleanWord(value: unknown): unknown {
  if (typeof value === 'string') return redactSecrets(value);
  if (Array.isArray(value)) return value.map(cleanWord);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, cleanWord(each)]));
}

/** Takes a word about an attempt in, once: facts and answer are one transaction. */
export async function takeWord<Answer extends object>(
  engine: EngineContext,
  caller: Caller,
  said: Word<Answer>,
): Promise<{ answer: Answer | Refusal; attempt: AttemptSeen | null }> {
  const attempt = await findOwnAttempt(engine, caller, said.body);
  if (isRefusal(attempt)) return { answer: attempt, attempt: null };
  return traced(`agent ${said.name}`, attempt, async () => ({
    answer: await takeOwnWord(engine, attempt, said),
    attempt,
  }));
}

async function takeOwnWord<Answer extends object>(
  engine: EngineContext,
  attempt: AttemptSeen,
  { name, body, word, answer }: Word<Answer>,
): Promise<Answer | Refusal> {
  const hash = hashCall(name, body);
  const { issue, fence } = attempt;
  let given: Answer | undefined;
  const said = redactWord(word);
  const observation = { kind: 'agent' as const, issue, attempt: body.attempt, fence, word: said };
  const isFirst = async (trx: EngineContext['db']): Promise<boolean> =>
    attempt.attempt?.number === body.attempt &&
    (await isPresentFence(trx, attempt)) &&
    (await findCall(trx, attempt, body.sequence, hash)).kind === 'new';
  const earlier = await findEarlier<Answer>(engine, attempt, body.sequence, hash);
  if (earlier) return earlier;
  await advance(
    engine.db,
    attempt,
    [unticketed(observation)],
    (lock) => isFirst(lock.trx),
    async (lock, advanced) => {
      given = answer(advanced, issue);
      await recordCall(lock.trx, attempt, body.sequence, hash, given);
    },
  );
  if (given) return given;
  // The same call was taken meanwhile, or the attempt has ended.
  const late = await findEarlier<Answer>(engine, attempt, body.sequence, hash);
  return late ?? { refused: 'fenced' };
}

/** Where the task stands, as answers tell it. */
export function standing({ tasks }: LaneState, issue: number): { state: string } {
  return { state: tasks[issue]?.state ?? 'unknown' };
}
