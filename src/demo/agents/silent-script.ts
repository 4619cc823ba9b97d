/**
 * Plays the agents of the story of the stall: the first has done half of its work, in its own way, when its machine is
 * suspended; the one that takes over does the whole of it.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { countScript } from './count-script.ts';
import { addCommand } from './edit-text.ts';
import type { Script } from './script.ts';

/** Longer than the story takes: the worker stops the agent when it learns that its attempt is over. */
const thinkingMs = 600_000;

/** Printed when half of the work is there. */
export const halfDone = 'think about a test';

/** Only in the work of the first attempt. */
export const firstWay = 'tasks in all';

const method = `  count() {
    console.log(\`\${load().length} ${firstWay}\`);
  },
`;

export const silentScript: Script = {
  key: 'silent',
  title: 'Count what is left to do',
  steps: (task) =>
    task.attempt === 1
      ? [
          { says: 'add count to the dispatch table', does: () => addCommand('src/cli.js', method) },
          { says: halfDone, does: () => delay(thinkingMs) },
        ]
      : countScript.steps(task),
};
