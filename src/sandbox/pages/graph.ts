// Which lane each commit of a history stands in, and the drawing of one row of it.
import { html } from 'hono/html';
import type { Html } from './link-text.ts';

/** The lanes that one commit touches. */
export interface GraphRow {
  lane: number;
  /** lanes that come down from above and end at this commit */
  incoming: number[];
  /** lanes that lead from this commit to its parents */
  outgoing: number[];
  /** lanes that go by */
  passing: number[];
}

/** Lays out commits, children before parents. A lane waits for one commit and keeps its place until that comes. */
export function layOutGraph(commits: readonly { sha: string; parents: readonly string[] }[]): GraphRow[] {
  const lanes: (string | null)[] = [];
  const takeFree = (): number => {
    const free = lanes.indexOf(null);
    return free < 0 ? lanes.push(null) - 1 : free;
  };
  const waiting = (test: (sha: string | null) => boolean) =>
    [...lanes.keys()].filter((at) => test(lanes[at] ?? null));
  return commits.map(({ sha, parents }) => {
    const incoming = waiting((one) => one === sha);
    const lane = incoming[0] ?? takeFree();
    for (const ended of incoming) lanes[ended] = null;
    const passing = waiting((one) => one !== null);
    const [first, ...others] = parents;
    const outgoing: number[] = [];
    if (first !== undefined) {
      lanes[lane] = first;
      outgoing.push(lane);
    }
    for (const parent of others) {
      const known = lanes.indexOf(parent);
      const into = known < 0 ? takeFree() : known;
      lanes[into] = parent;
      outgoing.push(into);
    }
    return { lane, incoming, outgoing, passing };
  });
}

/** How many lanes the widest row has. */
export function graphWidth(rows: readonly GraphRow[]): number {
  const lanes = rows.flatMap((row) => [row.lane, ...row.outgoing, ...row.passing]);
  return lanes.reduce((most, lane) => Math.max(most, lane + 1), 1);
}

/** Where the commit stands in its row, from the top; curves to parents end at twice that. */
const MIDDLE = 20;
const COLOURS = 6;

/** One row: curves in its first pixels, then straight lines down to wherever the row ends. */
export function drawRow(row: GraphRow, width: number): Html {
  const step = width > 10 ? Math.max(5, 160 / width) : 16;
  const x = (lane: number) => Math.round((lane + 0.5) * step * 10) / 10 + 2;
  const colour = (lane: number) => `lane lane-${lane % COLOURS}`;
  const line = (lane: number, from: number, to: string) =>
    html`<line class="${colour(lane)}" x1="${x(lane)}" y1="${from}" x2="${x(lane)}" y2="${to}"/>`;
  const curve = (lane: number, start: number, end: number, y: number) =>
    html`<path class="${colour(lane)}" d="M${x(start)} ${y}C${x(start)} ${y + MIDDLE / 2} ${x(end)} ${y + MIDDLE / 2} ${x(end)} ${y + MIDDLE}"/>`;
  const down = row.incoming.map((lane) =>
    lane === row.lane ? line(lane, -1, String(MIDDLE)) : curve(lane, lane, row.lane, 0),
  );
  const out = row.outgoing.map((lane) =>
    lane === row.lane
      ? line(lane, MIDDLE, '100%')
      : html`${curve(lane, row.lane, lane, MIDDLE)}${line(lane, 2 * MIDDLE, '100%')}`,
  );
  const dot = row.outgoing.length > 1 ? 'merge' : 'dot';
  const wide = Math.ceil(width * step) + 4;
  // The first drawing only keeps the place: a row is as high as its text, and the second fills it.
  return html`<div class="graph" aria-hidden="true"><svg width="${wide}" height="1"></svg><svg width="${wide}">
${row.passing.map((lane) => line(lane, -1, '100%'))}${down}${out}
<circle class="${dot} ${colour(row.lane)}" cx="${x(row.lane)}" cy="${MIDDLE}" r="5"/></svg></div>`;
}
