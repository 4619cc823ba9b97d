/** Collisions: waiting tasks that want the same files, foreseen before any of them starts. */
import type { FactBody } from '../lane/facts.ts';
import { type Collision, isLive, type LaneState, prerequisitesOf, type Task } from '../lane/state.ts';
import { overlap } from './patterns.ts';

export function isBetween(collision: Collision, issue: number): boolean {
  return collision.a === issue || collision.b === issue;
}

function dependsOnEachOther(a: Task, b: Task): boolean {
  return prerequisitesOf(a).includes(b.issue) || prerequisitesOf(b).includes(a.issue);
}

/**
 * Pairs of tasks that own overlapping paths and have not landed, not yet foreseen. Those that wait for each other
 * anyway are in order already and no collision.
 */
export function foreseeCollisions(state: LaneState): FactBody[] {
  const open = Object.values(state.tasks)
    .filter(isLive)
    .sort((a, b) => a.issue - b.issue);
  const known = new Set(state.collisions.map(({ a, b }) => `${a}:${b}`));
  return open.flatMap((a, index) =>
    open.slice(index + 1).flatMap((b): FactBody[] => {
      const startable = a.state === 'waiting' || b.state === 'waiting';
      if (!startable || known.has(`${a.issue}:${b.issue}`) || dependsOnEachOther(a, b)) return [];
      const paths = overlap(a.spec.owns, b.spec.owns);
      return paths.length === 0 ? [] : [{ kind: 'collision-foreseen', a: a.issue, b: b.issue, paths }];
    }),
  );
}
