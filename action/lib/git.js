import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Runs git in the checkout; hooks of the repository are strangers' code and do not run. */
export async function git(...args) {
  const { stdout } = await run('git', ['-c', 'core.hooksPath=/dev/null', ...args], {
    cwd: process.env.GITHUB_WORKSPACE,
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout.trim();
}

/** Who makes commits in the agent's job. */
export const asAgent = ['-c', 'user.name=Signalbox agent', '-c', 'user.email=agent@signalbox.invalid'];

/** The trailer of the merge that an agent's job starts with. */
export const mergeMark = 'Signalbox-Merge';
