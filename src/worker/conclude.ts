/** An attempt's last word: made once, written down, and sent until it is answered. */
import type { AgentTask, Usage } from '../protocol/agent-contract.ts';
import type { Ending } from './attempt.ts';
import { type AttemptCalls, type FinalWord, sendFinal } from './attempt-calls.ts';
import type { ClaimRecord } from './claim-records.ts';
import type { ContractClient } from './contract-client.ts';
import { type Patience, shortPatience, untilAnswered } from './patience.ts';
import { attemptName, type Outcome, type WorkerEvent } from './worker-event.ts';

export interface ConcludeOptions {
  client: ContractClient;
  patience: Patience;
  used: Usage;
  stop: AbortSignal;
  log: (event: WorkerEvent) => void;
}

/** `unanswered`: nobody knows yet whether it was heard; what is on disk stays, to ask again. */
export type Conclusion = 'heard' | 'fenced' | 'unanswered';

/** Tells Signalbox how the attempt ended. */
export async function conclude(
  task: AgentTask,
  ending: Ending,
  calls: AttemptCalls,
  record: ClaimRecord,
  options: ConcludeOptions,
): Promise<Conclusion> {
  const name = attemptName(task);
  if (ending.kind === 'fenced') {
    options.log({ kind: 'fenced', ...name, reason: ending.reason });
    return 'fenced';
  }
  if (ending.kind === 'failed') {
    options.log({ kind: 'failed', ...name, class: ending.class, message: ending.message });
  }
  if (ending.kind === 'escalated') {
    options.log({ kind: 'escalated', ...name, trigger: ending.escalation.trigger });
  }
  await record.update({ final: calls.final(wordOf(ending, options.used)) });
  return sendLastWord(task, record, options);
}

/** Sends the last call that is on record, of this process or of one that died. */
export async function sendLastWord(
  task: AgentTask,
  record: ClaimRecord,
  options: Omit<ConcludeOptions, 'used'>,
): Promise<Conclusion> {
  const { final } = record.content;
  if (final === null) return 'unanswered';
  const { client, log, patience, stop } = options;
  const name = attemptName(task);
  const problem = (message: string): void =>
    log({ kind: 'problem', message, correlationId: task.correlation_id });
  const send = () => sendFinal(client, final);
  // A stop that comes during the long wait cuts it short; the short one then still gets the word out if it can.
  let outcome = stop.aborted ? null : await untilAnswered(send, patience, problem, stop);
  if (outcome === null || (outcome.kind === 'unreachable' && stop.aborted)) {
    outcome = await untilAnswered(send, shortPatience, problem);
  }
  switch (outcome.kind) {
    case 'ok':
      log({ kind: 'reported', ...name, outcome: outcomeOf(final), state: outcome.value.state });
      return 'heard';
    case 'fenced':
      log({ kind: 'fenced', ...name, reason: outcome.reason });
      return 'fenced';
    case 'refused':
      problem(`the last word was not taken: ${outcome.reason}`);
      return 'fenced';
    default:
      problem(`the last word got no answer, and is sent again by the next worker here: ${outcome.reason}`);
      return 'unanswered';
  }
}

function wordOf(ending: Exclude<Ending, { kind: 'fenced' }>, usage: Usage): FinalWord {
  switch (ending.kind) {
    case 'done':
      return { path: 'report', body: { kind: 'done', head: ending.head, usage } };
    case 'planned':
      return { path: 'propose-split', body: { ...ending.plan, usage } };
    case 'failed': {
      const error = { class: ending.class, message: ending.message.slice(0, 4_000) };
      return { path: 'report', body: { kind: 'failed', error, usage } };
    }
    case 'escalated':
      return { path: 'escalate', body: { ...ending.escalation, usage } };
    case 'released':
      return { path: 'release', body: { reason: ending.reason } };
    default:
      return ending satisfies never;
  }
}

function outcomeOf({ path, body }: { path: string; body: { kind?: unknown } }): Outcome {
  if (path === 'propose-split') return 'planned';
  if (path === 'escalate') return 'escalated';
  if (path === 'release') return 'released';
  return body.kind === 'done' ? 'done' : 'failed';
}
