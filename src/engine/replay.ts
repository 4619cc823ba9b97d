/** `signalbox replay`: does the ledger hold what its journal tells? Reads only. */
import type { Kysely } from 'kysely';
import {
  assertWhole,
  compareStates,
  JournalDamage,
  replayJournal,
  stepThrough,
} from '../core/lane/replay.ts';
import { readJournal } from '../ledger/journal.ts';
import { keyOf, type LaneRow, listLanes } from '../ledger/lanes.ts';
import { loadWholeLane } from '../ledger/load-lane.ts';
import type { DB } from '../ledger/schema.ts';
import { renderDamage, renderReplay, renderSteps } from '../protocol/replay-text.ts';

export interface ReplayOptions {
  /** `owner/repo` or `owner/repo@base`; null for every lane. */
  lane: string | null;
  /** Step through this issue's task instead of comparing. */
  issue: number | null;
  json: boolean;
}

const nameOf = ({ owner, repo, base }: LaneRow): string => `${owner}/${repo}@${base}`;

function isMeant(row: LaneRow, lane: string | null): boolean {
  return lane === null || nameOf(row) === lane || `${row.owner}/${row.repo}` === lane;
}

/** @returns what to print, and whether every replayed state is the stored one */
export async function replay(
  db: Kysely<DB>,
  { lane, issue, json }: ReplayOptions,
): Promise<{ text: string; ok: boolean }> {
  const all = await listLanes(db);
  const meant = all.filter((row) => isMeant(row, lane));
  if (meant.length === 0) {
    const known = all.length === 0 ? 'there are none yet' : `there are ${all.map(nameOf).join(', ')}`;
    return {
      text: lane === null ? 'There are no lanes yet.' : `No lane is called ${lane}; ${known}.`,
      ok: lane === null,
    };
  }
  const texts: string[] = [];
  let ok = true;
  for (const row of meant) {
    // A journal that cannot be replayed keeps nobody from looking at the other lanes.
    const done = await replayLane(db, row, { issue, json }).catch((error: unknown) => {
      if (!(error instanceof JournalDamage)) throw error;
      const lane = nameOf(row);
      const { message: damage } = error;
      return { text: json ? JSON.stringify({ lane, damage }) : renderDamage(lane, damage), ok: false };
    });
    texts.push(done.text);
    ok &&= done.ok;
  }
  return { text: texts.join('\n'), ok };
}

/** @throws JournalDamage when the journal cannot be replayed */
async function replayLane(
  db: Kysely<DB>,
  row: LaneRow,
  { issue, json }: Pick<ReplayOptions, 'issue' | 'json'>,
): Promise<{ text: string; ok: boolean }> {
  const lane = nameOf(row);
  const { state, seq } = await loadWholeLane(db, keyOf(row));
  // The lane may have gone on since it was read.
  const journal = (await readJournal(db, keyOf(row))).filter((recorded) => recorded.seq <= seq);
  assertWhole(journal);
  if (issue !== null) {
    const steps = stepThrough(journal, issue);
    return {
      text: json ? JSON.stringify({ lane, issue, steps }) : renderSteps(lane, issue, steps),
      ok: true,
    };
  }
  const facts = journal.length;
  const differences = compareStates(replayJournal(journal), state);
  return {
    text: json ? JSON.stringify({ lane, facts, differences }) : renderReplay(lane, facts, differences),
    ok: differences.length === 0,
  };
}
