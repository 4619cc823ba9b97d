/** What every story proves of the base branch: it is what landed last, it was tested as that tree, and it works. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Lane } from '../lane.ts';
import { repository, type Stage } from '../stage.ts';
import { must, StoryFailed } from './plot.ts';

const run = promisify(execFile);

/** A clone of the base branch, and its program. */
export interface MainAsIs {
  sha: string;
  tree: string;
  tasks: (...args: string[]) => Promise<string>;
}

/** Every task has landed, each as the tree that was tested. */
export function proveLandings(lane: Lane): void {
  const open = lane.plan.filter((row) => row.state !== 'completed');
  must(open.length === 0, 'land all', `#${open[0]?.issue} is ${open[0]?.state}`);
  const untested = lane.landings.find((landing) => landing.tree !== landing.testedTree);
  must(untested === undefined, 'landing proof', `${untested?.sha} is not the tree that was tested`);
}

/** Clones the base branch, and proves that it is what landed last and that its tests are green. */
export async function checkOutMain(stage: Stage, lane: Lane, dir: string): Promise<MainAsIs> {
  const clone = join(dir, 'proof');
  const url = new URL(`/${repository.owner}/${repository.name}.git`, stage.sandbox.url);
  url.username = 'x-access-token';
  url.password = stage.maintainer.token;
  await run('git', ['clone', '--quiet', url.href, clone]);
  const git = async (...args: string[]): Promise<string> =>
    (await run('git', ['-C', clone, ...args])).stdout.trim();
  const sha = await git('rev-parse', 'HEAD');
  const tree = await git('rev-parse', 'HEAD^{tree}');
  const last = lane.landings.at(-1);
  must(last?.sha === sha && last.tree === tree, 'landing proof', 'main is not what landed last');
  await run(process.execPath, ['--test'], { cwd: clone }).catch((error: Error) => {
    throw new StoryFailed('main is green', error.message);
  });
  const env = { TASKS_FILE: join(dir, 'proof-tasks.json') };
  const tasks = async (...args: string[]): Promise<string> =>
    (await run(process.execPath, ['src/cli.js', ...args], { cwd: clone, env })).stdout;
  return { sha, tree, tasks };
}
