import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

const cli = join(import.meta.dirname, '../src/cli.js');

function tasksInNewDirectory() {
  const directory = mkdtempSync(join(tmpdir(), 'tasks-'));
  after(() => rmSync(directory, { recursive: true }));
  const env = { ...process.env, TASKS_FILE: join(directory, 'tasks.json') };
  return (...words) => spawnSync(process.execPath, [cli, ...words], { encoding: 'utf8', env });
}

test('a task that was added is listed', () => {
  const tasks = tasksInNewDirectory();
  assert.equal(tasks('add', 'water', 'the', 'plants').status, 0);
  assert.equal(tasks('list').stdout, '1. [ ] water the plants\n');
});

test('an unknown command shows the usage', () => {
  const result = tasksInNewDirectory()('frobnicate');
  assert.equal(result.status, 1);
  assert.match(result.stderr, /^Usage: tasks <add\|list/);
});
