/** What one plan costs, in a queue of a given length with builds in every state. */
import { planQueue } from '../../src/core/queue/planner.ts';
import type { QueueBuild, QueueEntry, QueueSnapshot } from '../../src/core/queue/snapshot.ts';
import { draw } from './hash.ts';

export interface Cost {
  readonly entries: number;
  /** Median of eleven plans. */
  readonly ms: number;
}

const hour = 3_600_000;

/** A lane in the middle of its work: a third tested, some builds failed, fifty builds running. */
export function busySnapshot(count: number): QueueSnapshot {
  const overlaps = Array.from({ length: count }, (): number[] => []);
  for (let id = 1; id < count; id++) {
    for (let n = 0; n < 3; n++) {
      const other = Math.floor(draw(1, 1, id, n) * id);
      overlaps[id]?.push(other);
      overlaps[other]?.push(id);
    }
  }
  const entries = Array.from(
    { length: count },
    (_, id): QueueEntry => ({
      id,
      rank: id,
      priority: draw(1, 2, id) < 0.05 ? 1 : 0,
      enteredAt: 0,
      enteredBase: 0,
      prerequisites: id > 0 && draw(1, 3, id) < 0.1 ? [id - 1] : [],
      overlaps: overlaps[id] ?? [],
      conflicts: [],
      group: draw(1, 4, id) < 0.25 ? 'b' : 'a',
      predicted: null,
      ownCi: null,
    }),
  );
  const builds: QueueBuild[] = [];
  for (let first = 0; first < count / 2; first += 5) {
    const set = entries.slice(first, first + 5).map(({ id }) => id);
    const luck = draw(1, 5, first);
    const outcome = luck < 0.6 ? 'passed' : luck < 0.8 || builds.length > 250 ? 'failed' : 'running';
    builds.push({ id: `b${first}`, base: 0, set, purpose: 'screen', outcome, startedAt: hour });
  }
  const history = {
    groups: new Map(),
    flakes: { chances: 0, events: 0 },
    overlapping: { chances: 0, events: 0 },
    disjoint: { chances: 0, events: 0 },
    arrivals: [],
    durations: [],
  };
  const policy = { mode: 'strict', builds: 50, retries: 3, batch: 40, starvation: 200 } as const;
  return { at: 2 * hour, landedFrom: 0, landed: [], entries, builds, policy, history, frozen: false };
}

export function measureCost(): Cost[] {
  return [500, 5_000].map((entries) => {
    const snapshot = busySnapshot(entries);
    const times = Array.from({ length: 11 }, () => {
      const from = performance.now();
      planQueue(snapshot);
      return performance.now() - from;
    }).sort((a, b) => a - b);
    return { entries, ms: times[5] ?? Number.NaN };
  });
}
