/**
 * What claiming files costs: `npm run bench:claims -- --claims 10000 --claimers 8 --seconds 20 --races 10000`.
 *
 * A durable Postgres with so many live claims, in one lane and spread over fifty, and claimers that take a few paths
 * each (one in five of them somebody else's already) and give them back: begin, claim, commit, through the ledger's
 * own functions. Then races of eight for overlapping paths, of which none may be won twice.
 */
import { parseArgs } from 'node:util';
import type { Kysely } from 'kysely';
import type { LaneKey } from '../src/core/ids.ts';
import { giveBackClaims, takeClaims } from '../src/ledger/claims.ts';
import type { DB } from '../src/ledger/schema.ts';
import { runRaces } from '../test/ledger/claim-races.ts';
import { storeLane, withPostgres } from './schedule/ledger.ts';
import { busyLane } from './schedule/scene.ts';
import { machine, spread } from './schedule/statistics.ts';

const { values } = parseArgs({
  options: {
    claims: { type: 'string', default: '10000' },
    claimers: { type: 'string', default: '8' },
    seconds: { type: 'string', default: '20' },
    races: { type: 'string', default: '10000' },
    json: { type: 'boolean', default: false },
  },
});
const claims = Number(values.claims);
const claimers = Number(values.claimers);

class Refused extends Error {}

interface Lane {
  key: LaneKey;
  /** Paths that are owned already. */
  taken: string[];
}

/** Lanes with a task for each claimer and one that owns everything that is claimed before. */
async function fillLanes(db: Kysely<DB>, count: number, firstRepo: number): Promise<Lane[]> {
  const lanes: Lane[] = [];
  for (let index = 0; index < count; index++) {
    const { state } = busyLane(claimers + 1);
    const key = await storeLane(db, firstRepo + index, { ...state, tasks: withoutClaims(state.tasks) });
    const own = Array.from(
      { length: Math.round(claims / count) },
      (_, n) => `src/area-${n % 97}/module-${n}/file.ts`,
    );
    for (let from = 0; from < own.length; from += 1_000) {
      const some = own.slice(from, from + 1_000);
      await db.transaction().execute(async (trx) => {
        if (!(await takeClaims(trx, { key, issue: claimers + 1, fence: 1 }, [], some)))
          throw new Error('the first claims were refused');
      });
    }
    lanes.push({ key, taken: own });
  }
  return lanes;
}

function withoutClaims<T extends { claims: string[] }>(
  tasks: Readonly<Record<number, T>>,
): Record<number, T> {
  return Object.fromEntries(Object.entries(tasks).map(([issue, task]) => [issue, { ...task, claims: [] }]));
}

/** One claimer: takes one to three paths, and gives back what it got, until the time is over. */
async function keepClaiming(db: Kysely<DB>, lanes: readonly Lane[], issue: number, until: number) {
  const took: number[] = [];
  let refused = 0;
  for (let round = 0; performance.now() < until; round++) {
    const lane = lanes[(round * 31 + issue * 7) % lanes.length];
    if (!lane) throw new Error('no lane');
    const wanted = Array.from({ length: 1 + (round % 3) }, (_, n) => `new/${issue}/${round}/file-${n}.ts`);
    const theirs = lane.taken[(round * 7919) % lane.taken.length];
    if (round % 5 === 0 && theirs !== undefined) wanted.push(theirs);
    const claimer = { key: lane.key, issue, fence: round };
    const began = performance.now();
    const won = await db
      .transaction()
      .execute(async (trx) => {
        if (!(await takeClaims(trx, claimer, [], wanted))) throw new Refused();
        return true;
      })
      .catch((error: unknown) => {
        if (error instanceof Refused) return false;
        throw error;
      });
    took.push(performance.now() - began);
    if (won) await db.transaction().execute((trx) => giveBackClaims(trx, claimer, wanted, []));
    else refused += 1;
  }
  return { took, refused };
}

async function measure(
  db: Kysely<DB>,
  lanes: readonly Lane[],
): Promise<{ lanes: number; perSecond: number; refused: number; p99: number }> {
  const seconds = Number(values.seconds);
  const until = performance.now() + seconds * 1_000;
  const all = await Promise.all(
    Array.from({ length: claimers }, (_, index) => keepClaiming(db, lanes, index + 1, until)),
  );
  const took = all.flatMap((each) => each.took);
  const refused = all.reduce((sum, each) => sum + each.refused, 0);
  return { lanes: lanes.length, perSecond: Math.round(took.length / seconds), refused, ...spread(took) };
}

const result = await withPostgres(async (db, version) => {
  const one = await fillLanes(db, 1, 1);
  const inOne = await measure(db, one);
  const many = await fillLanes(db, 50, 100);
  const inMany = await measure(db, many);
  const [lane] = await fillLanes(db, 1, 1_000);
  if (!lane) throw new Error('no lane');
  const issues = Array.from({ length: 8 }, (_, index) => index + 1);
  const races = await runRaces(db, lane.key, issues, Number(values.races));
  return { claims, claimers, inOne, inMany, races, postgres: version, ...machine() };
});
console.log(values.json ? JSON.stringify(result) : result);
const isSlow = result.inOne.p99 >= 20 || result.inMany.p99 >= 20;
if (isSlow || result.races.doubleWins > 0 || result.races.differing > 0) process.exitCode = 1;
