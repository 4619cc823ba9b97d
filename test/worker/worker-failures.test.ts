import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { apiToken, contractError } from './contract-server.ts';
import { gitIn, gitToken, HttpRemote } from './git-remote.ts';
import { branch, WorkerScene } from './worker-scene.ts';

describe('when answers are lost', () => {
  it('claims again with the same id, and gets the same task once', async () => {
    await using scene = await WorkerScene.open();
    scene.server.tasks.push(scene.task(), scene.task({ attempt: 2, fence: 8 }));
    scene.server.onClaim = (_claim, count) =>
      count === 1 ? 'lost' : count === 2 ? { status: 503, body: {} } : null;
    await scene.run('echo work > count.txt');
    expect(scene.server.claims).toHaveLength(3);
    expect(new Set(scene.server.claims.map(({ claim_id }) => claim_id)).size).toBe(1);
    expect(scene.server.reports).toMatchObject([{ kind: 'done', fence: 7 }]);
  });

  it('takes a new id after every answer', async () => {
    await using scene = await WorkerScene.open();
    scene.server.onClaim = (_claim, count) => {
      if (count === 3) scene.stop.abort();
      return null;
    };
    await scene.run('true');
    expect(new Set(scene.server.claims.map(({ claim_id }) => claim_id)).size).toBe(3);
  });

  it('repeats the report until it is answered', async () => {
    await using scene = await WorkerScene.open();
    scene.server.tasks.push(scene.task());
    scene.server.onReport = (_report, count) => (count < 3 ? 'lost' : null);
    await scene.run('echo work > count.txt');
    expect(scene.server.reports).toHaveLength(3);
    expect(scene.kinds().slice(-2)).toEqual(['reported', 'over']);
  });

  it('survives heartbeats that get no answer', async () => {
    await using scene = await WorkerScene.open();
    scene.server.tasks.push(scene.task());
    scene.server.onHeartbeat = () => (scene.server.heartbeats.length < 3 ? 'lost' : null);
    await scene.run('echo work > count.txt');
    expect(scene.server.reports).toMatchObject([{ kind: 'done' }]);
  });

  it('stops with the reason when Signalbox refuses the worker itself', async () => {
    await using scene = await WorkerScene.open();
    await expect(scene.run('true', { token: 'wrong' })).rejects.toThrow(
      /refuses this worker.*401 unauthorized/,
    );
  });
});

describe('when the agent does not deliver', () => {
  it('reports the end of what a failing agent said, without secrets', async () => {
    await using scene = await WorkerScene.open();
    scene.server.tasks.push(scene.task());
    const env = { PATH: process.env.PATH ?? '', MODEL_API_KEY: 'sk-very-secret-key' };
    await scene.run('echo "$MODEL_API_KEY"; seq 5000 >&2; echo "I cannot"; exit 3', { env });
    const [report] = scene.server.reports;
    expect(report).toMatchObject({ kind: 'failed', error: { class: 'semantic' } });
    const message = report?.kind === 'failed' ? report.error.message : '';
    expect(message).toMatch(/^the agent exited with code 3\n/);
    expect(message).toContain('I cannot');
    expect(message.length).toBeLessThan(2_100);
    expect(JSON.stringify([scene.events, scene.server.reports])).not.toContain('sk-very-secret-key');
    expect(scene.tipOfBranch()).toBe(scene.remote.tip);
  });

  it('reports an agent that changed nothing', async () => {
    await using scene = await WorkerScene.open();
    scene.server.tasks.push(scene.task());
    await scene.run('git commit -q --allow-empty -m "Look busy"');
    expect(scene.server.reports).toMatchObject([
      { kind: 'failed', error: { class: 'semantic', message: expect.stringContaining('changed nothing') } },
    ]);
    expect(scene.tipOfBranch()).toBe(scene.remote.tip);
  });

  it('stops an agent whose minutes are used up', async () => {
    await using scene = await WorkerScene.open();
    scene.server.tasks.push(scene.task({ budget: { minutes: 0.005, tokens: null, usd: null } }));
    await scene.run('while :; do sleep 0.02; done');
    expect(scene.server.reports).toMatchObject([{ kind: 'failed', error: { class: 'budget' } }]);
  });

  it('refuses a branch name that git could take for something else', async () => {
    await using scene = await WorkerScene.open();
    scene.server.tasks.push(scene.task({ branch: '--upload-pack=touch /tmp/x' }));
    await scene.run('echo work > count.txt');
    expect(scene.server.reports).toMatchObject([
      { kind: 'failed', error: { class: 'infra', message: expect.stringContaining('not a branch name') } },
    ]);
  });

  it('refuses to work on the base branch itself', async () => {
    await using scene = await WorkerScene.open();
    scene.server.tasks.push(scene.task({ branch: 'main' }));
    await scene.run('echo work > count.txt');
    expect(scene.server.reports).toMatchObject([{ kind: 'failed', error: { class: 'infra' } }]);
  });
});

describe('when the git server is gone at the push', () => {
  const gone = 'echo work > count.txt; mv "$OUT/remote.git" "$OUT/gone.git"';

  it('tries again, reports infra, and saves the finished work at Signalbox', async () => {
    await using scene = await WorkerScene.open();
    scene.server.tasks.push(scene.task());
    await scene.run(gone);
    expect(scene.server.reports).toMatchObject([{ kind: 'failed', error: { class: 'infra' } }]);
    expect(scene.problems().filter((message) => message.startsWith('push:')).length).toBeGreaterThan(1);
    expect(scene.server.checkpoints).toHaveLength(1);
    expect(readdirSync(scene.path('work/attempts'))).toEqual([]);
  });

  it('keeps the finished work on disk when it cannot be saved there either', async () => {
    await using scene = await WorkerScene.open();
    scene.server.tasks.push(scene.task());
    scene.server.onCheckpoint = () => contractError(413, 'too-large');
    await scene.run(gone);
    const [kept = ''] = readdirSync(scene.path('work/attempts'));
    expect(existsSync(scene.path(`work/attempts/${kept}/tree/count.txt`))).toBe(true);
    expect(scene.problems()).toContainEqual(
      expect.stringContaining(`is kept in ${scene.path('work/attempts')}`),
    );
  });

  it('reports a push that the remote declines', async () => {
    await using scene = await WorkerScene.open();
    scene.server.tasks.push(scene.task());
    const hook = join(scene.remote.path, 'hooks', 'pre-receive');
    mkdirSync(join(scene.remote.path, 'hooks'), { recursive: true });
    writeFileSync(hook, '#!/bin/sh\nexit 1\n');
    chmodSync(hook, 0o755);
    await using remote = closing(await HttpRemote.start(scene.root));
    const task = scene.task();
    scene.server.tasks[0] = { ...task, git: { ...task.git, url: remote.it.url } };
    await scene.run('echo work > count.txt');
    expect(scene.server.reports).toMatchObject([
      { kind: 'failed', error: { class: 'semantic', message: expect.stringContaining('declined') } },
    ]);
  });
});

describe('the tokens', () => {
  it('authenticate fetch and push over HTTP, and appear in no argument, no file and not in the agent', async () => {
    await using scene = await WorkerScene.open();
    await using remote = closing(await HttpRemote.start(scene.root));
    const task = scene.task();
    scene.server.tasks.push({ ...task, git: { ...task.git, url: remote.it.url } });
    const shim = recordingGit(scene);
    // The agent looks where a curious agent would, and does not clean up: the folder is copied before it goes.
    await scene.run(
      `env > "$OUT/agent-env"; git config --list > "$OUT/agent-config"; echo work > count.txt
      cp -R "$(dirname "$AGENT_BRIEF")" "$OUT/copy"; cp -R "$OUT/work/repos" "$OUT/copy-repos"`,
      {
        env: { PATH: `${shim}:${process.env.PATH}`, HOME: scene.root, OUT: scene.root },
      },
    );

    expect(scene.server.reports).toMatchObject([{ kind: 'done', head: scene.tipOfBranch() }]);
    expect(remote.it.admitted).toBeGreaterThan(2);
    const argv = readFileSync(scene.path('git-argv'), 'utf8');
    expect(argv).toContain('push --porcelain');
    rmSync(scene.path('remote.git'), { recursive: true });
    const basic = Buffer.from(`x-access-token:${gitToken}`).toString('base64');
    for (const secret of [gitToken, apiToken, basic]) {
      expect(filesContaining(scene.root, secret)).toEqual([]);
      expect(JSON.stringify(scene.events)).not.toContain(secret);
    }
  });

  it('do not follow an agent that rewrites the configuration of its worktree', async () => {
    await using scene = await WorkerScene.open();
    await using remote = closing(await HttpRemote.start(scene.root));
    const task = scene.task();
    scene.server.tasks.push({ ...task, git: { ...task.git, url: remote.it.url } });
    await scene.run(`git config url.http://127.0.0.1:9/.insteadOf "${remote.it.url}"
      git config credential.helper "!touch $OUT/stolen"; git config core.hooksPath "$OUT/hooks"
      echo work > count.txt`);
    expect(scene.server.reports).toMatchObject([{ kind: 'done', head: scene.tipOfBranch() }]);
    expect(existsSync(scene.path('stolen'))).toBe(false);
  });

  it('are asked for again when they have expired before the push', async () => {
    await using scene = await WorkerScene.open();
    await using remote = closing(await HttpRemote.start(scene.root));
    const task = scene.task();
    const git = { ...task.git, url: remote.it.url };
    const old = { ...task, git: { ...git, expires_at: '2020-01-01T00:00:00Z' } };
    scene.server.tasks.push(old);
    scene.server.onClaim = (_claim, count) =>
      count === 1 ? null : { status: 200, body: { task: { ...task, git }, retry_after_seconds: 0 } };
    await scene.run('echo work > count.txt');
    expect(scene.server.claims).toHaveLength(2);
    expect(scene.server.claims[1]?.claim_id).toBe(scene.server.claims[0]?.claim_id);
    expect(scene.server.reports).toMatchObject([{ kind: 'done' }]);
    expect(gitIn(scene.remote.path, 'log', '-1', '--format=%s', branch)).toBe('Count tasks (#42)');
  });

  it('refuses a repository address with credentials in it', async () => {
    await using scene = await WorkerScene.open();
    const task = scene.task();
    scene.server.tasks.push({
      ...task,
      git: { ...task.git, url: `https://x:${gitToken}@example.invalid/r.git` },
    });
    await scene.run('true');
    expect(scene.server.reports).toMatchObject([{ kind: 'failed', error: { class: 'infra' } }]);
    expect(JSON.stringify(scene.server.reports)).not.toContain(gitToken);
  });

  it('leads to a fence being honoured even for the report', async () => {
    await using scene = await WorkerScene.open();
    scene.server.tasks.push(scene.task());
    scene.server.onReport = () => contractError(409, 'fenced');
    await scene.run('exit 1');
    expect(scene.server.reports).toHaveLength(1);
    expect(scene.kinds().slice(-2)).toEqual(['fenced', 'over']);
  });
});

/** A `git` that writes down its arguments before it does its work. */
function recordingGit(scene: WorkerScene): string {
  const directory = scene.path('shim');
  mkdirSync(directory);
  const real = (process.env.PATH ?? '')
    .split(':')
    .map((part) => join(part, 'git'))
    .find((path) => existsSync(path));
  writeFileSync(
    join(directory, 'git'),
    `#!/bin/sh\necho "$@" >> ${scene.path('git-argv')}\nexec ${real} "$@"\n`,
  );
  chmodSync(join(directory, 'git'), 0o755);
  return directory;
}

function filesContaining(root: string, secret: string): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .map((name) => join(root, name))
    .filter((path) => statSync(path).isFile() && readFileSync(path).includes(secret));
}

function closing<T extends { close(): Promise<void> }>(it: T): { it: T } & AsyncDisposable {
  return { it, [Symbol.asyncDispose]: () => it.close() };
}
