/**
 * A worker is killed (`kill -9`) at ten moments and started again each time, against the App and the sandbox, with real
 * processes and real git. Nothing is lost, and nothing is done twice.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { GatedWorker } from './gated-worker.ts';
import { form, startWorld, type World } from './world.ts';

const token = 'a-token-for-the-killed-worker';
const policy = 'agents: { local: { via: pull } }\nschedule: { grace: 0ms }\nownership: { heartbeat: 1s }\n';

const moments = [
  'after claim',
  'before git fetch',
  'after git worktree',
  'agent starts',
  'agent is half done',
  'before git commit',
  'before git push',
  'after git push',
  'before report',
  'after report',
];

/** Writes half of the work, then the other half; notes when it has come to its end. */
const script = (dir: string): string => `
gate 'agent starts'
file=$(test "$SIGNALBOX_TASK_NAME" = First && echo src/one.js || echo src/two.js)
grep -q half "$file" || echo '// half' >> "$file"
gate 'agent is half done'
echo '// whole' >> "$file"
echo "$SIGNALBOX_ISSUE" >> '${dir}/finished'`;

let world: World;
let worker: GatedWorker;
let dir: string;

afterEach(async () => {
  await worker?.close();
  await world?.close();
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
});

describe('killing a worker at any moment and starting it again', () => {
  it('loses nothing and does nothing twice', async () => {
    dir = mkdtempSync(join(tmpdir(), 'signalbox-killed-'));
    world = await startWorld({ policy, agentToken: token });
    worker = await GatedWorker.open({ dir, url: world.url, token, agent: 'local', script: script(dir) });
    const issues = [
      await world.request('mary', 'First', form({ owns: ['src/one.js'] })),
      await world.request('mary', 'Second', form({ owns: ['src/two.js'] })),
    ];

    for (const moment of moments) {
      worker.start(moment);
      await world.eventually(async () => {
        if (!worker.isAtGate) throw new Error(`not yet ${moment}:\n${worker.said.slice(-2_000)}`);
        return true;
      }, moment);
      await worker.kill();
    }
    worker.start(null);

    for (const issue of issues) {
      const row = await world.until(issue, ({ state }) => state === 'in-review', 'is in review');
      expect(row.attempts).toBe(1);
      const { data: commits } = await world.as.mary.pulls.listCommits({
        ...world.repo,
        pull_number: row.pull ?? 0,
      });
      const own = commits.filter(({ commit }) => commit.author?.name === 'local (agent)');
      expect(own).toHaveLength(1);
      const { data: files } = await world.as.mary.pulls.listFiles({
        ...world.repo,
        pull_number: row.pull ?? 0,
      });
      expect(files.map(({ filename, additions }) => [filename, additions])).toEqual([
        [issue === issues[0] ? 'src/one.js' : 'src/two.js', 2],
      ]);
    }
    // The agent of the first was interrupted before its end, and was not run again after it.
    expect(readFileSync(join(dir, 'finished'), 'utf8').trim().split('\n')).toEqual(issues.map(String));
    await world.eventually(
      async () => readdirSync(join(dir, 'work', 'attempts')).length === 0,
      'workspaces go',
    );
    await world.proveReplay();
  }, 120_000);
});
