/** Who lands and who leaves. */
import { mayLand, type Test } from './line.ts';
import { idsOf, isReady, passOdds, type Situation } from './situation.ts';
import type { QueueAction } from './snapshot.ts';

/** In the mode `trust-ownership`: nothing landed since the test's base that overlaps with what it would land. */
function isDisjoint({ line }: Situation, test: Test): boolean {
  if (test.hasLeaver || test.lacksNeed || test.members.length === 0) return false;
  const set = new Set(test.build.set);
  return test.members.every((index) =>
    (line.entries[index]?.overlaps ?? []).every((id) => {
      const at = line.landedAt.get(id);
      return at === undefined || at < test.build.base || set.has(id);
    }),
  );
}

const isWithin = (part: ReadonlySet<number>, whole: ReadonlySet<number>): boolean =>
  part.size <= whole.size && [...part].every((index) => whole.has(index));

/**
 * A candidate lands now unless one that runs without some of its entries carries more and is likely to pass. What was
 * no car lands only when no car is on its way with others who are known to be good: it would send that back.
 */
function isWorthMore(situation: Situation, test: Test): boolean {
  const inTest = new Set(test.members);
  const isCar = test.build.purpose === 'train';
  if (!isCar && [...situation.covered].some((index) => isReady(situation, index) && !inTest.has(index)))
    return false;
  const rivals = situation.running
    .filter((other) => other.build.purpose === 'train' && mayLand(other))
    .map(({ members }) => new Set(members));
  return rivals.every((rival) => {
    if (isWithin(rival, inTest) || isWithin(inTest, rival)) return true;
    return rival.size * passOdds(situation, rival) <= test.members.length;
  });
}

/**
 * The landing rule: a test that passed on base B with the set S may land if everything that landed since B is in S,
 * for then the tree that lands is the tree that passed. Of several the largest lands, and with it all it contains.
 */
export function findLanding(situation: Situation): Extract<QueueAction, { do: 'land' }> | null {
  const { line } = situation;
  if (line.snapshot.frozen) return null;
  const trusts = line.snapshot.policy.mode === 'trust-ownership';
  let best: Test | null = null;
  for (const test of line.tests) {
    if (test.build.outcome !== 'passed') continue;
    if (!mayLand(test) && !(trusts && isDisjoint(situation, test))) continue;
    if (best && best.members.length >= test.members.length) continue;
    if (trusts || isWorthMore(situation, test)) best = test;
  }
  if (!best) return null;
  return { do: 'land', build: best.build.id, entries: idsOf(line, best.members), exact: mayLand(best) };
}

/**
 * Who leaves: an entry that failed on the landed base, everything else in those tests having landed, so often that
 * flakes do not explain it, or as often as the policy allows. Never by inference from what others did.
 */
export function findEjections(situation: Situation): Extract<QueueAction, { do: 'eject' }>[] {
  const { line, odds, tuning } = situation;
  const alone = new Map<number, string[]>();
  for (const { members, build } of odds.failures) {
    const [index] = members;
    if (members.length === 1 && index !== undefined) {
      alone.set(index, [...(alone.get(index) ?? []), build.id]);
    }
  }
  return [...alone]
    .sort(([a], [b]) => a - b)
    .flatMap(([index, evidence]) => {
      const entry = line.entries[index];
      const bad = odds.bad[index] ?? 0;
      const isSpent = evidence.length > line.snapshot.policy.retries;
      if (!entry || (bad < tuning.blame && !isSpent)) return [];
      return [{ do: 'eject', entry: entry.id, code: 'tests-failed', evidence, odds: bad } as const];
    });
}
