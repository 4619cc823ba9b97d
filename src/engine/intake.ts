/** Takes deliveries in: many at once in one statement, and no answer before it has committed. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Delivery, recordDeliveries } from '../ledger/deliveries.ts';
import type { EngineContext } from './context.ts';
import { noteWaiting } from './right-of-way.ts';

export interface Intake {
  /** Resolves when the delivery is durable. A known GUID is recorded already and changes nothing. */
  record(delivery: Delivery): Promise<void>;
}

const mostAtOnce = 64;
/** One statement is one string: a few of the largest payloads together would be longer than a string can be. */
const mostCharactersAtOnce = 32 * 1024 * 1024;
/** Under load, whoever works deliveries through is woken this often and not once for every statement. */
const wakePauseMs = 100;

interface Waiting {
  delivery: Delivery;
  since: number;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/** How many of those that wait go into the next statement: at least one. */
function countNext(waiting: readonly Waiting[]): number {
  let count = 0;
  let characters = 0;
  for (const { delivery } of waiting) {
    characters += delivery.payload.length;
    if (count > 0 && (count === mostAtOnce || characters > mostCharactersAtOnce)) break;
    count += 1;
  }
  return count;
}

/**
 * Wakes whoever works deliveries through: at once when it is quiet. No answer waits for it, and nothing is lost
 * without it: the engine's tick finds deliveries that nobody was woken for.
 */
function openBell(engine: EngineContext): () => void {
  let isRinging = false;
  let isWanted = false;
  const ring = async (): Promise<void> => {
    isRinging = true;
    while (isWanted) {
      isWanted = false;
      await engine.jobs
        .wakeDeliveries(engine.db)
        .catch((error: unknown) => engine.log.warn({ problem: String(error) }, 'nobody was woken'));
      await sleep(wakePauseMs, undefined, { ref: false });
    }
    isRinging = false;
  };
  return () => {
    isWanted = true;
    if (!isRinging) void ring();
  };
}

/**
 * Opens the intake. Deliveries that arrive while a statement is under way share the next one, so that the commit's
 * cost is paid once for many under load and at once when it is quiet.
 */
export function openIntake(engine: EngineContext): Intake {
  const waiting: Waiting[] = [];
  const wake = openBell(engine);
  let isWriting = false;

  const write = async (): Promise<void> => {
    isWriting = true;
    while (waiting.length > 0) {
      const batch = waiting.splice(0, countNext(waiting));
      noteWaiting(engine, batch[0]?.since ?? null);
      try {
        await recordDeliveries(
          engine.db,
          batch.map((each) => each.delivery),
        );
        for (const each of batch) each.resolve();
        wake();
      } catch (error) {
        for (const each of batch) each.reject(error);
      }
    }
    noteWaiting(engine, null);
    isWriting = false;
  };

  return {
    record: (delivery) =>
      new Promise((resolve, reject) => {
        waiting.push({ delivery, since: performance.now(), resolve, reject });
        if (!isWriting) void write();
      }),
  };
}
