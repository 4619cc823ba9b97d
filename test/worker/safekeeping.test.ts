/** Nothing that an agent did is lost: checkpoints, late work, and what one attempt has for itself. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { AgentTask } from '../../src/protocol/agent-contract.ts';
import { contractError } from './contract-server.ts';
import { gitIn } from './git-remote.ts';
import { branch, WorkerScene } from './worker-scene.ts';

const untilStopped = 'while :; do sleep 0.02; done';

/** An attempt that was interrupted after some work; answers with the next one, to which its checkpoint is given. */
async function interrupted(scene: WorkerScene, script: string): Promise<AgentTask> {
  scene.server.tasks.push(scene.task());
  const running = scene.run(`${script}\n${untilStopped}`, { checkpointMs: 0 });
  await scene.seen('checkpoint');
  scene.stop.abort();
  await running;
  scene.stop = new AbortController();
  const saved = scene.server.checkpoints.at(-1);
  if (!saved) throw new Error('nothing was saved');
  scene.server.bundle = saved.bundle;
  const { head, bundle } = saved;
  const checkpoint = { attempt: 1, head, bytes: bundle.length, saved_at: '2026-01-01T00:00:00Z' };
  return scene.task({ attempt: 2, fence: 8, checkpoint });
}

describe('a checkpoint', () => {
  it('is saved when the work has changed, and not when it has not', async () => {
    await using scene = await WorkerScene.open();
    scene.server.tasks.push(scene.task());
    const beats = (): number => scene.server.heartbeats.length;
    let first = 0;
    scene.server.onCheckpoint = () => {
      first ||= beats();
      return null;
    };
    scene.server.onHeartbeat = () => {
      if (first > 0 && beats() > first + 5) writeFileSync(scene.path('enough'), '');
      return null;
    };
    await scene.run('echo one > one.txt; while ! test -e "$OUT/enough"; do sleep 0.02; done', {
      checkpointMs: 0,
    });
    expect(scene.server.checkpoints).toHaveLength(1);
    expect(scene.server.reports).toMatchObject([{ kind: 'done' }]);
    expect(gitIn(scene.remote.path, 'log', '--format=%s', `${scene.remote.tip}..${branch}`)).toBe(
      'Count tasks (#42)',
    );
  });

  it('is what the next attempt goes on with, on any machine', async () => {
    await using scene = await WorkerScene.open();
    const next = await interrupted(
      scene,
      'echo own > own.txt; git add .; git commit -qm "The agent\'s own commit"; echo half > half.txt',
    );
    expect(scene.server.releases).toHaveLength(1);
    scene.server.tasks.push(next);
    await scene.run(
      'git status --porcelain > "$OUT/status"; cp "$AGENT_BRIEF" "$OUT/brief.md"; echo more >> half.txt',
      {
        directory: scene.path('elsewhere'),
      },
    );
    expect(readFileSync(scene.path('status'), 'utf8')).toBe('?? half.txt\n');
    expect(readFileSync(scene.path('brief.md'), 'utf8')).toContain(
      'An earlier run (attempt 1) was interrupted',
    );
    expect(scene.server.reports).toMatchObject([{ kind: 'done', fence: 8 }]);
    expect(gitIn(scene.remote.path, 'show', `${branch}:half.txt`)).toBe('half\nmore');
    expect(
      gitIn(scene.remote.path, 'log', '--format=%s', `${scene.remote.tip}..${branch}`).split('\n'),
    ).toEqual(['Count tasks (#42)', "The agent's own commit"]);
  });

  it('is put on top of what was pushed meanwhile', async () => {
    await using scene = await WorkerScene.open();
    const next = await interrupted(scene, 'echo half > half.txt');
    scene.pushAsPerson('person.txt', 'person');
    scene.server.tasks.push(next);
    await scene.run('echo more >> half.txt');
    expect(gitIn(scene.remote.path, 'ls-tree', '--name-only', branch).split('\n')).toEqual([
      'half.txt',
      'hello.txt',
      'person.txt',
    ]);
  });

  it('that conflicts with what was pushed meanwhile is handed over as a patch', async () => {
    await using scene = await WorkerScene.open();
    const next = await interrupted(scene, 'echo half > count.txt');
    scene.pushAsPerson('count.txt', 'person');
    scene.server.tasks.push(next);
    await scene.run(
      'cp "$AGENT_BRIEF" "$OUT/brief.md"; cp "$(dirname "$AGENT_BRIEF")/earlier.patch" "$OUT"; echo new > new.txt',
    );
    expect(readFileSync(scene.path('earlier.patch'), 'utf8')).toContain('+half');
    expect(readFileSync(scene.path('brief.md'), 'utf8')).toContain('no longer fits the branch');
    expect(gitIn(scene.remote.path, 'show', `${branch}:count.txt`)).toBe('person');
  });

  it('that cannot be used is said so, and the work begins anew', async () => {
    await using scene = await WorkerScene.open();
    const next = await interrupted(scene, 'echo half > half.txt');
    scene.server.bundle = Buffer.from('no bundle');
    scene.server.tasks.push(next);
    await scene.run('test ! -e half.txt; echo new > new.txt');
    expect(scene.server.reports).toMatchObject([{ kind: 'done' }]);
    expect(scene.problems()).toContainEqual(expect.stringContaining('cannot be used'));
  });
});

describe('the work of an attempt whose fence is old', () => {
  it('goes to Signalbox as a bundle', async () => {
    await using scene = await WorkerScene.open();
    scene.server.tasks.push(scene.task({ heartbeat_seconds: 3_600 }));
    scene.server.onHeartbeat = () => (existsSync(scene.path('late')) ? contractError(409, 'fenced') : null);
    scene.server.onCheckpoint = () => contractError(409, 'fenced');
    await scene.run('echo work > count.txt; touch "$OUT/late"');
    expect(scene.filesOfBundle(scene.server.checkpoints[0]?.bundle)).toContain('count.txt');
    expect(scene.events).toContainEqual(
      expect.objectContaining({ kind: 'late', head: scene.server.checkpoints[0]?.head }),
    );
    expect(readdirSync(scene.path('work/attempts'))).toEqual([]);
  });

  it('stays on disk, and the path is told, when Signalbox does not take it', async () => {
    await using scene = await WorkerScene.open();
    scene.server.tasks.push(scene.task());
    scene.server.onHeartbeat = () => (existsSync(scene.path('late')) ? contractError(409, 'fenced') : null);
    scene.server.onCheckpoint = () => contractError(413, 'too-large');
    await scene.run(`echo work > count.txt; touch "$OUT/late"; ${untilStopped}`);
    const late = scene.events.find((event) => event.kind === 'late');
    const where = late?.kind === 'late' ? late.where : '';
    expect(where).toBe(scene.path('work/late/acme-tasks-42-1-7.bundle'));
    expect(scene.filesOfBundle(readFileSync(where))).toContain('count.txt');
    expect(scene.tipOfBranch()).toBe(scene.remote.tip);
  });
});

describe('what an attempt has for itself', () => {
  it('is a range of ports, a name for a database and the variables of its brief', async () => {
    await using scene = await WorkerScene.open();
    gitIn(scene.remote.path, 'branch', 'agent/50-docs', scene.remote.tip);
    scene.server.tasks.push(scene.task(), scene.task({ issue: 50, branch: 'agent/50-docs', fence: 8 }));
    scene.server.onReport = (_report, count) => {
      if (count === 2) scene.stop.abort();
      return null;
    };
    await scene.run(
      `echo "$SIGNALBOX_PORT_BASE $SIGNALBOX_PORT_COUNT $SIGNALBOX_DATABASE $AGENT_BRANCH $AGENT_BASE_SHA" > "$OUT/has-$SIGNALBOX_ISSUE"
       echo x > "$SIGNALBOX_ISSUE.txt"
       while ! { test -e "$OUT/has-42" && test -e "$OUT/has-50"; }; do sleep 0.01; done`,
      { once: false, capacity: 2 },
    );
    const has = [42, 50].map((issue) =>
      readFileSync(scene.path(`has-${issue}`), 'utf8')
        .trim()
        .split(' '),
    );
    const [one = [], other = []] = has;
    expect(Math.abs(Number(one[0]) - Number(other[0]))).toBeGreaterThanOrEqual(Number(one[1]));
    expect([one[2], other[2]]).toEqual(['signalbox_acme_tasks_42_1_7', 'signalbox_acme_tasks_50_1_8']);
    expect(other.slice(3)).toEqual(['agent/50-docs', scene.task().base_sha]);
  });

  it('is a HOME, fresh after so many tasks, that starts as the template does', async () => {
    await using scene = await WorkerScene.open();
    mkdirSync(scene.path('template'));
    writeFileSync(scene.path('template/login'), 'ok');
    scene.server.tasks.push(...[7, 8, 9].map((fence) => scene.task({ fence })));
    scene.server.onReport = (_report, count) => {
      if (count === 3) scene.stop.abort();
      return null;
    };
    await scene.run(
      'cat "$HOME/login" > /dev/null; echo x >> "$HOME/used"; echo "$HOME $(wc -l < "$HOME/used")" >> "$OUT/homes"; echo x >> x.txt',
      {
        once: false,
        sessions: { rotate: 2, template: scene.path('template') },
      },
    );
    const homes = readFileSync(scene.path('homes'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split(' '));
    expect(homes.map(([, count]) => Number(count))).toEqual([1, 2, 1]);
    expect(new Set(homes.map(([home]) => home)).size).toBe(2);
    expect(readdirSync(scene.path('work/sessions'))).toEqual([]);
  });
});
