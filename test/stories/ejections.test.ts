/**
 * Work that does not fit comes back to its agent, a real worker over real git: with the hunks that conflict, or with
 * what CI said of it merged with what landed; and the same failure twice comes to a person.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { PlanRow } from '../../src/core/lane/view.ts';
import { EjectionPacket } from '../../src/protocol/ejection-packet.ts';
import { agentToken, type ScriptedWorker, startScriptedWorker } from './scripted-worker.ts';
import { form, startWorld, type World } from './world.ts';

const policy = [
  // Nobody claims anything, so that the tasks can collide.
  'schedule: { grace: 0ms, mode: branches }',
  'agents: { ada: { via: pull, capacity: 4 } }',
  'limits: { running: 9, in_review: 9, backoff: [0s] }',
  // The branches stay as they are, so that the queue meets the conflict.
  'queue: { flake_retries: 0, update_branches: never }',
].join('\n');

/** Does what the issue's title says; what comes back is kept for the test, and made to fit in the way it names. */
const agent = `set -eu
if [ -n "\${AGENT_EJECTION_FILE:-}" ]; then cp "$AGENT_EJECTION_FILE" "$OUT/packet-$SIGNALBOX_ISSUE.json"; fi
case "$SIGNALBOX_TASK_NAME" in
  'Two is 22') echo 'export const two = 22;' > src/two.js ;;
  'Two is 222')
    if [ -n "\${AGENT_EJECTION_FILE:-}" ]; then echo 'export const two = 22 + 200;' > src/two.js
    else echo 'export const two = 222;' > src/two.js; fi ;;
  'One is 11') echo 'export const one = 11;' > src/one.js ;;
  'One stays')
    value=1; if grep -q 'It is 11 now' "$AGENT_BRIEF"; then value=11; fi
    cat > test/stays.test.js <<END
import assert from 'node:assert';
import { test } from 'node:test';
import { one } from '../src/one.js';
// Attempt of $(basename "$(dirname "$AGENT_BRIEF")")
test('one stays what it was', () => assert.strictEqual(one, $value));
END
    ;;
esac
`;

let world: World;
let worker: ScriptedWorker;

beforeAll(async () => {
  world = await startWorld({ policy, agentToken });
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
}

async function ask(title: string, file: string): Promise<Work> {
  const issue = await world.request('mary', title, form({ owns: [file], requirements: `${title}, please.` }));
  const row = await reviewed(issue, 1);
  return { issue, pull: row.pull ?? 0 };
}

const reviewed = (issue: number, attempts: number) =>
  world.until(
    issue,
    (row) => row.state === 'in-review' && row.attempts === attempts,
    `attempt ${attempts} is done`,
  );

async function land({ issue, pull }: Work): Promise<void> {
  await world.say('walt', pull, '/approve');
  await world.until(issue, ({ state }) => state === 'completed', 'has landed');
}

async function packetOf(issue: number): Promise<EjectionPacket> {
  return EjectionPacket.parse(JSON.parse(await readFile(join(worker.dir, `packet-${issue}.json`), 'utf8')));
}

async function fileOnMain(path: string): Promise<string> {
  const { data } = await world.as.mary.repos.getContent({ ...world.repo, path });
  return 'content' in data ? Buffer.from(data.content, 'base64').toString('utf8') : '';
}

const news = async ({ pull }: Work, heading: string) =>
  (await world.ours(pull)).filter(({ body }) => body.includes(heading));

test('a conflict with what has landed: the hunks and the other’s intent, and the merge lands', {
  timeout: 90_000,
}, async () => {
  const [first, second] = [await ask('Two is 22', 'src/two.js'), await ask('Two is 222', 'src/two.js')];
  await land(first);
  // GitHub does not show the other's changes: the attempt starts all the same, and the packet says so.
  world.sandbox.faults.request = ({ path, phase }) =>
    phase === 'before' && path.endsWith(`/pulls/${first.pull}/files`)
      ? { when: 'before', answer: 404 }
      : undefined;
  await world.say('walt', second.pull, '/approve');
  await reviewed(second.issue, 2);
  delete world.sandbox.faults.request;
  const packet = await packetOf(second.issue);
  expect(packet).toMatchObject({
    code: 'conflict',
    attempt: 1,
    attempts_left: 2,
    base_sha: await world.tipOf('main'),
    conflicts: [
      {
        path: 'src/two.js',
        kind: 'text',
        hunks: [
          {
            line: 1,
            base: 'export const two = 2;',
            ours: 'export const two = 222;',
            theirs: 'export const two = 22;',
          },
        ],
      },
    ],
    others: [
      {
        ...first,
        landed: true,
        title: 'Two is 22',
        requirements: 'Two is 22, please.',
        files: [],
      },
    ],
    unread: [expect.stringMatching(new RegExp(`^the changes of #${first.pull} could not be read: `))],
  });
  expect(await news(second, `### #${second.pull} left the queue`)).toEqual([
    expect.objectContaining({ body: expect.stringContaining('**What to do:** Nothing now.') }),
  ]);
  await land(second);
  expect(await fileOnMain('src/two.js')).toBe('export const two = 22 + 200;\n');
});

test('red together with what has landed: the job’s words, the candidate and the other; twice the same asks a person', {
  timeout: 120_000,
}, async () => {
  const [first, second] = [
    await ask('One is 11', 'src/one.js'),
    await ask('One stays', 'test/stays.test.js'),
  ];
  await land(first);
  await world.say('walt', second.pull, '/approve');
  const done = (row: PlanRow) => row.attempts === 2 && ['in-review', 'escalated'].includes(row.state);
  await world.until(second.issue, done, 'attempt 2 is done');
  const packet = await packetOf(second.issue);
  expect(packet).toMatchObject({
    code: 'checks-failed',
    candidates: [{ outcome: 'failed', base_sha: await world.tipOf('main'), with: [] }],
    jobs: [{ name: 'ci', conclusion: 'failure' }],
    others: [
      {
        ...first,
        landed: true,
        title: 'One is 11',
        files: [{ path: 'src/one.js', patch: expect.stringContaining('+export const one = 11;') }],
      },
    ],
    conflicts: [],
    unread: [],
  });
  expect(packet.jobs[0]?.log?.text).toContain('one stays what it was');
  const candidate = packet.candidates[0]?.sha ?? '';
  expect(await world.checkOf(candidate, 'ci')).toMatchObject({ conclusion: 'failure' });

  // The second attempt has changed nothing that matters: merged with the base, its own head is red as well.
  await world.until(second.issue, ({ state }) => state === 'escalated', 'asks a person');
  const [question, ...others] = await world.eventually(async () => {
    const found = await news(second, '### A person is needed');
    return found.length > 0 && found.filter(({ body }) => body.includes('**Options**'));
  }, 'a person is asked');
  expect(others).toEqual([]);
  expect(question?.body).toContain('For the second time, and for the same reason');
  expect(question?.body).toContain('A: Keep this work and make it fit');
  // The standing comment, the ejection's and the question's.
  expect(await world.ours(second.pull)).toHaveLength(3);

  await world.say('walt', second.pull, '/resume It is 11 now, test that');
  await reviewed(second.issue, 3);
  await land(second);
  expect(await fileOnMain('test/stays.test.js')).toContain('strictEqual(one, 11)');
});
