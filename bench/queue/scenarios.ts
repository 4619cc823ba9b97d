/** The grid of the benchmark. Tuning may look at the tuning seeds only; what is published comes from the others. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { baseScenario, type Scenario } from './world.ts';

export const tuningSeeds: readonly number[] = Array.from({ length: 20 }, (_, n) => 1001 + n);
/** 2001 and 2002 were looked at while the planner was tuned, so they are left out. */
export const reportingSeeds: readonly number[] = Array.from({ length: 20 }, (_, n) => 2003 + n);

export type Part = 'base' | 'limited' | 'saturation' | 'ledger' | 'sensitivity' | 'traces';

export interface Cell {
  readonly key: string;
  readonly part: Part;
  readonly scenario: Scenario;
}

/** Bigger loads come from bigger repositories: overlap falls as the load grows. */
const loads = [
  { perHour: 5, count: 240, overlap: 0.06 },
  { perHour: 20, count: 480, overlap: 0.06 },
  { perHour: 100, count: 800, overlap: 0.02 },
  { perHour: 500, count: 1000, overlap: 0.005 },
];

function loadOf(perHour: number): (typeof loads)[number] {
  const known = loads.find((load) => load.perHour === perHour);
  if (known) return known;
  const overlap = perHour < 20 ? 0.06 : perHour < 100 ? 0.03 : 0.01;
  return { perHour, count: perHour * 8, overlap };
}

function cell(part: Part, key: string, perHour: number, change: Partial<Scenario> = {}): Cell {
  return { key, part, scenario: { ...baseScenario, name: key, ...loadOf(perHour), ...change } };
}

const base = [5, 10, 20, 30, 40, 60, 100, 500].map((perHour) => cell('base', `${perHour}/h`, perHour));

const limited = [
  [5, 1],
  [20, 3],
  [20, 2],
  [100, 17],
  [100, 10],
  [500, 86],
].map(([perHour = 0, runners = 0]) =>
  cell('limited', `${perHour}/h, ${runners} builds`, perHour, { runners }),
);

const saturation = [
  { runners: 10, hours: 6 },
  { runners: 50, hours: 2 },
].flatMap(({ runners, hours }) =>
  [0.02, 0.1, 0.2].map((bad) =>
    cell('saturation', `${runners} builds, p = ${bad * 100} %`, 10 * runners, {
      runners,
      bad,
      backlog: runners * (bad < 0.05 ? 40 : 20),
      count: runners * (bad < 0.05 ? 20 : 12) * hours + runners * 30,
      hours,
      overlap: loadOf(10 * runners).overlap * 0.05,
    }),
  ),
);

/** Claims are taken before work begins, and the PR's own CI was green before it entered. */
const ledger = [0.02, 0.05].flatMap((bad) =>
  [20, 100, 500].map((perHour) =>
    cell('ledger', `${perHour}/h, p = ${bad * 100} %`, perHour, {
      bad,
      ownCi: true,
      overlap: loadOf(perHour).overlap * 0.05,
    }),
  ),
);

const changes: Record<string, Partial<Scenario>> = {
  'p = 2 %': { bad: 0.02 },
  'p = 5 %': { bad: 0.05 },
  'p = 20 %': { bad: 0.2 },
  'no flakes': { flake: 0 },
  '5 % flakes': { flake: 0.05 },
  'no mid-air collisions': { midAir: 0 },
  'mid-air collisions × 5': { midAir: 0.05 },
  'overlap conflicts 10 %': { semantic: 0.1 },
  'no dependencies': { dependent: 0 },
  '30 % dependent': { dependent: 0.3 },
  'CI 30 min': { ciMinutes: 30 },
  'CI σ = 0.5': { ciSigma: 0.5 },
  '2 % of runs lost': { interrupted: 0.02 },
  'predictor 97 %': { predictor: 0.97 },
};

const sensitivity = Object.entries(changes).map(([key, change]) => cell('sensitivity', key, 100, change));

/** Files per PR, from every `*.csv.gz` of a folder (made by `make-trace.ts`). */
function readTraces(folder: string): Cell[] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.csv.gz'));
  return files.sort().flatMap((file) => {
    const lines = gunzipSync(readFileSync(join(folder, file)))
      .toString('utf8')
      .trim()
      .split('\n')
      .slice(1);
    const trace = lines.map((line) => (line.split(',')[1] ?? '').split(' ').filter(Boolean).map(Number));
    const name = basename(file, '.csv.gz');
    return [20, 100].map((perHour) => {
      const count = Math.min(loadOf(perHour).count, trace.length);
      return cell('traces', `${name}, ${perHour}/h`, perHour, { trace, count });
    });
  });
}

export function allCells(traces: string): Cell[] {
  return [...base, ...limited, ...saturation, ...ledger, ...sensitivity, ...readTraces(traces)];
}

/** The cells of `--quick`: each part is in it. */
export const quickKeys: readonly string[] = [
  '5/h',
  '20/h',
  '100/h',
  '20/h, 3 builds',
  '10 builds, p = 10 %',
  '100/h, p = 2 %',
  '5 % flakes',
  'clippy, 100/h',
];
