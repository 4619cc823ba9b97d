/** The entries of a snapshot in the order in which they are served, and its builds as tests of some of them. */
import type { BasePosition, EntryId, QueueBuild, QueueEntry, QueueSnapshot } from './snapshot.ts';

/** A build as seen by the planner. Members are indices into the line. */
export interface Test {
  readonly build: QueueBuild;
  /** Those of its set that are in the queue. */
  readonly members: readonly number[];
  /** Some of its set has neither landed nor is in the queue: it can never land. */
  readonly hasLeaver: boolean;
  /** Landings since its base that it does not contain. */
  readonly missed: number;
  /** A member needs an entry that is queued and not in it: the need came up after it had started. */
  readonly lacksNeed: boolean;
}

export interface Line {
  readonly snapshot: QueueSnapshot;
  readonly base: BasePosition;
  readonly entries: readonly QueueEntry[];
  readonly indexOf: ReadonlyMap<EntryId, number>;
  readonly landedAt: ReadonlyMap<EntryId, BasePosition>;
  readonly tests: readonly Test[];
  /** Indices of the prerequisites that are in the queue. */
  readonly needs: readonly (readonly number[])[];
  /** Prerequisites that are nowhere yet, per index; an entry with such, or that needs one with such, is not served. */
  readonly absent: readonly (readonly EntryId[])[];
}

function compareEntries(base: BasePosition, starvation: number): (a: QueueEntry, b: QueueEntry) => number {
  const isStarved = (entry: QueueEntry) => base - entry.enteredBase >= starvation;
  return (a, b) => {
    const [starvedA, starvedB] = [isStarved(a), isStarved(b)];
    if (starvedA !== starvedB) return starvedA ? -1 : 1;
    if (!starvedA && a.priority !== b.priority) return b.priority - a.priority;
    return a.rank - b.rank;
  };
}

/**
 * The serving order: who has waited for too many landings, then priority, then arrival; prerequisites always before
 * their dependants. In a circle of prerequisites (which no lane should have) the order of arrival decides.
 */
export function orderEntries(
  entries: readonly QueueEntry[],
  base: BasePosition,
  starvation: number,
): QueueEntry[] {
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  const seen = new Set<EntryId>();
  const ordered: QueueEntry[] = [];
  for (const first of [...entries].sort(compareEntries(base, starvation))) {
    const stack = [{ entry: first, next: 0 }];
    if (seen.has(first.id)) continue;
    seen.add(first.id);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const need = byId.get(top.entry.prerequisites[top.next] ?? Number.NaN);
      if (top.next < top.entry.prerequisites.length) {
        top.next += 1;
        if (need && !seen.has(need.id)) {
          seen.add(need.id);
          stack.push({ entry: need, next: 0 });
        }
      } else {
        ordered.push(top.entry);
        stack.pop();
      }
    }
  }
  return ordered;
}

function readTest(build: QueueBuild, line: Omit<Line, 'tests' | 'absent'>): Test {
  const members: number[] = [];
  let hasLeaver = false;
  let landedSince = 0;
  for (const id of build.set) {
    const index = line.indexOf.get(id);
    if (index !== undefined) {
      members.push(index);
      continue;
    }
    const position = line.landedAt.get(id);
    if (position === undefined) hasLeaver = true;
    else if (position >= build.base) landedSince += 1;
  }
  const lacksNeed = members.some((index) => line.needs[index]?.some((need) => !members.includes(need)));
  return { build, members, hasLeaver, missed: line.base - build.base - landedSince, lacksNeed };
}

export function readLine(snapshot: QueueSnapshot): Line {
  const { landed, landedFrom, policy } = snapshot;
  const base = landedFrom + landed.length;
  const landedAt = new Map<EntryId, BasePosition>();
  for (const [index, id] of landed.entries()) if (id !== null) landedAt.set(id, landedFrom + index);
  const entries = orderEntries(snapshot.entries, base, policy.starvation);
  const indexOf = new Map(entries.map(({ id }, index) => [id, index]));
  const needs: number[][] = [];
  const absent: EntryId[][] = [];
  for (const [index, { prerequisites }] of entries.entries()) {
    const open = prerequisites.filter((id) => !landedAt.has(id));
    const queued = open.flatMap((id) => indexOf.get(id) ?? []);
    needs.push(queued);
    // A prerequisite that is not before its dependant is part of a circle: nothing of it can be served.
    absent.push(
      open.filter((id) => {
        const at = indexOf.get(id);
        return at === undefined || at >= index || (absent[at]?.length ?? 0) > 0;
      }),
    );
  }
  const partial = { snapshot, base, entries, indexOf, landedAt, needs };
  return { ...partial, absent, tests: snapshot.builds.map((build) => readTest(build, partial)) };
}

/**
 * Whether the base may move to the tree of this test, once it has passed: everything landed since is in it, and
 * whatever its members need.
 */
export function mayLand(test: Test): boolean {
  return !test.hasLeaver && !test.lacksNeed && test.missed === 0 && test.members.length > 0;
}

/** Adds an entry's prerequisites and then the entry itself, each once. */
export function addStack(line: Line, index: number, set: Set<number>): void {
  if (set.has(index)) return;
  for (const need of line.needs[index] ?? []) addStack(line, need, set);
  set.add(index);
}
