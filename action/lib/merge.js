/**
 * Work that came back starts on top of what it has to fit: the base is merged before the agent begins, and where git
 * cannot do that alone, the conflicts stand in the files. `pack.js` makes one merge of it in the end.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { need } from './contract.js';
import { asAgent, git, mergeMark } from './git.js';

const task = JSON.parse(await readFile(join(need('RUNNER_TEMP'), 'signalbox', 'task.json'), 'utf8'));

async function merge({ base, base_sha: sha, branch }) {
  const isClean = await git(
    ...asAgent,
    '-c',
    'merge.conflictStyle=diff3',
    'merge',
    '--no-ff',
    '--no-commit',
    sha,
  ).then(
    () => true,
    () => false,
  );
  // Nothing to merge is no merge either.
  const isMerging = await git('rev-parse', '--verify', '--quiet', 'MERGE_HEAD').catch(() => '');
  if (isMerging === '') return isClean ? 'nothing to merge' : 'git could not begin to merge';
  await git('add', '--all');
  const kind = isClean ? 'clean' : 'conflicts';
  const message = `Merge ${base} into ${branch}\n\n${mergeMark}: ${kind}`;
  await git(...asAgent, 'commit', '--quiet', '--no-verify', '--allow-empty', '-m', message);
  return kind;
}

console.log(task.ejection ? `The base: ${await merge(task)}.` : 'This work has not come back.');
