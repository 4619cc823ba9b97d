/** `signalbox replay`: does the ledger hold what its journal tells? Reads only. */
import type { Kysely } from 'kysely';
import { compareStates, replayJournal, stepThrough } from '../core/lane/replay.ts';
import { readJournal } from '../ledger/journal.ts';
import { keyOf, type LaneRow, listLanes } from '../ledger/lanes.ts';
import { loadWholeLane } from '../ledger/load-lane.ts';
import type { DB } from '../ledger/schema.ts';
import { renderReplay, renderSteps } from '../protocol/replay-text.ts';

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
    const name = nameOf(row);
    const { state, seq } = await loadWholeLane(db, keyOf(row));
    // The lane may have gone on since it was read.
    const journal = (await readJournal(db, keyOf(row))).filter((recorded) => recorded.seq <= seq);
    if (issue !== null) {
      const steps = stepThrough(journal, issue);
      texts.push(json ? JSON.stringify({ lane: name, issue, steps }) : renderSteps(name, issue, steps));
      continue;
    }
    const differences = compareStates(replayJournal(journal), state);
    if (differences.length > 0) ok = false;
    texts.push(
      json
        ? JSON.stringify({ lane: name, facts: journal.length, differences })
        : renderReplay(name, journal.length, differences),
    );
  }
  return { text: texts.join('\n'), ok };
}
