/** A lane with one task that is assigned to a worker, brought there the way the engine does it. */
import { type LaneKey, taskId } from '../../src/core/ids.ts';
import type { LaneState } from '../../src/core/lane/state.ts';
import { advance, unticketed } from '../../src/engine/advance.ts';
import type { EngineContext } from '../../src/engine/context.ts';
import { ensureLane } from '../../src/engine/sweep.ts';
import { loadWholeLane } from '../../src/ledger/load-lane.ts';
import { notePresence } from '../../src/ledger/presence.ts';
import { issue, policy } from '../core/lane-driver.ts';

export interface AssignedTask {
  key: LaneKey;
  task: string;
  attempt: number;
  fence: number;
  readState(): Promise<LaneState>;
}

export async function assignTask(engine: EngineContext): Promise<AssignedTask> {
  const address = { installationId: 7, repoId: 1, owner: 'acme', repo: 'shop', base: 'main' };
  const key = await ensureLane(engine, address);
  await notePresence(engine.db, 'default', 'w1', null);
  const seen = [{ kind: 'base' as const, sha: 'base-0' }, policy({ schedule: { grace: '0s' } }), issue(1)];
  const advanced = await advance(engine.db, key, seen.map(unticketed));
  const attempt = advanced?.state.tasks[1]?.attempt;
  if (!attempt) throw new Error('the task was not assigned');
  return {
    key,
    task: taskId(key.laneId, 1),
    attempt: attempt.number,
    fence: attempt.fence,
    readState: async () => (await loadWholeLane(engine.db, key)).state,
  };
}
