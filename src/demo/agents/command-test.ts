/** The test file that a scripted agent writes for a new command: the same opening, then its own cases. */
export function commandTest(cases: string): string {
  return `import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env as inherited, execPath } from 'node:process';
import { after, test } from 'node:test';

const cli = join(import.meta.dirname, '../src/cli.js');
const directory = mkdtempSync(join(tmpdir(), 'tasks-'));
const env = { ...inherited, TASKS_FILE: join(directory, 'tasks.json') };
after(() => rmSync(directory, { recursive: true }));

function tasks(...words) {
  return spawnSync(execPath, [cli, ...words], { encoding: 'utf8', env }).stdout;
}

${cases}`;
}
