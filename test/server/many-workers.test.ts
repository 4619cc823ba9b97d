/** Many workers at once, each through HTTP: no attempt is given to two, no task is lost, late work is kept. */
import { afterEach, expect, it } from 'vitest';
import { startGitHubStub } from '../../bench/webhooks/github-stub.ts';
import { endLease, inspectTasks, openTasks } from '../../bench/workers/many-tasks.ts';
import { runManyWorkers } from '../../bench/workers/many-workers.ts';
import { closeAll, openDatabase, openServer } from './open-server.ts';

const token = 'a-token-for-very-many-workers';

afterEach(closeAll);

it('twelve workers that race for forty tasks', async () => {
  const database = await openDatabase();
  const github = await startGitHubStub('http://127.0.0.1/acme/r.git');
  const { url } = await openServer({ agentToken: token }, database, github.url);
  const keys = await openTasks(database.db, 40);
  const outcomes = await runManyWorkers({
    url,
    token,
    workers: 12,
    tasks: 40,
    fenceEvery: 8,
    workMs: 0,
    endLease: (task, fence) => endLease(database.db, task, fence),
  });
  await github.close();
  expect(outcomes.surprises).toEqual([]);
  expect(new Set(outcomes.claimed).size).toBe(40);
  expect(outcomes).toMatchObject({ done: 35, fenced: 5 });
  expect(await inspectTasks(database.db, keys)).toEqual({
    done: 35,
    again: 5,
    lost: [],
    started: 40,
    startedTwice: 0,
    lateCheckpoints: 5,
  });
});
