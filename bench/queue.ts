/**
 * The merge queue against the queues of others, in a simulated world: `npm run bench:queue -- --quick`.
 *
 *   --quick        eight cells, two seeds
 *   --json         one line of JSON and nothing else
 *   --only <text>  cells whose name contains it
 *   --seeds <n>    how many of the reporting seeds (20)
 *   --traces <dir> folder with `*.csv.gz` made by `bench/queue/make-trace.ts`
 *   --threads <n>  as many as the machine has
 *   --save <file>  the scores, for `--load <file>`
 *   --write-docs   renews the tables and charts of docs/performance.md
 *
 * What is measured, in which world, is told in docs/performance.md.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Score } from './queue/contest.ts';
import { measureCost } from './queue/cost.ts';
import { writeDocs } from './queue/docs.ts';
import { type Job, runJobs } from './queue/pool.ts';
import { bestStrictPeer, cellTable, meanOf, overview, ratio, rowsOf, selfTable } from './queue/report.ts';
import { allCells, type Cell, quickKeys, reportingSeeds } from './queue/scenarios.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    only: { type: 'string' },
    seeds: { type: 'string' },
    traces: { type: 'string', default: fileURLToPath(new URL('./queue/traces/', import.meta.url)) },
    threads: { type: 'string', default: String(availableParallelism()) },
    save: { type: 'string' },
    load: { type: 'string' },
    'write-docs': { type: 'boolean', default: false },
  },
});

function chooseCells(): Cell[] {
  const { only, quick, traces } = values;
  return allCells(traces).filter(({ key }) =>
    only === undefined ? !quick || quickKeys.includes(key) : key.includes(only),
  );
}

async function score(cells: readonly Cell[]): Promise<Score[]> {
  if (values.load !== undefined) return JSON.parse(readFileSync(values.load, 'utf8')) as Score[];
  const seeds = reportingSeeds.slice(0, Number(values.seeds ?? (values.quick ? 2 : 20)));
  const jobs: Job[] = seeds.flatMap((seed) => cells.map(({ key }) => ({ cell: key, seed })));
  const from = performance.now();
  return await runJobs(jobs, {
    threads: Number(values.threads),
    traces: values.traces,
    entrants: { peers: true, disorder: true },
    onScores([first], left) {
      if (values.json) return;
      const seconds = ((performance.now() - from) / 1000).toFixed(0);
      process.stderr.write(`${seconds} s: ${first?.cell}, seed ${first?.seed}; ${left} to go\n`);
    },
  });
}

/** The figures that a later run is compared with. */
function summarise(scores: readonly Score[], cells: readonly Cell[]) {
  return cells.map((cell) => {
    const rows = rowsOf(scores, cell.key);
    const ours = rows.find(({ policy }) => policy === 'Signalbox, strict');
    const oracle = rows.find(({ policy }) => policy === 'Oracle');
    const peer = bestStrictPeer(scores, cell);
    return {
      cell: cell.key,
      p50: meanOf(ours, 'p50'),
      p95: meanOf(ours, 'p95'),
      perHour: meanOf(ours, 'perHour'),
      ciMinutes: meanOf(ours, 'ciMinutes'),
      broken: meanOf(ours, 'broken'),
      innocent: meanOf(ours, 'innocent'),
      overOracle: {
        p50: ratio(ours, oracle, 'p50'),
        p95: ratio(ours, oracle, 'p95'),
        ciMinutes: ratio(ours, oracle, 'ciMinutes'),
      },
      bestStrictPeer: {
        policy: peer?.policy,
        p50: ratio(peer, ours, 'p50'),
        perHour: meanOf(peer, 'perHour'),
      },
    };
  });
}

const cells = chooseCells();
const scores = await score(cells);
const cost = measureCost();
if (values.save !== undefined) writeFileSync(values.save, JSON.stringify(scores));
if (values.json) {
  console.log(JSON.stringify({ cells: summarise(scores, cells), planMs: cost }));
} else {
  for (const { key } of cells) console.log(`\n${key}\n\n${cellTable(scores, key)}`);
  console.log(`\n${overview(scores, cells)}\n\n${selfTable(scores, cells)}`);
  for (const { entries, ms } of cost) console.log(`one plan over ${entries} entries: ${ms.toFixed(1)} ms`);
}
if (values['write-docs']) await writeDocs(scores, cells, cost);
