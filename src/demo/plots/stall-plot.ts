/**
 * The story of the stall: a worker falls silent in the middle of its work. Its attempt ends with its lease, another
 * agent takes over; then the first one wakes up, and what it has made must be kept and must change nothing.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { firstWay, halfDone } from '../agents/silent-script.ts';
import type { Lane } from '../lane.ts';
import { reviewPulls } from '../people.ts';
import type { Program } from '../program.ts';
import { demoPolicy, repository } from '../stage.ts';
import { checkOutMain, proveLandings } from './landed-main.ts';
import { form, must, type Plot, rowOf, type Scene } from './plot.ts';

const R = `/repos/${repository.owner}/${repository.name}`;

const request = {
  requirements: '`tasks count` prints the number of pending tasks.',
  design: 'One more entry in the dispatch table of `src/cli.js`.',
  acceptance: ['An empty list counts 0', 'The test suite is green'],
  owns: ['src/cli.js', 'test/count.test.js'],
  dependsOn: [],
};

const steps = {
  suspend: 'suspend the worker while its agent is half done',
  wake: 'wake the first worker, whose attempt has ended long ago',
} as const;

/** The worker of the first attempt: the only one whose agent came to the middle of its work. */
async function firstWorker({ cast }: Scene): Promise<Program | null> {
  for (const worker of cast.workers) if ((await worker.printed()).includes(halfDone)) return worker;
  return null;
}

/** Where the worker says that it has kept its late work; null while it has not. */
async function whereKept(worker: Program): Promise<string | null> {
  return /"kind":"late",.*"where":"([^"]*)"/.exec(await worker.printed())?.[1] ?? null;
}

async function direct(scene: Scene, lane: Lane): Promise<void> {
  const { numbers, maintainer, approved, once } = scene;
  const row = lane.plan.find((each) => each.issue === numbers.count);
  const first = await firstWorker(scene);
  if (!row || !first) return;
  if (row.attempts === 1) await once(steps.suspend, async () => first.pause());
  // Until then the first worker must not hear that its attempt is over.
  if (row.attempts === 2 && row.state === 'in-review') await once(steps.wake, async () => first.resume());
  const isOffered = (await branchesOf(scene)).some(isLate);
  if (isOffered && (await whereKept(first)) !== null) await reviewPulls(maintainer, approved);
}

async function branchesOf({ maintainer }: Scene): Promise<string[]> {
  const refs = await maintainer.list<{ ref: string }>(`${R}/git/matching-refs/heads/agent/`);
  return refs.map(({ ref }) => ref);
}

const isLate = (ref: string): boolean => /-late-\d+$/u.test(ref);

/** One branch, one PR, and nothing of the first attempt on it; that is on a branch of its own. */
async function provePull(scene: Scene, issue: number): Promise<void> {
  const { maintainer } = scene;
  const pulls = await maintainer.list<{ number: number; body: string | null }>(`${R}/pulls?state=all`);
  must(pulls.length === 1, 'one pull request', `${pulls.length} pull requests instead of 1`);
  const branches = await branchesOf(scene);
  const names = branches.join(', ');
  must(branches.filter((ref) => !isLate(ref)).length === 1, 'fence', `not one branch for the work: ${names}`);
  must(branches.filter(isLate).length === 1, 'late work', `not one branch for what came late: ${names}`);
  const files = await maintainer.list<{ patch?: string }>(`${R}/pulls/${pulls[0]?.number}/files`);
  const isMixed = files.some(({ patch }) => patch?.includes(firstWay));
  must(!isMixed, 'fence', `the pull request of #${issue} holds work of the first attempt`);
}

/** What the first agent had made is whole: it was late, and Signalbox or the worker's machine has it. */
async function proveKept(scene: Scene): Promise<void> {
  const first = await firstWorker(scene);
  must(first !== null && scene.did(steps.suspend) && scene.did(steps.wake), 'stall', 'no worker fell silent');
  const where = await whereKept(first);
  must(where?.includes('Signalbox has it') === true, 'late work', `it is ${where ?? 'lost'}`);
}

export const stallPlot: Plot = {
  name: 'stall',
  about:
    'a worker that falls silent, another one that takes over, and the work of the first that comes too late',
  // The lease is short; an agent that fails once gets nothing more while the story lasts.
  policy: demoPolicy({
    ownership: '{ lease: 10s, heartbeat: 1s }',
    limits: '{ attempts: 3, backoff: [1s, 1s, 1s], breaker: { agent: 1, repository: 40 } }',
  }),
  issues: [{ key: 'count', title: 'Count what is left to do', body: () => form(request) }],
  maySee: [],
  direct,
  prove: async (scene, lane, dir) => {
    const row = rowOf(lane, scene.numbers, 'count');
    proveLandings(lane);
    must(row.attempts === 2, 'stall', `${row.attempts} attempts instead of 2`);
    must(lane.landings.length === 1, 'land once', `${lane.landings.length} landings instead of 1`);
    await proveKept(scene);
    const first = await firstWorker(scene);
    must(first?.name !== row.agent, 'take over', `${row.agent} finished what it had begun`);
    await provePull(scene, row.issue);
    const { sha, tree, tasks } = await checkOutMain(scene.stage, lane, dir);
    const pending = [
      { text: 'sow', done: true },
      { text: 'water the plants', done: false },
    ];
    await writeFile(join(dir, 'proof-tasks.json'), JSON.stringify(pending));
    const counted = (await tasks('count')).trim();
    must(counted === '1', 'take over', `main counts "${counted}", which is not the second attempt's work`);
    return { sha, tree };
  },
};
