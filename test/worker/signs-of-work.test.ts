/** Heartbeats from evidence, budgets, escalations: what a worker does while its agent runs. */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Evidence } from '../../src/worker/evidence.ts';
import { presets } from '../../src/worker/presets/presets.ts';
import { gitIn } from './git-remote.ts';
import { WorkerScene } from './worker-scene.ts';

describe('evidence', () => {
  /** Which of the lines count, asked one after another. */
  const counted = (lines: readonly string[]): string[] => {
    const evidence = new Evidence();
    return lines.filter((line) => {
      evidence.note('before');
      evidence.line(line);
      return evidence.last.what === 'output';
    });
  };

  it('is a line unlike the ones before', () => {
    expect(counted(['reading src/a.js', 'reading src/b.js', 'reading src/a.js'])).toEqual([
      'reading src/a.js',
      'reading src/b.js',
    ]);
  });

  it('is no spinner, no counter and no colour', () => {
    const spinner = [
      '⠋ thinking 1s',
      '⠙ thinking 2s',
      '\u001b[32m⠹\u001b[0m thinking 13s',
      '| thinking... 14s',
    ];
    expect(counted(spinner)).toEqual(['⠋ thinking 1s']);
    expect(counted(['', '12', '...', '100 %'])).toEqual(['100 %']);
  });

  it('is a changed file and a commit in the worktree', async () => {
    await using scene = await WorkerScene.open();
    const tree = join(scene.root, 'seed');
    const watched = { tree, env: { PATH: process.env.PATH ?? '' }, group: null };
    const evidence = new Evidence();
    await evidence.look(watched);
    for (const act of [
      () => writeFileSync(join(tree, 'new.txt'), 'one'),
      () => writeFileSync(join(tree, 'new.txt'), 'two and more'),
      () => gitIn(tree, 'commit', '--quiet', '--allow-empty', '-m', 'More'),
    ]) {
      evidence.note('before');
      await evidence.look(watched);
      expect(evidence.last.what).toBe('before');
      act();
      await evidence.look(watched);
      expect(evidence.last.what).toBe('a change in the worktree');
    }
  });
});

describe('an agent that shows no sign of work', () => {
  it('gets no more heartbeats, is stopped when the lease has run out, and its work is kept', async () => {
    await using scene = await WorkerScene.open();
    scene.server.tasks.push(scene.task());
    // A lease that has always run out already: only the evidence keeps the attempt alive.
    scene.server.leaseExpiresAt = '2020-01-01T00:00:00Z';
    await scene.run(
      'echo half > half.txt; i=0; while :; do i=$((i+1)); echo "thinking $i s"; sleep 0.1; done',
      {
        stallMs: 300,
      },
    );
    const kinds = scene.kinds();
    expect(kinds.lastIndexOf('heartbeat')).toBeLessThan(kinds.indexOf('stalled'));
    expect(scene.events).toContainEqual(
      expect.objectContaining({ kind: 'fenced', reason: expect.stringContaining('the lease ran out') }),
    );
    expect(scene.server.reports).toEqual([]);
    expect(scene.tipOfBranch()).toBe(scene.remote.tip);
    expect(scene.filesOfBundle(scene.server.checkpoints.at(-1)?.bundle)).toContain('half.txt');
  });

  it('goes on getting them when there is a sign again', async () => {
    await using scene = await WorkerScene.open();
    scene.server.tasks.push(scene.task());
    const running = scene.run(
      `while ! test -e "$OUT/go"; do sleep 0.1; done; echo work > count.txt
       while ! test -e "$OUT/beaten"; do sleep 0.1; done`,
      { stallMs: 300 },
    );
    await scene.seen('stalled');
    scene.server.onHeartbeat = () => {
      if (existsSync(scene.path('go'))) writeFileSync(scene.path('beaten'), '');
      return null;
    };
    writeFileSync(scene.path('go'), '');
    await running;
    expect(scene.server.reports).toMatchObject([{ kind: 'done' }]);
  });
});

/** A program of this name that the agent's shell finds first. */
function fakeCli(scene: WorkerScene, name: string, script: string): Record<string, string> {
  const folder = scene.path('bin');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, name), 0o755);
  return { PATH: `${folder}:${process.env.PATH}`, HOME: scene.root, OUT: scene.root };
}

const answer = (id: number, tokens: number): string =>
  `echo '${JSON.stringify({ type: 'assistant', message: { id: `m${id}`, usage: { input_tokens: tokens }, content: [{ type: 'text', text: `Step ${id}.` }] } })}'`;

describe('an agent of a preset', () => {
  it('is read for its usage, which heartbeats and the report carry', async () => {
    await using scene = await WorkerScene.open();
    scene.server.tasks.push(scene.task({ budget: { minutes: 5, tokens: 1_000, usd: 2 } }));
    const result = JSON.stringify({
      type: 'result',
      subtype: 'success',
      result: 'ok',
      total_cost_usd: 0.5,
      usage: { input_tokens: 300, output_tokens: 20 },
    });
    const env = fakeCli(
      scene,
      'claude',
      `echo "$*" > "$OUT/args"; cat > "$OUT/stdin"; echo work > count.txt\n${answer(1, 100)}\necho '${result}'`,
    );
    await scene.run('', { preset: presets.claude, env });
    expect(readFileSync(scene.path('stdin'), 'utf8')).toContain('# Brief: issue #42');
    expect(readFileSync(scene.path('args'), 'utf8')).toContain('--max-budget-usd 2');
    expect(scene.server.reports).toMatchObject([{ kind: 'done', usage: { tokens: 320, usd: 0.5 } }]);
    expect(scene.events).toContainEqual(expect.objectContaining({ kind: 'output', line: 'Step 1.' }));
  });

  it('is warned about at 80 % and stopped at 100 % of its tokens; the work is saved', async () => {
    await using scene = await WorkerScene.open();
    scene.server.tasks.push(scene.task({ budget: { minutes: 5, tokens: 1_000, usd: null } }));
    scene.server.onHeartbeat = ({ note }) => {
      if (note?.startsWith('budget')) writeFileSync(scene.path('warned'), '');
      return null;
    };
    const env = fakeCli(
      scene,
      'claude',
      `echo work > count.txt\n${answer(1, 850)}\nwhile ! test -e "$OUT/warned"; do sleep 0.02; done\n${answer(2, 200)}\nsleep 1000`,
    );
    await scene.run('', { preset: presets.claude, env });
    expect(scene.server.heartbeats.map(({ note }) => note)).toContain('budget: 850 of 1000 tokens used');
    expect(scene.server.reports).toMatchObject([
      {
        kind: 'failed',
        error: { class: 'budget', message: 'stopped: 1050 of 1000 tokens used' },
        usage: { tokens: 1_050 },
      },
    ]);
    expect(scene.filesOfBundle(scene.server.checkpoints[0]?.bundle)).toContain('count.txt');
  });

  it('that meets a rate limit is reported as such', async () => {
    await using scene = await WorkerScene.open();
    scene.server.tasks.push(scene.task());
    const failed = JSON.stringify({
      type: 'turn.failed',
      error: { message: 'exceeded retry limit, last status: 429 Too Many Requests' },
    });
    const env = fakeCli(scene, 'codex', `cat > /dev/null; echo '${failed}'; exit 1`);
    await scene.run('', { preset: presets.codex, env });
    expect(scene.server.reports).toMatchObject([{ kind: 'failed', error: { class: 'rate-limit' } }]);
  });

  it('that is not installed is no fault of the work', async () => {
    await using scene = await WorkerScene.open();
    scene.server.tasks.push(scene.task());
    await scene.run('', { preset: presets.openhands });
    expect(scene.server.reports).toMatchObject([
      { kind: 'failed', error: { class: 'infra', message: expect.stringContaining('openhands') } },
    ]);
  });

  it('leaves no litter behind', async () => {
    await using scene = await WorkerScene.open();
    scene.server.tasks.push(scene.task());
    const env = fakeCli(scene, 'aider', 'echo h > .aider.chat.history.md; echo work > count.txt');
    await scene.run('', { preset: presets.aider, env });
    expect(gitIn(scene.remote.path, 'show', '--name-only', '--format=', scene.tipOfBranch())).toBe(
      'count.txt',
    );
  });
});

describe('an agent that asks for a person', () => {
  it('by its file is heard, its work is saved, and the file is no work', async () => {
    await using scene = await WorkerScene.open();
    scene.server.tasks.push(scene.task());
    const env = {
      PATH: process.env.PATH ?? '',
      HOME: scene.root,
      OUT: scene.root,
      API_KEY: 'sk-very-secret-key',
    };
    await scene.run(
      `echo half > half.txt; mkdir -p .signalbox
       echo '{"trigger":"Two ways","context":"I know sk-very-secret-key","options":["A way","Another"]}' > "$AGENT_ESCALATION_FILE"`,
      { env },
    );
    expect(scene.server.escalations).toMatchObject([
      { trigger: 'Two ways', context: 'I know [redacted]', options: ['A way', 'Another'] },
    ]);
    expect(scene.server.reports).toEqual([]);
    expect(scene.filesOfBundle(scene.server.checkpoints[0]?.bundle)).toEqual(['half.txt', 'hello.txt']);
  });

  it('by exit code 75 is heard with its last words', async () => {
    await using scene = await WorkerScene.open();
    scene.server.tasks.push(scene.task());
    await scene.run('echo "Which of the two?"; exit 75');
    expect(scene.server.escalations).toMatchObject([
      { trigger: 'the agent exited with code 75', context: expect.stringContaining('Which of the two?') },
    ]);
  });
});
