/** Branches that fall behind, over real git: the base is merged into them, by the policy or on a person's word. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { EjectionPacket } from '../../src/protocol/ejection-packet.ts';
import { agentToken, type ScriptedWorker, startScriptedWorker } from './scripted-worker.ts';
import { form, startWorld, type World } from './world.ts';

const policy = [
  // Nobody claims anything, so that the tasks can collide.
  'schedule: { grace: 0ms, mode: branches }',
  'agents: { ada: { via: pull, capacity: 4 } }',
  'limits: { running: 9, in_review: 9, backoff: [0s] }',
].join('\n');

const lines = Array.from({ length: 20 }, (_, index) => `export const line${index} = ${index};\n`).join('');

/** Changes the line that the title names: `Line 3 is 33`. Conflicts are settled by taking both. */
const agent = `set -eu
set -- $SIGNALBOX_TASK_NAME
if [ -n "\${AGENT_EJECTION_FILE:-}" ]; then
  cp "$AGENT_EJECTION_FILE" "$OUT/packet-$SIGNALBOX_ISSUE.json"
  sed -i -e '/^<<<<<<< /d' -e '/^||||||| /,/^=======/d' -e '/^>>>>>>> /d' src/lines.js
  sed -i "0,/line$2 = /{/line$2 = /d}" src/lines.js
elif [ "$1" = Other ]; then echo 'export const other = 1;' > src/other.js
else sed -i "s/^export const line$2 = .*/export const line$2 = $4;/" src/lines.js; fi
`;

let world: World;
let worker: ScriptedWorker;

beforeAll(async () => {
  world = await startWorld({ policy, agentToken, files: { 'src/lines.js': lines } });
  worker = await startScriptedWorker(world.url, agent);
});
afterEach(() => world.proveReplay());
afterAll(async () => {
  await worker.stop();
  await world.close();
});

interface Work {
  issue: number;
  pull: number;
  branch: string;
  head: string;
}

const reviewed = (issue: number, attempts: number) =>
  world.until(
    issue,
    (row) => row.state === 'in-review' && row.attempts === attempts,
    `attempt ${attempts} is done`,
  );

async function ask(title: string, file = 'src/lines.js'): Promise<Work> {
  const issue = await world.request('mary', title, form({ owns: [file] }));
  const row = await reviewed(issue, 1);
  const branch = row.branch ?? '';
  return { issue, pull: row.pull ?? 0, branch, head: await world.tipOf(branch) };
}

async function land({ issue, pull }: Work): Promise<void> {
  await world.say('walt', pull, '/approve');
  await world.until(issue, ({ state }) => state === 'completed', 'has landed');
}

/** The parents of the branch's tip, once it is not this any more. */
async function parentsAfter({ branch, head }: Work): Promise<string[]> {
  const tip = await world.eventually(async () => {
    const now = await world.tipOf(branch);
    return now === head ? null : now;
  }, `${branch} moves`);
  const { data } = await world.as.mary.git.getCommit({ ...world.repo, commit_sha: tip });
  expect(data.message).toContain(`Merge main into ${branch}`);
  return data.parents.map(({ sha }) => sha);
}

async function linesOnMain(): Promise<string> {
  const { data } = await world.as.mary.repos.getContent({ ...world.repo, path: 'src/lines.js' });
  return 'content' in data ? Buffer.from(data.content, 'base64').toString('utf8') : '';
}

test('a branch in review gets what landed in its files, is judged at the merge, and lands', {
  timeout: 60_000,
}, async () => {
  const [first, second] = [await ask('Line 1 is 11'), await ask('Line 18 is 118')];
  await land(first);
  expect(await parentsAfter(second)).toEqual([second.head, await world.tipOf('main')]);
  const tip = await world.tipOf(second.branch);
  await world.eventually(
    async () => (await world.checkOf(tip, 'signalbox/arbiter'))?.conclusion === 'success',
    'the merge is judged',
  );
  await land(second);
  expect(await linesOnMain()).toMatch(/line1 = 11;[\s\S]*line18 = 118;/);
});

test('a branch that git cannot bring up to date comes back to its agent, before anybody reviews it', {
  timeout: 60_000,
}, async () => {
  const [first, second] = [await ask('Line 5 is 55'), await ask('Line 5 is 555')];
  await land(first);
  await reviewed(second.issue, 2);
  const packet = EjectionPacket.parse(
    JSON.parse(await readFile(join(worker.dir, `packet-${second.issue}.json`), 'utf8')),
  );
  expect(packet).toMatchObject({
    code: 'conflict',
    others: [{ issue: first.issue, pull: first.pull, title: 'Line 5 is 55', landed: true }],
    conflicts: [
      {
        path: 'src/lines.js',
        hunks: [{ line: 6, ours: 'export const line5 = 555;', theirs: 'export const line5 = 55;' }],
      },
    ],
  });
  const told = (await world.ours(second.pull)).filter(({ body }) =>
    body.includes('cannot be brought up to date'),
  );
  expect(told).toHaveLength(1);
  expect(told[0]?.body).toContain('**What to do:** Nothing now.');
  await land(second);
  expect(await linesOnMain()).toMatch(/^export const line5 = 55;$/m);
});

test('/rebase brings a branch up to date though nothing landed in its files', {
  timeout: 60_000,
}, async () => {
  const [first, second] = [await ask('Other file', 'src/other.js'), await ask('Line 9 is 99')];
  await land(first);
  await world.rest();
  expect(await world.tipOf(second.branch)).toBe(second.head);
  await world.say('walt', second.pull, '/rebase');
  expect(await parentsAfter(second)).toEqual([second.head, await world.tipOf('main')]);
});
