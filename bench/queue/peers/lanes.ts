/** PRs that may influence each other, for the queues that test and land PRs side by side. */
import type { PrView } from '../policy.ts';
import type { Line } from './line.ts';

function overlap(a: PrView, b: PrView): boolean {
  return a.files.some((file) => b.files.includes(file));
}

/** What stands ahead in the line and shares a file with the PR, or is needed by it; in the order of the line. */
export function findAhead(line: Line, view: PrView): PrView[] {
  const end = line.waiting.indexOf(view);
  return line.waiting
    .slice(0, end)
    .filter((other) => view.prerequisites.includes(other.pr) || overlap(view, other));
}

/** These, in the order of the line. */
export function inLineOrder(line: Line, views: ReadonlySet<PrView>): PrView[] {
  return views.size === 0 ? [] : line.waiting.filter((view) => views.has(view));
}

/** Drops what left the line, after `leave` has seen to the rest, and takes up what is new in it. */
export function followLine<Kept>(
  line: Line,
  kept: Map<PrView, Kept>,
  on: { enter(view: PrView): Kept; leave(gone: ReadonlySet<PrView>): void },
): void {
  const gone = new Set(line.gone.splice(0));
  if (gone.size > 0) on.leave(gone);
  for (const view of gone) kept.delete(view);
  for (const view of line.waiting) if (!kept.has(view)) kept.set(view, on.enter(view));
}
