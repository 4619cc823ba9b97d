import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { contractError } from './contract-server.ts';
import { gitIn } from './git-remote.ts';
import { branch, WorkerScene } from './worker-scene.ts';

/** An agent that says it is there and then works until it is stopped. */
const endless = 'echo ready; while :; do sleep 0.02; done';

describe('a worker with a task', () => {
  it('commits what the agent left, with trailers, pushes it and reports the head', async () => {
    await using scene = await WorkerScene.open();
    scene.server.tasks.push(scene.task());
    await scene.run(`cp "$AGENT_BRIEF" "$OUT/brief.md"; cp "$AGENT_TASK_FILE" "$OUT/task.json"
      git rev-parse --abbrev-ref HEAD > "$OUT/branch"
      echo "$SIGNALBOX_ISSUE $SIGNALBOX_TASK_NAME $AGENT_CORRELATION_ID" > "$OUT/names"
      echo work > count.txt`);

    const tip = scene.tipOfBranch();
    const message = gitIn(scene.remote.path, 'log', '-1', '--format=%B', tip);
    expect(message).toContain('Count tasks (#42)');
    expect(
      gitIn(scene.remote.path, 'log', '-1', '--format=%(trailers:only,unfold)', tip).split('\n'),
    ).toEqual(['Task: acme/tasks/main.42', 'Task-Version: 3', 'Correlation-Id: corr-42']);
    expect(gitIn(scene.remote.path, 'rev-parse', `${tip}^`)).toBe(scene.remote.tip);
    expect(gitIn(scene.remote.path, 'show', '--name-only', '--format=', tip)).toBe('count.txt');
    expect(scene.server.reports).toEqual([
      {
        task: 'acme/tasks/main.42',
        attempt: 1,
        fence: 7,
        version: 3,
        sequence: expect.any(Number),
        kind: 'done',
        head: tip,
        usage: { minutes: expect.any(Number) },
      },
    ]);
    expect(readFileSync(scene.path('branch'), 'utf8').trim()).toBe(branch);
    expect(readFileSync(scene.path('names'), 'utf8').trim()).toBe('42 Count tasks corr-42');
    expect(readFileSync(scene.path('brief.md'), 'utf8')).toContain('- It counts.');
    expect(JSON.parse(readFileSync(scene.path('task.json'), 'utf8'))).toMatchObject({ issue: 42, fence: 7 });
    expect(readdirSync(scene.path('work/attempts'))).toEqual([]);
  });

  it('sends heartbeats with the head the worktree has just then', async () => {
    await using scene = await WorkerScene.open();
    scene.server.tasks.push(scene.task());
    scene.server.onHeartbeat = ({ head }) => {
      if (head !== null && head !== scene.remote.tip) writeFileSync(scene.path('seen'), head);
      return null;
    };
    await scene.run(`echo own > own.txt; git add .; git commit -qm "The agent's own commit"
      while ! test -e "$OUT/seen"; do sleep 0.01; done`);
    expect(scene.server.heartbeats.map(({ head }) => head)).toContain(scene.tipOfBranch());
    expect(gitIn(scene.remote.path, 'log', '-1', '--format=%s', branch)).toBe("The agent's own commit");
    expect(scene.server.reports).toMatchObject([{ kind: 'done', head: scene.tipOfBranch() }]);
  });

  it('goes on with the next task, and keeps one copy of the repository', async () => {
    await using scene = await WorkerScene.open();
    scene.server.tasks.push(scene.task(), scene.task({ attempt: 2, fence: 8 }));
    scene.server.onReport = (_report, count) => {
      if (count === 2) scene.stop.abort();
      return null;
    };
    await scene.run('echo "$AGENT_TASK_FILE" >> log.txt', { once: false });
    expect(scene.server.reports.map(({ kind, fence }) => [kind, fence])).toEqual([
      ['done', 7],
      ['done', 8],
    ]);
    expect(readdirSync(scene.path('work/repos'))).toHaveLength(1);
    expect(gitIn(scene.remote.path, 'rev-list', '--count', `${scene.remote.tip}..${branch}`)).toBe('2');
  });

  it('works on as many tasks at once as its capacity allows', async () => {
    await using scene = await WorkerScene.open();
    gitIn(scene.remote.path, 'branch', 'agent/50-docs', scene.remote.tip);
    scene.server.tasks.push(scene.task(), scene.task({ issue: 50, branch: 'agent/50-docs', fence: 8 }));
    scene.server.onReport = (_report, count) => {
      if (count === 2) scene.stop.abort();
      return null;
    };
    // Each agent ends only when it has seen the other one at work.
    await scene.run(
      `touch "$OUT/here-$SIGNALBOX_ISSUE"; echo x > "$SIGNALBOX_ISSUE.txt"
       while ! { test -e "$OUT/here-42" && test -e "$OUT/here-50"; }; do sleep 0.01; done`,
      { once: false, capacity: 2 },
    );
    expect(scene.server.reports).toMatchObject([{ kind: 'done' }, { kind: 'done' }]);
  });

  it('puts its work on top of what a person pushed meanwhile', async () => {
    await using scene = await WorkerScene.open();
    scene.server.tasks.push(scene.task());
    await scene.run(`${pushMeanwhile('person.txt')}; echo work > count.txt`);
    expect(
      gitIn(scene.remote.path, 'log', '--format=%s', `${scene.remote.tip}..${branch}`).split('\n'),
    ).toEqual(['Count tasks (#42)', 'A person']);
    expect(scene.server.reports).toMatchObject([{ kind: 'done', head: scene.tipOfBranch() }]);
  });

  it('reports a conflict with what a person pushed, and leaves the branch alone', async () => {
    await using scene = await WorkerScene.open();
    scene.server.tasks.push(scene.task());
    await scene.run(`${pushMeanwhile('count.txt')}; echo work > count.txt`);
    expect(gitIn(scene.remote.path, 'log', '-1', '--format=%s', branch)).toBe('A person');
    expect(scene.server.reports).toMatchObject([{ kind: 'failed', error: { class: 'semantic' } }]);
  });
});

describe('a worker whose fence is old', () => {
  it('stops the agent with all it started, pushes nothing and drops the worktree', async () => {
    await using scene = await WorkerScene.open();
    scene.server.tasks.push(scene.task());
    scene.server.onHeartbeat = () => (existsSync(scene.path('child')) ? contractError(409, 'fenced') : null);
    await scene.run(`echo work > count.txt; sleep 1000 & echo $! > "$OUT/child"; wait`);
    const child = Number(readFileSync(scene.path('child'), 'utf8'));
    expect(isRunning(child)).toBe(false);
    expect(scene.tipOfBranch()).toBe(scene.remote.tip);
    expect(scene.server.reports).toEqual([]);
    expect(scene.kinds().slice(-3)).toEqual(['fenced', 'late', 'over']);
    expect(readdirSync(scene.path('work/attempts'))).toEqual([]);
  });

  it('asks once more before the push, so that work finished too late is not pushed', async () => {
    await using scene = await WorkerScene.open();
    // The regular heart beats once at the start and then not again during this test.
    scene.server.tasks.push(scene.task({ heartbeat_seconds: 3_600 }));
    scene.server.onHeartbeat = () => (existsSync(scene.path('late')) ? contractError(409, 'fenced') : null);
    await scene.run(`echo work > count.txt; touch "$OUT/late"`);
    expect(scene.tipOfBranch()).toBe(scene.remote.tip);
    expect(scene.server.reports).toEqual([]);
    expect(scene.kinds()).toContain('fenced');
  });
});

describe('a worker that is stopped', () => {
  it('stops the agent and hands the task back', async () => {
    await using scene = await WorkerScene.open();
    scene.server.tasks.push(scene.task());
    const running = scene.run(endless);
    await scene.seen('output', (event) => event.kind === 'output' && event.line === 'ready');
    scene.stop.abort();
    await running;
    expect(scene.server.releases).toMatchObject([{ fence: 7, reason: 'the worker was stopped' }]);
    expect(scene.server.reports).toEqual([]);
    expect(scene.tipOfBranch()).toBe(scene.remote.tip);
    expect(readdirSync(scene.path('work/attempts'))).toEqual([]);
  });

  it('ends while it has nothing to do', async () => {
    await using scene = await WorkerScene.open();
    const running = scene.run('true');
    await scene.seen('idle');
    scene.stop.abort();
    await running;
    expect(scene.server.reports).toEqual([]);
  });
});

/** A person's push to the same branch, made while the agent works. */
function pushMeanwhile(file: string): string {
  return `git clone -q -b ${branch} "$OUT/remote.git" "$OUT/person"
    (cd "$OUT/person" && echo person > ${file} && git add . && git commit -qm "A person" && git push -q)`;
}

function isRunning(pid: number): boolean {
  try {
    // A zombie that nobody has waited for yet is not running either.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
