/** The journal: what has happened in a lane, in order and for ever. */
import type { Kysely } from 'kysely';
import type { LaneKey } from '../core/ids.ts';
import type { Fact } from '../core/lane/facts.ts';
import type { Recorded } from '../core/lane/replay.ts';
import type { DB } from './schema.ts';

const columns = (key: LaneKey) => ({ installation_id: key.installationId, lane_id: key.laneId });

/** The newest facts about an issue, newest first. */
export async function recentFacts(
  db: Kysely<DB>,
  key: LaneKey,
  issue: number,
  limit: number,
): Promise<Fact[]> {
  const rows = await db
    .selectFrom('journal')
    .select('fact')
    .where((eb) => eb.and({ ...columns(key), issue }))
    .orderBy('seq', 'desc')
    .limit(limit)
    .execute();
  return rows.map((row) => readFact(row.fact));
}

/** All facts of a lane in order, for replaying them. */
export async function readJournal(db: Kysely<DB>, key: LaneKey): Promise<Recorded[]> {
  const rows = await db
    .selectFrom('journal')
    .select(['seq', 'fact'])
    .where((eb) => eb.and(columns(key)))
    .orderBy('seq')
    .execute();
  return rows.map((row) => ({ seq: row.seq, fact: readFact(row.fact) }));
}

/**
 * A fact as it is understood today. The journal is never rewritten, so what facts did not say when they were recorded
 * is added when they are read.
 */
function readFact(stored: unknown): Fact {
  const fact = stored as Fact;
  switch (fact?.kind) {
    case 'task-requested':
      return {
        ...fact,
        labelledAt: fact.labelledAt ?? null,
        blockedElsewhere: fact.blockedElsewhere ?? [],
        spec: { ...fact.spec, dependsElsewhere: fact.spec.dependsElsewhere ?? [] },
      };
    case 'dependencies-linked':
      return { ...fact, blockedElsewhere: fact.blockedElsewhere ?? [] };
    default:
      return fact;
  }
}
