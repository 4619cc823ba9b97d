/**
 * Acknowledging deliveries goes before all else that this process asks of the database: GitHub gives up after 10 s
 * and never sends again by itself, everything else can wait a little.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { EngineContext } from './context.ts';

/** A delivery that waits longer than this for its record is late. */
const lateMs = 8;
const stepMs = 4;
/** Nobody gives way for longer at a time: in a flood that does not end, work goes on slowly. */
const mostMs = 100;

const waitingSince = new WeakMap<EngineContext['db'], number>();

/** Says since when the oldest delivery waits for its record (`performance.now()`); null when none does. */
export function noteWaiting({ db }: EngineContext, since: number | null): void {
  if (since === null) waitingSince.delete(db);
  else waitingSince.set(db, since);
}

/** Waits as long as deliveries are late. Called between steps of work that can wait. */
export async function giveWay({ db }: EngineContext): Promise<void> {
  for (let waited = 0; waited < mostMs; waited += stepMs) {
    const since = waitingSince.get(db);
    if (since === undefined || performance.now() - since < lateMs) return;
    await sleep(stepMs);
  }
}
