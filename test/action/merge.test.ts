/** The agent's job of work that came back: what it starts from, and what is packed of it. Real git, our own scripts. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const scripts = fileURLToPath(new URL('../../action/lib/', import.meta.url));
let folder = '';
let start = '';
let base = '';

const git = (...args: string[]) =>
  execFileSync('git', ['-C', join(folder, 'tree'), '-c', 'user.name=t', '-c', 'user.email=t@e', ...args], {
    encoding: 'utf8',
  }).trim();
const file = (name: string) => join(folder, 'tree', name);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-merge-'));
  mkdirSync(join(folder, 'tree'));
  mkdirSync(join(folder, 'signalbox'));
  git('init', '--quiet', '--initial-branch=main');
  const commit = (name: string, text: string): string => {
    writeFileSync(file(name), text);
    git('add', '.');
    git('commit', '--quiet', '-m', `${name} says ${text}`);
    return git('rev-parse', 'HEAD');
  };
  commit('one.txt', 'one\n');
  git('checkout', '--quiet', '-b', 'agent/7-work');
  start = commit('one.txt', 'ours\n');
  git('checkout', '--quiet', 'main');
  base = commit('two.txt', 'two\n');
  git('checkout', '--quiet', 'agent/7-work');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The base says otherwise in the same line. */
function collide(): void {
  git('checkout', '--quiet', 'main');
  writeFileSync(file('one.txt'), 'theirs\n');
  git('commit', '--quiet', '-am', 'Theirs');
  base = git('rev-parse', 'HEAD');
  git('checkout', '--quiet', 'agent/7-work');
}

function run(script: string): { status: number | null; stderr: string } {
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: folder,
    RUNNER_TEMP: folder,
    GITHUB_WORKSPACE: join(folder, 'tree'),
    SIGNALBOX_START_SHA: start,
    SIGNALBOX_ISSUE: '7',
  };
  return spawnSync(process.execPath, [join(scripts, script)], { env, encoding: 'utf8' });
}

function brief(ejection: object | null): void {
  const task = { base: 'main', base_sha: base, branch: 'agent/7-work', ejection };
  writeFileSync(join(folder, 'signalbox', 'task.json'), JSON.stringify(task));
}

const parents = () => git('log', '-1', '--format=%P', 'refs/signalbox/work').split(' ');

describe('the checkout', () => {
  test('is left alone when the work has not come back', () => {
    brief(null);
    expect(run('merge.js').status).toBe(0);
    expect(git('rev-parse', 'HEAD')).toBe(start);
  });

  test('has the base, and what is packed goes on from that', () => {
    brief({ code: 'checks-failed' });
    expect(run('merge.js').status).toBe(0);
    expect(readFileSync(file('two.txt'), 'utf8')).toBe('two\n');
    writeFileSync(file('three.txt'), 'three\n');
    expect(run('pack.js').status).toBe(0);
    expect(git('rev-list', '--count', `${start}..refs/signalbox/work`)).toBe('3');
  });

  test('has the conflicts in its files, and what the agent makes of them is one merge', () => {
    collide();
    brief({ code: 'conflict' });
    expect(run('merge.js').status).toBe(0);
    expect(readFileSync(file('one.txt'), 'utf8')).toMatch(
      /<{7} .*\nours\n\|{7} .*\none\n={7}\ntheirs\n>{7} /,
    );
    writeFileSync(file('one.txt'), 'both\n');
    expect(run('pack.js').status).toBe(0);
    expect(parents()).toEqual([start, base]);
    expect(git('show', 'refs/signalbox/work:one.txt')).toBe('both');
  });

  test('is not packed with conflict markers left in it', () => {
    collide();
    brief({ code: 'conflict' });
    run('merge.js');
    writeFileSync(file('three.txt'), 'three\n');
    const { status, stderr } = run('pack.js');
    expect(status).not.toBe(0);
    expect(stderr).toContain('conflict markers are left in one.txt');
  });
});
