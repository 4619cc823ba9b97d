/** `signalbox queue`: who waits in the queue, and for what. Reads only. */
import type { Kysely } from 'kysely';
import type { LaneView } from '../core/lane/view.ts';
import type { DB } from '../ledger/schema.ts';
import { readLaneViews } from '../ledger/views.ts';
import { renderQueue } from '../protocol/queue-text.ts';

export interface QueueReportOptions {
  /** `owner/repo` or `owner/repo@base`; null for every lane. */
  lane: string | null;
  json: boolean;
}

const namesOf = ({ owner, repo, base }: LaneView): string[] => [
  `${owner}/${repo}@${base}`,
  `${owner}/${repo}`,
];

/** @returns what to print, and whether the lane that was asked for exists */
export async function reportQueue(
  db: Kysely<DB>,
  { lane, json }: QueueReportOptions,
): Promise<{ text: string; ok: boolean }> {
  const views = (await readLaneViews(db)).filter((view) => lane === null || namesOf(view).includes(lane));
  if (views.length === 0)
    return {
      text: lane === null ? 'There are no lanes yet.' : `No lane is called ${lane}.`,
      ok: lane === null,
    };
  const texts = views.map((view) =>
    json
      ? JSON.stringify({
          lane: namesOf(view)[0],
          frozen: view.frozen,
          closed: view.closed,
          queue: view.queue,
        })
      : renderQueue(view),
  );
  return { text: texts.join('\n'), ok: true };
}
