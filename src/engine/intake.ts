/** Takes deliveries in: many at once in one transaction, and no answer before it has committed. */
import { type Delivery, recordDeliveries } from '../ledger/deliveries.ts';
import type { EngineContext } from './context.ts';

export interface Intake {
  /** Resolves when the delivery is durable. A known GUID is recorded already and changes nothing. */
  record(delivery: Delivery): Promise<void>;
}

const mostAtOnce = 64;

interface Waiting {
  delivery: Delivery;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/**
 * Opens the intake. Deliveries that arrive while a transaction is under way share the next one, so that the
 * commit's cost is paid once for many under load and at once when it is quiet.
 */
export function openIntake(engine: EngineContext): Intake {
  let waiting: Waiting[] = [];
  let isWriting = false;

  const write = async (): Promise<void> => {
    isWriting = true;
    while (waiting.length > 0) {
      const batch = waiting.slice(0, mostAtOnce);
      waiting = waiting.slice(mostAtOnce);
      try {
        await engine.db.transaction().execute(async (trx) => {
          await recordDeliveries(
            trx,
            batch.map((each) => each.delivery),
          );
          await engine.jobs.wakeDeliveries(trx);
        });
        for (const each of batch) each.resolve();
      } catch (error) {
        for (const each of batch) each.reject(error);
      }
    }
    isWriting = false;
  };

  return {
    record: (delivery) =>
      new Promise((resolve, reject) => {
        waiting.push({ delivery, resolve, reject });
        if (!isWriting) void write();
      }),
  };
}
