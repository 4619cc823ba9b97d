/** Claimers that race for overlapping paths, and the count of what must never happen. */
import type { Kysely } from 'kysely';
import type { LaneKey } from '../../src/core/ids.ts';
import { minimalSubtrees } from '../../src/core/task/patterns.ts';
import { takeClaims } from '../../src/ledger/claims.ts';
import type { DB } from '../../src/ledger/schema.ts';

export interface Outcome {
  won: number;
  lost: number;
  /** Pairs of winners of one race whose paths overlap. */
  doubleWins: number;
  /** Races after which the ledger held something else than what was won. */
  differing: number;
  deadlocks: number;
}

const names = ['', 'a', 'a/b', 'a/c', 'b', 'a/b/c', 'b/x', 'c', 'A/b', 'c/d'];

/** The same numbers for the same seed, so that a race that went wrong can be run again. */
function drawFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

class Lost extends Error {}

async function claim(db: Kysely<DB>, key: LaneKey, issue: number, fence: number, patterns: string[]) {
  try {
    await db.transaction().execute(async (trx) => {
      if (!(await takeClaims(trx, { key, issue, fence }, [], patterns))) throw new Lost();
    });
    return 'won' as const;
  } catch (error) {
    if (error instanceof Lost) return 'lost' as const;
    if (error instanceof Error && 'code' in error && error.code === '40P01') return 'deadlock' as const;
    throw error;
  }
}

/** Written out once more, so that it shares nothing with what it judges. */
function overlaps(one: readonly string[], other: readonly string[]): boolean {
  const below = (x: string, y: string) => x === '' || x === y || y.startsWith(`${x}/`);
  const fold = (paths: readonly string[]) => paths.map((path) => path.replace(/^\*\*$/u, '').toLowerCase());
  return fold(one).some((x) => fold(other).some((y) => below(x, y) || below(y, x)));
}

/** @param claimers issues of tasks that exist in the lane, one connection each */
export async function runRaces(
  db: Kysely<DB>,
  key: LaneKey,
  claimers: readonly number[],
  races: number,
): Promise<Outcome> {
  const outcome: Outcome = { won: 0, lost: 0, doubleWins: 0, differing: 0, deadlocks: 0 };
  const empty = db
    .deleteFrom('claim')
    .where('installation_id', '=', key.installationId)
    .where('lane_id', '=', key.laneId)
    .returning('path');
  await empty.execute();
  for (let race = 0; race < races; race++) {
    const draw = drawFrom(race);
    const wishes = claimers.map(() =>
      Array.from({ length: 1 + draw(3) }, () => names[draw(names.length)] || '**'),
    );
    const results = await Promise.all(
      claimers.map((issue, index) => claim(db, key, issue, race, wishes[index] ?? [])),
    );
    const winners = wishes.filter((_, index) => results[index] === 'won');
    outcome.won += winners.length;
    outcome.lost += claimers.length - winners.length;
    outcome.deadlocks += results.filter((result) => result === 'deadlock').length;
    for (const [index, one] of winners.entries())
      outcome.doubleWins += winners.slice(index + 1).filter((other) => overlaps(one, other)).length;
    const rows = await empty.execute();
    const expected = winners.flatMap((patterns) => minimalSubtrees(patterns)).sort();
    const actual = rows.map((row) => row.path).sort();
    if (JSON.stringify(actual) !== JSON.stringify(expected)) outcome.differing += 1;
  }
  return outcome;
}
