/** From scores to tables: means, and ratios paired by seed with their 95 % confidence intervals. */
import { ourStrict, type Score } from './contest.ts';
import type { Cell } from './scenarios.ts';

export interface Estimate {
  readonly mean: number;
  /** Half the width of the 95 % confidence interval. */
  readonly error: number;
}

export function estimate(values: readonly number[]): Estimate {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, n - 1);
  return { mean, error: n < 2 ? Number.NaN : 1.96 * Math.sqrt(variance / n) };
}

type Figure = 'p50' | 'p95' | 'p99' | 'perHour' | 'ciMinutes' | 'broken' | 'innocent' | 'landedCount';

export interface Row {
  readonly policy: string;
  readonly class: Score['class'];
  readonly scores: readonly Score[];
}

/** The policies of a cell in the order in which they ran. */
export function rowsOf(scores: readonly Score[], cell: string): Row[] {
  const rows = new Map<string, Score[]>();
  for (const score of scores) {
    if (score.cell !== cell) continue;
    rows.set(score.policy, [...(rows.get(score.policy) ?? []), score]);
  }
  return [...rows].map(([policy, own]) => ({ policy, class: own[0]?.class ?? 'strict', scores: own }));
}

export function meanOf(row: Row | undefined, figure: Figure): number {
  return estimate(row?.scores.map((score) => score[figure]) ?? []).mean;
}

/** The first row's figure over the second's, seed by seed. */
export function ratio(above: Row | undefined, below: Row | undefined, figure: Figure): Estimate {
  const of = new Map(below?.scores.map((score) => [score.seed, score[figure]]));
  return estimate(above?.scores.map((score) => score[figure] / (of.get(score.seed) ?? Number.NaN)) ?? []);
}

const number = (value: number): string =>
  value >= 99.5 ? value.toFixed(0) : value.toPrecision(3).replace(/\.0+$/u, '');
const withError = ({ mean, error }: Estimate): string =>
  Number.isNaN(error) ? number(mean) : `${number(mean)} ± ${error.toPrecision(1)}`;

function tableOf(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const divider = head.map((_, column) => (column < 2 ? '---' : '---:'));
  return [head, divider, ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** Everything of one cell. */
export function cellTable(scores: readonly Score[], cell: string): string {
  const rows = rowsOf(scores, cell);
  const oracle = rows.find(({ policy }) => policy === 'Oracle');
  const ours = rows.find(({ policy }) => policy === ourStrict);
  const head = [
    'policy',
    'class',
    'p50',
    'p95',
    'p99',
    'landings/h',
    'CI min per landing',
    'broke the base',
    'innocents ejected',
    'p50 ÷ Oracle',
    'p95 ÷ Oracle',
    'CI ÷ Oracle',
    'p50 ÷ Signalbox',
  ];
  return tableOf(
    head,
    rows.map((row) => [
      row.policy === ourStrict ? `**${row.policy}**` : row.policy,
      row.class,
      number(meanOf(row, 'p50')),
      number(meanOf(row, 'p95')),
      number(meanOf(row, 'p99')),
      number(meanOf(row, 'perHour')),
      number(meanOf(row, 'ciMinutes')),
      row.scores.reduce((sum, { broken }) => sum + broken, 0).toFixed(0),
      `${(meanOf(row, 'innocent') * 100).toFixed(2)} %`,
      withError(ratio(row, oracle, 'p50')),
      withError(ratio(row, oracle, 'p95')),
      withError(ratio(row, oracle, 'ciMinutes')),
      withError(ratio(row, ours, 'p50')),
    ]),
  );
}

/** The strict peer with the best median in a cell, or with the most landings when the backlog never ends. */
export function bestStrictPeer(scores: readonly Score[], cell: Cell): Row | undefined {
  const rows = rowsOf(scores, cell.key).filter(
    (row) => row.class === 'strict' && !row.policy.startsWith('Signalbox'),
  );
  const isBacklog = cell.scenario.backlog !== null;
  const worth = (row: Row) => (isBacklog ? -meanOf(row, 'perHour') : meanOf(row, 'p50'));
  return rows.sort((a, b) => worth(a) - worth(b))[0];
}

/** One line per cell: Signalbox, the best strict peer, the best of the lanes, and the oracle. */
export function overview(scores: readonly Score[], cells: readonly Cell[]): string {
  const head = [
    'cell',
    'best strict peer',
    'its p50 / p95 / CI min',
    'Signalbox p50 / p95 / CI min',
    'peer ÷ Signalbox, p50',
    'Signalbox ÷ Oracle, p50',
    'p95',
    'CI min',
    'landings/h: peer, Signalbox',
    'broke the base',
    'innocents ejected',
  ];
  const lines = cells.map((cell) => {
    const rows = rowsOf(scores, cell.key);
    const ours = rows.find(({ policy }) => policy === ourStrict);
    const oracle = rows.find(({ policy }) => policy === 'Oracle');
    const peer = bestStrictPeer(scores, cell);
    const three = (row: Row | undefined) =>
      (['p50', 'p95', 'ciMinutes'] as const).map((figure) => number(meanOf(row, figure))).join(' / ');
    return [
      cell.key,
      peer?.policy ?? '',
      peer ? three(peer) : '',
      three(ours),
      peer ? withError(ratio(peer, ours, 'p50')) : '',
      withError(ratio(ours, oracle, 'p50')),
      withError(ratio(ours, oracle, 'p95')),
      withError(ratio(ours, oracle, 'ciMinutes')),
      `${peer ? number(meanOf(peer, 'perHour')) : '–'}, ${number(meanOf(ours, 'perHour'))}`,
      (ours?.scores.reduce((sum, { broken }) => sum + broken, 0) ?? 0).toFixed(0),
      `${(meanOf(ours, 'innocent') * 100).toFixed(2)} %`,
    ];
  });
  return tableOf(head, lines);
}

/** What the product promises of itself: forecasts kept, and what the strict train saw of mid-air collisions. */
export function selfTable(scores: readonly Score[], cells: readonly Cell[]): string {
  const head = [
    'cell',
    'forecasts that held',
    'disjoint pairs',
    'collisions',
    'per 10,000 pairs',
    'trust-ownership broke the base',
  ];
  const lines = cells.map((cell) => {
    const own = scores.filter((score) => score.cell === cell.key);
    const strict = own.filter(({ policy }) => policy === ourStrict);
    const sum = (list: readonly Score[], of: (score: Score) => number) =>
      list.reduce((total, score) => total + of(score), 0);
    const forecasts = sum(strict, (score) => score.forecasts);
    const pairs = sum(strict, (score) => score.pairs);
    const collisions = sum(strict, (score) => score.collisions);
    const trusting = own.filter(({ policy }) => policy.includes('trust-ownership'));
    const broken = sum(trusting, (score) => score.broken);
    const landings = sum(trusting, (score) => score.landedCount);
    return [
      cell.key,
      forecasts === 0 ? '–' : `${((100 * sum(strict, (score) => score.held)) / forecasts).toFixed(0)} %`,
      pairs.toFixed(0),
      collisions.toFixed(0),
      pairs === 0 ? '–' : ((collisions / pairs) * 10_000).toFixed(2),
      `${broken} in ${landings} landings`,
    ];
  });
  return tableOf(head, lines);
}
