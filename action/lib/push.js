/**
 * Pushes the agent's bundle and reports. No code of the repository or of the agent runs here: the bundle is data, and
 * what may land is for the arbiter and for people to decide.
 */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { call, fieldsOf, need, start } from './contract.js';
import { git } from './git.js';
import { readUsage } from './usage.js';

const task = await start();
const folder = join(need('RUNNER_TEMP'), 'signalbox-work');
const bundle = join(folder, 'work.bundle');
const usage = await readUsage(join(folder, 'usage.json'));

async function report(body) {
  const { state } = await call('report', { ...fieldsOf(task), ...body, usage });
  console.log(`The task is ${state}.`);
}

async function push() {
  await access(bundle);
  await git('fetch', '--quiet', bundle, '+refs/signalbox/work:refs/signalbox/work');
  const head = await git('rev-parse', 'refs/signalbox/work');
  // Not forced: somebody else's push to the branch wins.
  await git('push', '--quiet', need('SIGNALBOX_REMOTE'), `${head}:refs/heads/${task.branch}`);
  return head;
}

const outcome = process.env.SIGNALBOX_AGENT_RESULT;
if (outcome !== 'success') {
  await report({
    kind: 'failed',
    error: { class: 'semantic', message: `the agent's job ended: ${outcome}` },
  });
} else {
  const pushed = await push().then(
    (head) => ({ kind: 'done', head }),
    (error) => ({ kind: 'failed', error: { class: 'infra', message: String(error.message).slice(0, 2000) } }),
  );
  await report(pushed);
  if (pushed.kind === 'failed') process.exitCode = 1;
}
