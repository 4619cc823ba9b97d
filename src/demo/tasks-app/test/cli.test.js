import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const cli = join(import.meta.dirname, '../src/cli.js');

function tasksIn(directory) {
  const env = { ...process.env, TASKS_FILE: join(directory, 'tasks.json') };
  return (...words) => spawnSync(process.execPath, [cli, ...words], { encoding: 'utf8', env });
}

test('a task that was added is listed', () => {
  const tasks = tasksIn(mkdtempSync(join(tmpdir(), 'tasks-')));
  assert.equal(tasks('add', 'water', 'the', 'plants').status, 0);
  assert.equal(tasks('list').stdout, '1. [ ] water the plants\n');
});

test('an unknown command shows the usage', () => {
  const result = tasksIn(mkdtempSync(join(tmpdir(), 'tasks-')))('frobnicate');
  assert.equal(result.status, 1);
  assert.match(result.stderr, /^Usage: tasks <add\|list/);
});
