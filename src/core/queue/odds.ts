/**
 * What the tests say of each entry. A passed test proves its members good, together and on its base; landings since
 * then that it did not contain make that proof stale by a little. A failed test says that one of its members is bad
 * or that the run flaked, and each member's share of the suspicion depends on how likely the others are to blame.
 */
import { type Estimates, estimateFrom } from './history.ts';
import type { Line, Test } from './line.ts';
import type { EntryId } from './snapshot.ts';

export interface Odds {
  readonly estimates: Estimates;
  /** Per index: the probability that the entry fails on the base and the good entries before it. */
  readonly bad: readonly number[];
  /** Per index: the passed test that says most of it today, if any. */
  readonly proof: readonly (Test | null)[];
  /** Failed tests that no pass has refuted and that say something of entries in the queue. */
  readonly failures: readonly Test[];
  /** Starts an empty candidate. */
  candidate(): Candidate;
}

/**
 * A candidate that grows entry by entry, and the odds that it is good. Each failed test lowers them by as much as it
 * would have been less likely to fail had the members that it shares with the candidate all been good (Bayes, one
 * failed test at a time).
 */
export interface Candidate {
  readonly members: ReadonlySet<number>;
  /** Odds that all are good, before the failed tests are looked at. */
  readonly plain: number;
  /** What the failed tests leave of that, as a factor. */
  readonly spared: number;
  add(index: number): void;
  /** `spared` after adding this one. */
  sparedWith(index: number): number;
}

const sweeps = 5;

function countOverlapping(line: Line, index: number, from: number, contained: ReadonlySet<number>): number {
  let count = 0;
  for (const id of line.entries[index]?.overlaps ?? []) {
    const at = line.landedAt.get(id);
    if (at !== undefined && at >= from && !contained.has(id)) count += 1;
  }
  return count;
}

interface Proofs {
  readonly proof: (Test | null)[];
  readonly stale: number[];
}

/** For each entry the pass that is least stale, and how stale that is. */
function readProofs(line: Line, estimates: Estimates): Proofs {
  const proof: (Test | null)[] = line.entries.map(() => null);
  const stale = line.entries.map(() => 1);
  for (const test of line.tests) {
    if (test.build.outcome !== 'passed') continue;
    const contained = new Set(test.build.set);
    for (const index of test.members) {
      const overlapping = countOverlapping(line, index, test.build.base, contained);
      const kept =
        (1 - estimates.overlapping) ** overlapping *
        (1 - estimates.disjoint) ** Math.max(0, test.missed - overlapping);
      const known = proof[index];
      const isFresher = 1 - kept < (stale[index] ?? 1);
      const isLarger = 1 - kept === stale[index] && test.members.length > (known?.members.length ?? 0);
      if (!known || isFresher || isLarger) {
        proof[index] = test;
        stale[index] = 1 - kept;
      }
    }
  }
  return { proof, stale };
}

interface Pass {
  readonly test: Test;
  readonly set: ReadonlySet<EntryId>;
}

/** Whether everything in the failed test's tree is in the passed one's: a bad tree stays bad in larger trees. */
function refutes(line: Line, { test: passed, set }: Pass, failed: Test): boolean {
  const { landed, landedFrom } = line.snapshot;
  for (let at = passed.build.base; at < failed.build.base; at++) {
    const id = landed[at - landedFrom];
    if (id === undefined || id === null || !set.has(id)) return false;
  }
  return failed.build.set.every(
    (id) => set.has(id) || (line.landedAt.get(id) ?? Number.POSITIVE_INFINITY) < passed.build.base,
  );
}

/** Failed tests that still say something: of entries in the queue alone or with landed ones, and not refuted. */
function findFailures(line: Line): Test[] {
  const failed = line.tests.filter(
    ({ build, members, hasLeaver }) => build.outcome === 'failed' && members.length > 0 && !hasLeaver,
  );
  if (failed.length === 0) return [];
  // Whoever refutes a failed test contains its first member.
  const passes = new Map<number, Pass[]>();
  const first = new Set(failed.map(({ members }) => members[0] ?? -1));
  for (const test of line.tests) {
    if (test.build.outcome !== 'passed') continue;
    const pass = { test, set: new Set(test.build.set) };
    for (const index of test.members) {
      if (first.has(index)) passes.set(index, [...(passes.get(index) ?? []), pass]);
    }
  }
  return failed.filter(
    (test) => !passes.get(test.members[0] ?? -1)?.some((pass) => refutes(line, pass, test)),
  );
}

/** The risk that an entry is bad in company: with overlapping ones before it that it was never tested with. */
function findCompany(line: Line, proofs: Proofs, estimates: Estimates): number[] {
  let proven = 0;
  const sets = new Map<Test, ReadonlySet<number>>();
  const setOf = (test: Test | null | undefined): ReadonlySet<number> | undefined => {
    if (!test) return undefined;
    const set = sets.get(test) ?? new Set(test.build.set);
    sets.set(test, set);
    return set;
  };
  return line.entries.map((entry, index) => {
    let kept = (1 - estimates.disjoint) ** proven;
    const own = setOf(proofs.proof[index]);
    for (const id of entry.overlaps) {
      const other = line.indexOf.get(id);
      if (other === undefined || other >= index || !proofs.proof[other]) continue;
      if (!own?.has(id) && !setOf(proofs.proof[other])?.has(entry.id)) kept *= 1 - estimates.overlapping;
    }
    if (own) proven += 1;
    return 1 - kept;
  });
}

const toLogit = (p: number): number => Math.log(p / (1 - p));
const fromLogit = (x: number): number => 1 / (1 + Math.exp(-x));
const clamp = (p: number): number => Math.min(1 - 1e-9, Math.max(1e-9, p));

/**
 * Spreads the blame of failed tests (belief propagation): each test tells each member how likely it would have
 * failed without that member being bad, seen from what all other tests say of the rest.
 */
function spreadBlame(prior: readonly number[], failures: readonly Test[], flake: number): number[] {
  const logits = prior.map((p) => toLogit(clamp(p)));
  const messages = failures.map(({ members }) => members.map(() => 0));
  for (let sweep = 0; sweep < sweeps; sweep++) {
    for (const [number, { members }] of failures.entries()) {
      const said = messages[number] ?? [];
      const good = members.map((index, k) => 1 - fromLogit((logits[index] ?? 0) - (said[k] ?? 0)));
      const all = good.reduce((product, one) => product * one, 1 - flake);
      for (const [k, index] of members.entries()) {
        const others = all / Math.max(good[k] ?? 1, 1e-12);
        const message = -Math.log(Math.max(1 - others, 1e-9));
        logits[index] = (logits[index] ?? 0) + message - (said[k] ?? 0);
        said[k] = message;
      }
    }
  }
  return logits.map(fromLogit);
}

/** Of an entry that no build has tested: its group's history, and what landed since its own CI ran. */
function untestedOdds(line: Line, index: number, estimates: Estimates): number {
  const entry = line.entries[index];
  if (!entry) return 1;
  if (entry.ownCi === null) return estimates.bad(entry);
  const overlapping = countOverlapping(line, index, entry.ownCi, new Set());
  const disjoint = Math.max(0, line.base - entry.ownCi - overlapping);
  const kept = (1 - estimates.overlapping) ** overlapping * (1 - estimates.disjoint) ** disjoint;
  return 1 - (1 - estimates.bad(entry)) * kept;
}

export function weigh(line: Line): Odds {
  const estimates = estimateFrom(line.snapshot.history, line.snapshot.at);
  const proofs = readProofs(line, estimates);
  const company = findCompany(line, proofs, estimates);
  const prior = line.entries.map((_, index) => {
    const own = proofs.proof[index] ? (proofs.stale[index] ?? 1) : untestedOdds(line, index, estimates);
    return 1 - (1 - own) * (1 - (company[index] ?? 0));
  });
  const failures = findFailures(line);
  return {
    estimates,
    bad: spreadBlame(prior, failures, estimates.flake),
    proof: proofs.proof,
    failures,
    candidate: candidates(prior, withoutExplained(failures), estimates.flake),
  };
}

/** A failed test that contains another failed one has its explanation in that. */
function withoutExplained(failures: readonly Test[]): (readonly number[])[] {
  const bySize = failures.map(({ members }) => members).sort((a, b) => a.length - b.length);
  const kept: (readonly number[])[] = [];
  for (const members of bySize) {
    const set = new Set(members);
    const isExplained = kept.some(
      (one) => one.length < members.length && one.every((index) => set.has(index)),
    );
    if (!isExplained) kept.push(members);
  }
  return kept;
}

function candidates(
  prior: readonly number[],
  failures: readonly (readonly number[])[],
  flake: number,
): () => Candidate {
  const goodOf = (index: number) => Math.max(1e-9, 1 - (prior[index] ?? 1));
  const all = failures.map((members) =>
    members.reduce((product, index) => product * goodOf(index), 1 - flake),
  );
  const failuresOf = new Map<number, number[]>();
  for (const [number, members] of failures.entries()) {
    for (const index of members) failuresOf.set(index, [...(failuresOf.get(index) ?? []), number]);
  }
  return () => {
    const members = new Set<number>();
    const rest = [...all];
    let plain = 1;
    let spared = 1;
    const factor = (number: number, odds: number) => (1 - odds) / (1 - (all[number] ?? 0));
    const sparedWith = (index: number): number => {
      let next = spared;
      for (const number of failuresOf.get(index) ?? []) {
        const odds = rest[number] ?? 0;
        next *= factor(number, Math.min(odds / goodOf(index), 1 - flake)) / factor(number, odds);
      }
      return next;
    };
    return {
      members,
      get plain() {
        return plain;
      },
      get spared() {
        return spared;
      },
      sparedWith,
      add(index) {
        if (members.has(index)) return;
        spared = sparedWith(index);
        for (const number of failuresOf.get(index) ?? []) {
          rest[number] = Math.min((rest[number] ?? 0) / goodOf(index), 1 - flake);
        }
        plain *= goodOf(index);
        members.add(index);
      },
    };
  };
}
