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
