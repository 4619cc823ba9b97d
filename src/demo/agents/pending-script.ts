/** Plays the agent of the story of versions: it is still thinking about version 1 when version 2 comes. */
import { setTimeout as delay } from 'node:timers/promises';
import { countScript } from './count-script.ts';
import type { Script } from './script.ts';

/** Longer than the story takes: the worker stops the agent when its attempt is fenced. */
const thinkingMs = 600_000;

export const pendingScript: Script = {
  key: 'pending',
  title: 'Count the tasks',
  steps: (task) =>
    task.version === 1
      ? [{ says: 'think about what a task is', does: () => delay(thinkingMs) }]
      : countScript.steps(task),
};
