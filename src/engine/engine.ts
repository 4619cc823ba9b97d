/** The engine at work: deliveries are handed on, due lanes run, and GitHub is swept, until it is stopped. */
import { setImmediate } from 'node:timers/promises';
import type { Delivery } from '../ledger/deliveries.ts';
import {
  claimDeliveries,
  finishDeliveries,
  hasDueDeliveries,
  noteDeliveryProblem,
} from '../ledger/deliveries.ts';
import { releaseAllLeases } from '../ledger/effects.ts';
import type { EngineContext } from './context.ts';
import { giveWay } from './right-of-way.ts';
import { runLane } from './run-lane.ts';
import { sweep } from './sweep.ts';
import { wakeDueLanes } from './wake.ts';

const deliveriesAtOnce = 25;
/** How often the ledger is asked for what has become due by time alone. */
const tickMs = 1_000;

export interface RunningEngine {
  /** Ends the timers and waits for what is under way. */
  stop(): Promise<void>;
}

type Receive = (delivery: Delivery) => Promise<void>;

/** Hands one delivery on. True when it is finished. */
async function handOn(engine: EngineContext, receive: Receive, delivery: Delivery): Promise<boolean> {
  try {
    await receive(delivery);
    return true;
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    engine.log.error(
      { guid: delivery.guid, event: delivery.event, problem },
      'a delivery could not be worked through',
    );
    await noteDeliveryProblem(engine.db, delivery.guid, problem);
    return false;
  }
}

async function workThroughDeliveries(engine: EngineContext, receive: Receive): Promise<void> {
  for (;;) {
    await giveWay(engine);
    const deliveries = await claimDeliveries(engine.db, deliveriesAtOnce);
    if (deliveries.length === 0) return;
    const handed: Promise<string[]>[] = [];
    for (const delivery of deliveries) {
      handed.push(handOn(engine, receive, delivery).then((done) => (done ? [delivery.guid] : [])));
      // New deliveries are acknowledged in between.
      await setImmediate();
      await giveWay(engine);
    }
    await finishDeliveries(engine.db, (await Promise.all(handed)).flat());
  }
}

/** Wakes whoever has something to do that nobody was woken for. */
async function wakeDue(engine: EngineContext): Promise<void> {
  if (await hasDueDeliveries(engine.db)) await engine.jobs.wakeDeliveries(engine.db);
  await wakeDueLanes(engine);
}

/** Calls `act` again and again with a pause between; one call at a time, and a failure only ends that call. */
function repeat(
  everyMs: number,
  act: () => Promise<void>,
  onProblem: (error: unknown) => void,
): () => Promise<void> {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let current = Promise.resolve();
  const next = (): void => {
    if (stopped) return;
    current = act().catch(onProblem);
    void current.then(() => {
      if (!stopped) timer = setTimeout(next, everyMs);
    });
  };
  next();
  return async () => {
    stopped = true;
    clearTimeout(timer);
    await current;
  };
}

/**
 * Starts working.
 * @param receive hands one delivery to the handlers
 * @param exclusive true when no other process uses the ledger: what a killed predecessor held is freed at once
 */
export async function startEngine(
  engine: EngineContext,
  receive: Receive,
  exclusive: boolean,
): Promise<RunningEngine> {
  if (exclusive) await releaseAllLeases(engine.db);
  await engine.jobs.start({
    deliveries: () => workThroughDeliveries(engine, receive),
    lane: (key) => runLane(engine, key),
  });
  await engine.jobs.wakeDeliveries(engine.db);
  const complain = (what: string) => (error: unknown) => engine.log.error({ problem: String(error) }, what);
  const stopTick = repeat(tickMs, () => wakeDue(engine), complain('looking for due work failed'));
  const stopSweep = repeat(
    engine.sweepMs,
    () => sweep(engine),
    complain('the sweep failed; it is tried again'),
  );
  return {
    stop: async () => {
      await Promise.all([stopTick(), stopSweep()]);
      await engine.jobs.stop();
    },
  };
}
