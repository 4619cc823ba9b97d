/**
 * What one decision of a lane costs: `npm run bench:schedule -- --open 10,100,1000,10000 --closed 100000`.
 *
 * A lane with so many open tasks (a few at work, a few in review, the rest waiting: some for files, some for others,
 * most for room), and one thing that happens: a task is cancelled, its files and its place become free, and whoever
 * comes next gets them. `decide` is the pure part (interpret, fold, decide, effects); with `--ledger` the same step is
 * taken on a real Postgres as `engine/advance` takes it (lock, read, decide, write, commit), once with no closed tasks
 * and once with as many as asked for.
 */
import { parseArgs } from 'node:util';
import { measureDecisions } from './schedule/decisions.ts';
import { measureLedger } from './schedule/ledger.ts';
import { machine } from './schedule/statistics.ts';

const { values } = parseArgs({
  options: {
    open: { type: 'string', default: '10,100,1000,10000' },
    closed: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '30' },
    ledger: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

const sizes = values.open.split(',').map(Number);
const rounds = Number(values.rounds);
const decisions = sizes.map((open) => measureDecisions(open, rounds));
const ledger = values.ledger
  ? await measureLedger(sizes, [0, Number(values.closed)], Math.min(rounds, 20))
  : [];

const at1000 = decisions.find((row) => row.open === 1_000);
const largest = decisions.at(-1);
const smaller = decisions.at(-2);
/** How the cost grows in the last step, over what n log n would make of it; 1 or less is as good or better. */
const overNLogN =
  largest && smaller
    ? largest.p50 /
      smaller.p50 /
      ((largest.open * Math.log(largest.open)) / (smaller.open * Math.log(smaller.open)))
    : null;

if (values.json) console.log(JSON.stringify({ decisions, ledger, overNLogN, ...machine() }));
else {
  console.table(decisions);
  if (ledger.length > 0) console.table(ledger);
  console.log(`growth over n log n in the last step: ${overNLogN?.toFixed(2) ?? 'unknown'}`);
  console.log(machine());
}
if ((at1000 && at1000.p99 >= 50) || (overNLogN !== null && overNLogN > 1.5)) process.exitCode = 1;
