/** What `signalbox queue` prints. */
import type { LaneView, QueueRow } from '../core/lane/view.ts';
import { removeInvisible } from './hidden-text.ts';
import { renderMinute } from './minute.ts';
import { shorten } from './shorten.ts';

const plain = (text: string, most: number): string =>
  shorten(removeInvisible(text).replace(/\s+/gu, ' ').trim(), most);

function renderRow(row: QueueRow): string {
  const lands = row.lands
    ? `; probably lands between ${renderMinute(row.lands.from)} and ${renderMinute(row.lands.to)}`
    : '';
  const build = row.build === null ? '' : ` in candidate ${row.build}`;
  const waits = row.waitsOn.map(({ what }) => `     waits for ${plain(what, 200)}`);
  return [
    `${String(row.position).padStart(3)}. #${row.pull} ${plain(row.title, 60)}: ${row.status}${build}${lands}`,
    ...waits,
  ].join('\n');
}

/** One lane's queue, in the order in which it is served. */
export function renderQueue({ owner, repo, base, frozen, closed, queue }: LaneView): string {
  const name = `${owner}/${repo}@${base}`;
  const freeze = frozen ? ` Landings are frozen by ${plain(frozen.by, 50)}: ${plain(frozen.why, 200)}.` : '';
  const window = closed
    ? ` By the policy nothing lands until ${renderMinute(closed.until)} (${plain(closed.what, 200)}).`
    : '';
  if (queue.length === 0) return `${name}: the queue is empty.${freeze}${window}`;
  const entries = `${queue.length} entr${queue.length === 1 ? 'y' : 'ies'} in the queue`;
  return [`${name}: ${entries}.${freeze}${window}`, ...queue.map(renderRow)].join('\n');
}
