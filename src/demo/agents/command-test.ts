/** The test file that a scripted agent writes for a new command: the same opening, then its own cases. */
export function commandTest(cases: string): string {
  return `import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env as inherited, execPath } from 'node:process';
import { test } from 'node:test';

const cli = join(import.meta.dirname, '../src/cli.js');
const env = { ...inherited, TASKS_FILE: join(mkdtempSync(join(tmpdir(), 'tasks-')), 'tasks.json') };

function tasks(...words) {
  return spawnSync(execPath, [cli, ...words], { encoding: 'utf8', env }).stdout;
}

${cases}`;
}
