/** Collisions: tasks that want the same files, foreseen before the later of the two starts. */
import type { FactBody } from '../lane/facts.ts';
import { type Collision, isLive, type LaneState, prerequisitesOf, type Task } from '../lane/state.ts';
import { claimsAtStart } from './ownership.ts';
import { PathIndex } from './path-index.ts';
import { overlap } from './patterns.ts';
import { isWork } from './split.ts';

/** With how many older tasks a task is said to collide at most: in a crowd, more would tell nobody anything. */
const mostForOne = 20;

function compare(x: Pick<Collision, 'a' | 'b'>, y: Pick<Collision, 'a' | 'b'>): number {
  return x.a - y.a || x.b - y.b;
}

/** The collisions with one more, in order. */
export function addCollision(known: readonly Collision[], added: Collision): Collision[] {
  let [low, high] = [0, known.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const at = known[middle];
    if (at !== undefined && compare(at, added) <= 0) low = middle + 1;
    else high = middle;
  }
  return [...known.slice(0, low), added, ...known.slice(low)];
}

function dependsOnEachOther(a: Task, b: Task): boolean {
  return prerequisitesOf(a).includes(b.issue) || prerequisitesOf(b).includes(a.issue);
}

/** The older tasks with which this one collides, at most `mostForOne` of them. */
function olderRivals(older: PathIndex<Task>, task: Task, paths: readonly string[]): Task[] {
  const rivals = new Set<Task>();
  older.find(paths, (other) => {
    if ((task.state === 'waiting' || other.state === 'waiting') && !dependsOnEachOther(task, other))
      rivals.add(other);
    return rivals.size >= mostForOne;
  });
  return [...rivals].sort((x, y) => x.issue - y.issue);
}

/**
 * Pairs of tasks that want overlapping paths and have not landed, not yet foreseen. Those that wait for each other
 * anyway are in order already and no collision; a task that declares nothing collides with everybody, and says that
 * once and not for each pair.
 */
export function foreseeCollisions(state: LaneState): FactBody[] {
  const { policy } = state;
  if (policy.schedule.mode !== 'locks') return [];
  const open = Object.values(state.tasks)
    .filter((task) => isLive(task) && task.spec.ownsDeclared && isWork(policy, task))
    .sort((a, b) => a.issue - b.issue);
  if (!open.some((task) => task.state === 'waiting')) return [];
  const known = new Set(state.collisions.map(({ a, b }) => `${a}:${b}`));
  const older = new PathIndex<Task>();
  return open.flatMap((task) => {
    const wanted = claimsAtStart(policy, task.spec);
    const rivals = olderRivals(older, task, wanted);
    older.add(wanted, task);
    return rivals.flatMap((other): FactBody[] => {
      const [a, b] = [other.issue, task.issue];
      if (known.has(`${a}:${b}`)) return [];
      const paths = overlap(claimsAtStart(policy, other.spec), wanted);
      return [{ kind: 'collision-foreseen', a, b, paths }];
    });
  });
}
