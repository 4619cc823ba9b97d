/** How long the worker goes on asking when the other side does not answer. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Outcome } from './contract-client.ts';

export interface Patience {
  /** The first pause; each following one is twice as long. */
  firstMs: number;
  longestMs: number;
  /** After this much time without an answer the worker gives up. */
  giveUpMs: number;
}

/** Five minutes: longer than a deployment of Signalbox, shorter than a lease. */
export const defaultPatience: Patience = { firstMs: 200, longestMs: 15_000, giveUpMs: 300_000 };

/** For a worker that is being stopped: somebody is waiting at the terminal. */
export const shortPatience: Patience = { firstMs: 200, longestMs: 1_000, giveUpMs: 5_000 };

/** Pauses; answers at once, without throwing, when the signal is aborted. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, signal ? { signal } : {});
  } catch (error) {
    if (!signal?.aborted) throw error;
  }
}

/** The pauses between tries, ever longer, until the patience is used up. */
export function* pauses(patience: Patience): Generator<number> {
  let spent = 0;
  for (
    let next = patience.firstMs;
    spent < patience.giveUpMs;
    next = Math.min(next * 2, patience.longestMs)
  ) {
    yield next;
    spent += next;
  }
}

/** Repeats a call until something other than `unreachable` comes back, or the patience ends, or the signal says stop. */
export async function untilAnswered<T>(
  call: () => Promise<Outcome<T>>,
  patience: Patience,
  onRetry: (reason: string) => void,
  signal?: AbortSignal,
): Promise<Outcome<T>> {
  let outcome = await call();
  for (const ms of pauses(patience)) {
    if (outcome.kind !== 'unreachable' || signal?.aborted) return outcome;
    onRetry(outcome.reason);
    await pause(ms, signal);
    if (signal?.aborted) return outcome;
    outcome = await call();
  }
  return outcome;
}
