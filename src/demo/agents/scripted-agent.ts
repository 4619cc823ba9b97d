/**
 * The coding agent of `signalbox demo`: a plain program that a worker runs in a worktree. It reads the contract file,
 * finds the script for the issue's title, and makes the edits. It knows nothing of Signalbox and commits nothing.
 *
 *     node scripted-agent.ts "$AGENT_TASK_FILE" 0
 */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { clearScript } from './clear-script.ts';
import { countScript } from './count-script.ts';
import { docsScript } from './docs-script.ts';
import { exportScript } from './export-script.ts';
import { pendingScript } from './pending-script.ts';
import { releaseScript } from './release-script.ts';
import type { ScriptedTask } from './script.ts';
import { silentScript } from './silent-script.ts';

const scripts = [
  countScript,
  docsScript,
  clearScript,
  releaseScript,
  pendingScript,
  exportScript,
  silentScript,
];

const [taskFile, pace = '0'] = process.argv.slice(2);
if (taskFile === undefined)
  throw new Error('usage: scripted-agent.ts <task.json> [pause between steps in ms]');

const task: ScriptedTask & { issue: number; spec: { title: string } } = JSON.parse(
  readFileSync(taskFile, 'utf8'),
);
const script = scripts.find(({ title }) => title === task.spec.title.trim());
if (script === undefined) throw new Error(`I have no script for "${task.spec.title}"`);

const steps = script.steps(task);
console.log(`#${task.issue} ${task.spec.title}: ${steps.length} steps`);
for (const [index, { says, does }] of steps.entries()) {
  await delay(Number(pace));
  console.log(`#${task.issue} ${index + 1}/${steps.length} ${says}`);
  await does();
}
