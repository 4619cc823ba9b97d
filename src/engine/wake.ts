/** Waking lanes: whoever finds that something is due says so; the jobs see that one worker at a time runs a lane. */
import type { LaneKey } from '../core/ids.ts';
import type { Look } from '../core/lane/look.ts';
import { lanesNaming, lanesWithDueWork, lanesWithWaitingTasks } from '../ledger/lanes.ts';
import { requestLooks } from '../ledger/looks.ts';
import { advance } from './advance.ts';
import type { EngineContext } from './context.ts';

/** How often a look is repeated when a webhook's news cannot be read yet. */
const repeats = 2;

/** Asks for the looks of webhooks and wakes their lane. */
export async function askForLooks(
  engine: EngineContext,
  key: LaneKey,
  looks: readonly Look[],
): Promise<void> {
  await requestLooks(engine.db, key, looks, repeats);
  await engine.jobs.wakeLane(engine.db, key);
}

/** Tells the lanes that name this issue of another repository (`owner/repo#7`) that it may have changed. */
export async function askElsewhere(
  engine: EngineContext,
  installationId: number,
  reference: string,
): Promise<void> {
  for (const key of await lanesNaming(engine.db, installationId, reference)) {
    await askForLooks(engine, key, [{ kind: 'elsewhere', subject: reference }]);
  }
}

/** Wakes every lane in which something is due: after a start, after a crash, and when a time has come. */
export async function wakeDueLanes(engine: EngineContext): Promise<void> {
  for (const key of await lanesWithDueWork(engine.db)) await engine.jobs.wakeLane(engine.db, key);
}

/** Lets lanes with waiting tasks look again, because an agent has turned up. */
export async function wakeWaitingLanes(engine: EngineContext): Promise<void> {
  for (const key of await lanesWithWaitingTasks(engine.db)) {
    await advance(engine.db, key, []);
    await engine.jobs.wakeLane(engine.db, key);
  }
}
