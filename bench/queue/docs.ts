/** Renews what docs/performance.md shows: tables between its markers, and charts as SVG beside it. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { aimsTable } from './aims.ts';
import { ourStrict, ourTrust, type Score } from './contest.ts';
import type { Cost } from './cost.ts';
import { bestStrictPeer, cellTable, meanOf, overview, rowsOf, selfTable } from './report.ts';
import { type Cell, type Part, reportingSeeds } from './scenarios.ts';

const docs = fileURLToPath(new URL('../../docs/', import.meta.url));

async function draw(name: string, spec: TopLevelSpec): Promise<void> {
  const view = new View(parse(compile(spec).spec), { renderer: 'none' });
  mkdirSync(`${docs}charts`, { recursive: true });
  writeFileSync(`${docs}charts/${name}.svg`, `${await view.toSVG()}\n`);
}

interface Point {
  policy: string;
  load: number;
  value: number;
}

/** Signalbox, the bound, and the best peer of each class at each load. */
function curve(
  scores: readonly Score[],
  cells: readonly Cell[],
  figure: 'p50' | 'p95' | 'ciMinutes',
): Point[] {
  return cells.flatMap((cell) => {
    const rows = rowsOf(scores, cell.key);
    const lanes = rows
      .filter((row) => row.class === 'lanes' && row.policy !== ourTrust)
      .sort((a, b) => meanOf(a, 'p50') - meanOf(b, 'p50'));
    const shown = [
      { policy: 'Oracle', row: rows.find(({ policy }) => policy === 'Oracle') },
      { policy: ourStrict, row: rows.find(({ policy }) => policy === ourStrict) },
      { policy: ourTrust, row: rows.find(({ policy }) => policy === ourTrust) },
      { policy: 'best strict peer', row: bestStrictPeer(scores, cell) },
      { policy: 'best lane queue', row: lanes[0] },
    ];
    return shown
      .filter(({ row }) => row !== undefined)
      .map(({ policy, row }) => ({ policy, load: cell.scenario.perHour, value: meanOf(row, figure) }));
  });
}

function lineChart(title: string, unit: string, values: Point[]): TopLevelSpec {
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    title,
    width: 560,
    height: 320,
    background: 'white',
    data: { values },
    mark: { type: 'line', point: true },
    encoding: {
      x: { field: 'load', type: 'quantitative', scale: { type: 'log' }, title: 'PRs per hour' },
      y: { field: 'value', type: 'quantitative', scale: { type: 'log' }, title: unit },
      color: { field: 'policy', type: 'nominal', title: null },
    },
  };
}

function barChart(title: string, values: { policy: string; cell: string; value: number }[]): TopLevelSpec {
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    title,
    width: 560,
    height: 260,
    background: 'white',
    data: { values },
    mark: 'bar',
    encoding: {
      x: { field: 'cell', type: 'nominal', title: null, sort: null, axis: { labelAngle: 0 } },
      xOffset: { field: 'policy' },
      y: { field: 'value', type: 'quantitative', title: 'landings per hour' },
      color: { field: 'policy', type: 'nominal', title: null },
    },
  };
}

function bars(scores: readonly Score[], cells: readonly Cell[]) {
  return cells.flatMap((cell) => {
    const rows = rowsOf(scores, cell.key);
    const shown = [
      { policy: ourStrict, row: rows.find(({ policy }) => policy === ourStrict) },
      { policy: 'best strict peer', row: bestStrictPeer(scores, cell) },
    ];
    return shown.map(({ policy, row }) => ({ policy, cell: cell.key, value: meanOf(row, 'perHour') }));
  });
}

/** Replaces what stands between `<!-- bench:name -->` and `<!-- /bench -->`. */
function fill(text: string, name: string, content: string): string {
  const pattern = new RegExp(`(<!-- bench:${name} -->\\n)[\\s\\S]*?(<!-- /bench -->)`, 'u');
  if (!pattern.test(text)) throw new Error(`docs/performance.md has no place for ${name}`);
  return text.replace(pattern, (_, open: string, close: string) => `${open}\n${content}\n\n${close}`);
}

export async function writeDocs(
  scores: readonly Score[],
  cells: readonly Cell[],
  cost: readonly Cost[],
): Promise<void> {
  const file = `${docs}performance.md`;
  const known = cells.filter(({ key }) => scores.some((score) => score.cell === key));
  const of = (part: Part) => known.filter((cell) => cell.part === part);
  let text = readFileSync(file, 'utf8');
  const seeds = new Set(scores.map(({ seed }) => seed));
  text = fill(
    text,
    'run',
    `${seeds.size} of the reporting seeds (${reportingSeeds[0]}–${reportingSeeds.at(-1)}), ${known.length} cells, ${scores.length} runs; Node ${process.versions.node}.`,
  );
  for (const part of ['base', 'limited', 'saturation', 'ledger', 'sensitivity', 'traces'] as const) {
    text = fill(text, part, overview(scores, of(part)));
  }
  text = fill(text, 'aims', aimsTable(scores, known));
  text = fill(text, 'low', cellTable(scores, '5/h'));
  text = fill(text, 'high', cellTable(scores, '100/h'));
  text = fill(text, 'self', selfTable(scores, known));
  const costs = cost.map(({ entries, ms }) => `${entries} entries: ${ms.toFixed(1)} ms`).join('; ');
  text = fill(text, 'cost', `${costs} (median of eleven, on the machine of this run).`);
  writeFileSync(file, text);
  await draw(
    'queue-p50',
    lineChart('Median minutes from arrival to landing', 'minutes', curve(scores, of('base'), 'p50')),
  );
  await draw('queue-p95', lineChart('95th percentile', 'minutes', curve(scores, of('base'), 'p95')));
  await draw(
    'queue-ci',
    lineChart('CI minutes per landing', 'minutes', curve(scores, of('base'), 'ciMinutes')),
  );
  await draw('queue-saturation', barChart('A backlog that never ends', bars(scores, of('saturation'))));
}
