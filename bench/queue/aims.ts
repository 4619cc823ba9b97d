/** What the strict planner is meant to reach, beside what it reached. A missed aim stays in the table. */
import { ourStrict, type Score } from './contest.ts';
import { bestStrictPeer, estimate, meanOf, ratio, rowsOf } from './report.ts';
import type { Cell } from './scenarios.ts';

interface Aim {
  readonly cell: string;
  readonly what: string;
  readonly least?: number;
  readonly most?: number;
  measure(scores: readonly Score[], cell: Cell): number;
}

function rowOf(scores: readonly Score[], cell: Cell, policy: string) {
  return rowsOf(scores, cell.key).find((row) => row.policy === policy);
}

function overOracle(cell: string, figure: 'p50' | 'p95' | 'ciMinutes', most: number): Aim {
  const name = figure === 'ciMinutes' ? 'CI minutes' : figure;
  return {
    cell,
    what: `${name} ÷ Oracle`,
    most,
    measure: (scores, at) => ratio(rowOf(scores, at, ourStrict), rowOf(scores, at, 'Oracle'), figure).mean,
  };
}

const own = (
  cell: string,
  what: string,
  figure: 'p50' | 'perHour' | 'innocent',
  bound: Partial<Aim>,
): Aim => ({
  cell,
  what,
  ...bound,
  measure: (scores, at) => meanOf(rowOf(scores, at, ourStrict), figure),
});

const loads = ['5/h', '20/h', '100/h', '500/h'];

const aims: readonly Aim[] = [
  ...[1.05, 1.15, 2.3, 2.7].map((most, n) => overOracle(loads[n] ?? '', 'p50', most)),
  ...[1.2, 1.8, 2.5, 4].map((most, n) => overOracle(loads[n] ?? '', 'p95', most)),
  ...[1.25, 1.4, 1.7, 1.6].map((most, n) => overOracle(loads[n] ?? '', 'ciMinutes', most)),
  {
    cell: '100/h',
    what: 'p50 of the best strict peer ÷ Signalbox',
    least: 11,
    measure: (scores, at) => ratio(bestStrictPeer(scores, at), rowOf(scores, at, ourStrict), 'p50').mean,
  },
  ...loads.map((cell) => own(cell, 'innocents ejected per landing', 'innocent', { most: 0.0005 })),
  own('20/h, 3 builds', 'p50, minutes', 'p50', { most: 28 }),
  own('100/h, 17 builds', 'p50, minutes', 'p50', { most: 36 }),
  own('10 builds, p = 10 %', 'landings per hour', 'perHour', { least: 70 }),
];

/** Where the best strict peer is more than 5 % faster at the median, or lands more of an endless backlog. */
function losses(scores: readonly Score[], cells: readonly Cell[]): string[] {
  return cells.flatMap((cell) => {
    const ours = rowOf(scores, cell, ourStrict);
    const peer = bestStrictPeer(scores, cell);
    if (!ours || !peer) return [];
    const behind =
      cell.scenario.backlog === null ? ratio(ours, peer, 'p50').mean : ratio(peer, ours, 'perHour').mean;
    return behind > 1.05 ? [`${cell.key} (${((behind - 1) * 100).toFixed(0)} % behind ${peer.policy})`] : [];
  });
}

export function aimsTable(scores: readonly Score[], cells: readonly Cell[]): string {
  const missed: string[] = [];
  const lines = aims.flatMap((aim) => {
    const cell = cells.find(({ key }) => key === aim.cell);
    if (!cell) return [];
    const value = estimate([aim.measure(scores, cell)]).mean;
    const isMet = value <= (aim.most ?? Number.POSITIVE_INFINITY) && value >= (aim.least ?? 0);
    const bound = aim.most === undefined ? `≥ ${aim.least}` : `≤ ${aim.most}`;
    const figure = Number(value.toPrecision(3));
    if (!isMet) missed.push(`${aim.what} at ${aim.cell} (${figure}, aim ${bound})`);
    return [`| ${aim.cell} | ${aim.what} | ${bound} | ${figure} | ${isMet ? 'met' : '**missed**'} |`];
  });
  const untested = scores.filter((score) => score.policy === ourStrict);
  const broken = untested.reduce((sum, score) => sum + score.broken, 0);
  const landings = untested.reduce((sum, score) => sum + score.landedCount, 0);
  const behind = losses(scores, cells);
  return [
    '| cell | figure | aim | measured | |',
    '| --- | --- | ---: | ---: | --- |',
    ...lines,
    '',
    `Missed: ${missed.length === 0 ? 'nothing' : missed.join('; ')}.`,
    '',
    `Untested trees landed by the strict planner: 0 of ${landings} landings, or the driver would have ended the run; landings that broke the base: ${broken}.`,
    '',
    `More than 5 % behind the best strict peer: ${behind.length === 0 ? 'nowhere' : behind.join('; ')}.`,
  ].join('\n');
}
