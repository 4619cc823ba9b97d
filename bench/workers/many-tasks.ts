/** Many tasks, each assigned and with its branch and pull request open, brought there the way the engine does it. */
import type { Kysely } from 'kysely';
import { type LaneKey, readTaskId } from '../../src/core/ids.ts';
import type { Observation } from '../../src/core/lane/observation.ts';
import type { LaneState, Task } from '../../src/core/lane/state.ts';
import { advance, unticketed } from '../../src/engine/advance.ts';
import { readJournal } from '../../src/ledger/journal.ts';
import { keyOf, openLane } from '../../src/ledger/lanes.ts';
import { loadWholeLane } from '../../src/ledger/load-lane.ts';
import { notePresence } from '../../src/ledger/presence.ts';
import type { DB } from '../../src/ledger/schema.ts';
import { issue, policy } from '../../test/core/lane-driver.ts';

export const agent = 'noop';
export const openedSha = '1'.repeat(40);

const rules = (tasks: number): Observation =>
  policy({
    agents: { [agent]: { via: 'pull', capacity: Math.min(tasks, 100) } },
    schedule: { grace: '0s' },
    limits: { running: Math.min(tasks, 100) },
  });

async function see(db: Kysely<DB>, key: LaneKey, seen: readonly Observation[]): Promise<LaneState> {
  const advanced = await advance(db, key, seen.map(unticketed));
  if (!advanced) throw new Error('the lane did not advance');
  return advanced.state;
}

function openWork({ issue: number, attempt }: Task): Observation[] {
  if (!attempt) throw new Error(`#${number} was not assigned`);
  const names = { issue: number, attempt: attempt.number, fence: attempt.fence };
  return [
    { kind: 'branch-opened', ...names, sha: openedSha },
    { kind: 'pull-opened', issue: number, pull: 10_000 + number, headSha: openedSha, draft: true },
  ];
}

/** Opens the tasks, at most a hundred to a lane. @returns the lanes */
export async function openTasks(db: Kysely<DB>, tasks: number): Promise<LaneKey[]> {
  await notePresence(db, agent, 'w0', null);
  const keys: LaneKey[] = [];
  for (let left = tasks; left > 0; left -= 100) {
    const here = Math.min(left, 100);
    const address = {
      installationId: 7,
      repoId: keys.length + 1,
      owner: 'acme',
      repo: `r${keys.length}`,
      base: 'main',
    };
    const { key } = await openLane(db, address);
    const requested = Array.from({ length: here }, (_, index) =>
      issue(index + 1, { spec: { owns: [`src/${index + 1}.ts`] } }),
    );
    const lane: Observation = { kind: 'lane', owner: address.owner, repo: address.repo, base: 'main' };
    const state = await see(db, key, [
      lane,
      { kind: 'base', sha: '0'.repeat(40) },
      rules(here),
      ...requested,
    ]);
    await see(db, key, Object.values(state.tasks).flatMap(openWork));
    keys.push(key);
  }
  return keys;
}

/** Takes an attempt away from its worker, as a lease does that has run out. */
export async function endLease(db: Kysely<DB>, task: string, fence: number): Promise<void> {
  const id = readTaskId(task);
  const lane = await db
    .selectFrom('lane')
    .select(['installation_id', 'lane_id'])
    .where('lane_id', '=', id?.laneId ?? 0)
    .executeTakeFirstOrThrow();
  await db
    .updateTable('attempt')
    .set({ lease_until: new Date(0) })
    .where('lane_id', '=', lane.lane_id)
    .where('fence', '=', fence)
    .execute();
  await see(db, keyOf(lane), []);
}

export interface Standing {
  /** Tasks whose work is done. */
  done: number;
  /** Tasks whose first attempt was taken away: they wait for the next, or have it. */
  again: number;
  /** Anything else: lost. */
  lost: string[];
  /** Attempts that were started, and those that were more than once. */
  started: number;
  startedTwice: number;
  lateCheckpoints: number;
}

/** What has become of the tasks, from the state and the journal. */
export async function inspectTasks(db: Kysely<DB>, keys: readonly LaneKey[]): Promise<Standing> {
  const standing: Standing = { done: 0, again: 0, lost: [], started: 0, startedTwice: 0, lateCheckpoints: 0 };
  for (const key of keys) {
    const { state } = await loadWholeLane(db, key);
    const starts = (await readJournal(db, key)).flatMap(({ fact }) =>
      fact.kind === 'work-started' ? [`${fact.issue}.${fact.attempt}`] : [],
    );
    standing.started += new Set(starts).size;
    standing.startedTwice += starts.length - new Set(starts).size;
    for (const task of Object.values(state.tasks)) {
      if (task.state === 'in-review') standing.done += 1;
      else if (task.attempts > 1 || task.state === 'waiting') standing.again += 1;
      else standing.lost.push(`${key.laneId}.${task.issue} is ${task.state}`);
    }
  }
  const late = await db.selectFrom('checkpoint').select('fence').where('late', '=', true).execute();
  standing.lateCheckpoints = late.length;
  return standing;
}
