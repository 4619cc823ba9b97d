/** Packs what the agent left into a git bundle: commits, and what is not committed as one more. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { need } from './contract.js';
import { asAgent, git, mergeMark } from './git.js';
import { readUsage } from './usage.js';

const start = need('SIGNALBOX_START_SHA');
const folder = join(need('RUNNER_TEMP'), 'signalbox-work');
await mkdir(folder, { recursive: true });
const usageFile = process.env.SIGNALBOX_USAGE_FILE;
if (usageFile) await writeFile(join(folder, 'usage.json'), JSON.stringify(await readUsage(usageFile)));
await git('add', '--all');
if ((await git('status', '--porcelain')) !== '') {
  await git(...asAgent, 'commit', '--quiet', '--no-verify', '-m', `Work on issue ${need('SIGNALBOX_ISSUE')}`);
}
if ((await git('rev-list', '--count', `${start}..HEAD`)) === '0')
  throw new Error('the agent has changed nothing');

/** Where the base did not merge by itself: what the agent made of it, as one merge, or a failure when it left markers. */
async function settled() {
  const range = `${start}..HEAD`;
  const marked = await git('rev-list', '--merges', `--grep=^${mergeMark}: conflicts`, '-1', range);
  if (marked === '') return 'HEAD';
  const markers = await git('grep', '-l', '-I', '-E', '^(<{7}|>{7}) ', 'HEAD').catch(() => '');
  const before = new Set(
    (await git('grep', '-l', '-I', '-E', '^(<{7}|>{7}) ', start).catch(() => '')).split('\n'),
  );
  const left = markers.split('\n').map((line) => line.replace(/^HEAD:/, ''));
  if (left.some((path) => path !== '' && !before.has(`${start}:${path}`)))
    throw new Error(`conflict markers are left in ${left.join(', ')}`);
  const base = await git('rev-parse', `${marked}^2`);
  const tree = await git('rev-parse', 'HEAD^{tree}');
  const message = await git('log', '-1', '--format=%s', marked);
  return git(...asAgent, 'commit-tree', tree, '-p', start, '-p', base, '-m', message);
}

await git('update-ref', 'refs/signalbox/work', await settled());
await git('bundle', 'create', join(folder, 'work.bundle'), `${start}..refs/signalbox/work`);
