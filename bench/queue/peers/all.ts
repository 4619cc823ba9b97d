/** The peers in the configurations that are reported, each made anew for every run. */
import type { Policy } from '../policy.ts';
import { bors } from './bors.ts';
import { github } from './github.ts';
import { mergify } from './mergify.ts';
import { serial } from './serial.ts';
import { submitQueue2019, submitQueue2025 } from './submitqueue.ts';
import { trunk } from './trunk.ts';
import { trunkParallel } from './trunk-parallel.ts';
import { zuul } from './zuul.ts';

const flakeProof = { pendingFailureDepth: 2, optimistic: true };

export const peers: readonly Policy<unknown>[] = [
  serial(),
  bors(),
  zuul(),
  github({ mode: 'all-green', concurrency: 5 }),
  github({ mode: 'all-green', concurrency: 20 }),
  github({ mode: 'all-green', concurrency: 100 }),
  github({ mode: 'head-green', concurrency: 20 }),
  github({ mode: 'head-green', concurrency: 100 }),
  mergify({ batchSize: 5, maxParallelChecks: 5, skipIntermediateResults: false }),
  mergify({ batchSize: 5, maxParallelChecks: 5, skipIntermediateResults: true }),
  mergify({ batchSize: 10, maxParallelChecks: 5, skipIntermediateResults: true }),
  mergify({ batchSize: 5, maxParallelChecks: 20, skipIntermediateResults: true }),
  mergify({ batchSize: 1, maxParallelChecks: 20, skipIntermediateResults: true }),
  trunk({ concurrency: 100, ...flakeProof }),
  trunk({
    concurrency: 20,
    ...flakeProof,
    batches: { size: 4, maxWait: 5, bisectionConcurrency: 40, skipRedundantTests: true },
  }),
  trunkParallel({ pendingFailureDepth: 0, optimistic: false }),
  trunkParallel(flakeProof),
  submitQueue2019(),
  submitQueue2025(),
];
