/** Runs cells on several threads. This file is also what each thread runs. */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { contest, type Entrants, type Score } from './contest.ts';
import { allCells } from './scenarios.ts';

export interface Job {
  readonly cell: string;
  readonly seed: number;
}

export interface PoolOptions {
  readonly threads: number;
  readonly traces: string;
  readonly entrants: Entrants;
  onScores(scores: readonly Score[], left: number): void;
}

/** The scores of all jobs, in the order of the jobs. */
export async function runJobs(jobs: readonly Job[], options: PoolOptions): Promise<Score[]> {
  const results: Score[][] = jobs.map(() => []);
  let next = 0;
  let left = jobs.length;
  const work = () =>
    new Promise<void>((resolve, reject) => {
      const { traces, entrants } = options;
      const worker = new Worker(new URL(import.meta.url), { workerData: { traces, entrants } });
      let current = -1;
      const give = () => {
        current = next++;
        if (current < jobs.length) worker.postMessage(jobs[current]);
        else void worker.terminate().then(() => resolve());
      };
      worker.on('message', (scores: Score[]) => {
        results[current] = scores;
        left -= 1;
        options.onScores(scores, left);
        give();
      });
      worker.on('error', reject);
      give();
    });
  await Promise.all(Array.from({ length: Math.min(options.threads, jobs.length) }, work));
  return results.flat();
}

if (!isMainThread && parentPort) {
  const port = parentPort;
  const { traces, entrants } = workerData as { traces: string; entrants: Entrants };
  const cells = new Map(allCells(traces).map((cell) => [cell.key, cell]));
  port.on('message', ({ cell, seed }: Job) => {
    const found = cells.get(cell);
    port.postMessage(found ? contest(found, seed, entrants) : []);
  });
}
