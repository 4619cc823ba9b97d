/** Who changes what others change: entries of the queue, and what landed since the oldest open build began. */
import { PathIndex } from '../task/path-index.ts';

interface Pathed {
  readonly order: number | null;
  readonly paths: readonly string[];
}

/** Those of `others` that share a path with these patterns, by `order`, in ascending order. */
export function overlapsOf(paths: readonly string[], others: readonly Pathed[]): number[] {
  return overlapTable([...others, { order: -1, paths }]).get(-1) ?? [];
}

/** For each of them, the others that share a path with it. */
export function overlapTable(all: readonly Pathed[]): Map<number, number[]> {
  const index = new PathIndex<number>();
  for (const { order, paths } of all) if (order !== null) index.add(paths, order);
  const table = new Map<number, number[]>();
  for (const { order, paths } of all) {
    if (order === null) continue;
    const found = index.all(paths);
    found.delete(order);
    table.set(
      order,
      [...found].sort((a, b) => a - b),
    );
  }
  return table;
}
