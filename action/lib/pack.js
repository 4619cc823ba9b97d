/** Packs what the agent left into a git bundle: commits, and what is not committed as one more. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { need } from './contract.js';
import { git } from './git.js';
import { readUsage } from './usage.js';

const start = need('SIGNALBOX_START_SHA');
const folder = join(need('RUNNER_TEMP'), 'signalbox-work');
await mkdir(folder, { recursive: true });
const usageFile = process.env.SIGNALBOX_USAGE_FILE;
if (usageFile) await writeFile(join(folder, 'usage.json'), JSON.stringify(await readUsage(usageFile)));
await git('add', '--all');
if ((await git('status', '--porcelain')) !== '') {
  const author = ['-c', 'user.name=Signalbox agent', '-c', 'user.email=agent@signalbox.invalid'];
  await git(...author, 'commit', '--quiet', '--no-verify', '-m', `Work on issue ${need('SIGNALBOX_ISSUE')}`);
}
if ((await git('rev-list', '--count', `${start}..HEAD`)) === '0')
  throw new Error('the agent has changed nothing');
await git('update-ref', 'refs/signalbox/work', 'HEAD');
await git('bundle', 'create', join(folder, 'work.bundle'), `${start}..refs/signalbox/work`);
