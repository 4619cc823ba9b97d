import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { demoIssues } from '../../src/demo/plots/main-issues.ts';
import { gitIn } from './git-remote.ts';

const app = fileURLToPath(new URL('../../src/demo/tasks-app', import.meta.url));
const agent = fileURLToPath(new URL('../../src/demo/agents/scripted-agent.ts', import.meta.url));
const numbers = { count: 1, docs: 2, clear: 3 };

/** A copy of the app in a repository of its own, in which the agents work one after another. */
class AppCopy {
  readonly root = mkdtempSync(join(tmpdir(), 'signalbox-app-'));
  readonly tree = join(this.root, 'tree');

  constructor() {
    cpSync(app, this.tree, { recursive: true });
    gitIn(this.root, 'init', '--quiet', this.tree);
    this.#commit();
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  /** Lets the agent do the issue; answers with the files it changed. */
  play(key: string): string[] {
    const title = demoIssues.find((issue) => issue.key === key)?.title ?? '';
    const file = join(this.root, 'task.json');
    writeFileSync(file, JSON.stringify({ issue: 1, spec: { title } }));
    execFileSync(process.execPath, [agent, file], { cwd: this.tree, stdio: 'pipe' });
    gitIn(this.tree, 'add', '--all');
    const changed = gitIn(this.tree, 'diff', '--cached', '--name-only').split('\n');
    this.#commit();
    return changed;
  }

  test(): { status: number | null; output: string } {
    const env = { PATH: process.env.PATH };
    const result = spawnSync(process.execPath, ['--test'], { cwd: this.tree, encoding: 'utf8', env });
    return { status: result.status, output: result.stdout };
  }

  tasks(...words: string[]): string {
    const env = { TASKS_FILE: join(this.root, 'list.json') };
    return execFileSync(process.execPath, ['src/cli.js', ...words], {
      cwd: this.tree,
      encoding: 'utf8',
      env,
    });
  }

  read(path: string): string {
    return readFileSync(join(this.tree, path), 'utf8');
  }

  #commit(): void {
    gitIn(this.tree, 'add', '--all');
    gitIn(this.tree, 'commit', '--quiet', '-m', 'Step');
  }
}

describe('the scripted agents of the demo', () => {
  it.each([[['count', 'docs', 'clear', 'release']], [['clear', 'docs', 'count', 'release']]])(
    'leave the app green with all four commands when they work in the order %j',
    (order) => {
      using copy = new AppCopy();
      expect(copy.test().status).toBe(0);
      for (const key of order) {
        copy.play(key);
        const result = copy.test();
        expect(result.status, result.output).toBe(0);
      }
      expect(copy.tasks('add', 'one')).toBe('Added: one\n');
      expect(copy.tasks('list')).toBe('1. [ ] one\n');
      expect(copy.tasks('count')).toBe('1\n');
      expect(copy.tasks('clear')).toBe('Removed: 1\n');
      for (const command of ['add', 'list', 'count', 'clear']) {
        expect(copy.read('RELEASES.md')).toContain(`- \`${command}\``);
      }
    },
  );

  it('change only files that their issues own', () => {
    using copy = new AppCopy();
    for (const { key, body } of demoIssues) {
      const owned = /### Owned files\n\n([\s\S]*?)\n\n###/.exec(body(numbers))?.[1]?.split('\n');
      expect(copy.play(key).toSorted()).toEqual(owned?.toSorted());
    }
  });

  it('make the same edits every time', () => {
    using first = new AppCopy();
    using second = new AppCopy();
    for (const key of ['count', 'clear']) {
      first.play(key);
      second.play(key);
    }
    const tree = (copy: AppCopy): string => gitIn(copy.tree, 'rev-parse', 'HEAD^{tree}');
    expect(tree(first)).toBe(tree(second));
  });

  it('fail on an issue they do not know, instead of guessing', () => {
    using copy = new AppCopy();
    expect(() => copy.play('unknown')).toThrow(/I have no script/);
  });
});

describe('the demo issues', () => {
  it('have every heading of the issue form, and name what they depend on', () => {
    for (const { body } of demoIssues) {
      expect(body(numbers).match(/^### .*$/gm)).toEqual([
        '### Requirements',
        '### Design',
        '### Acceptance criteria',
        '### Owned files',
        '### Depends on',
        '### Budget',
      ]);
    }
    const release = demoIssues.find(({ key }) => key === 'release');
    expect(release?.body(numbers)).toContain('### Depends on\n\n#1\n#2\n');
    expect(() => release?.body({})).toThrow(/must be opened first/);
  });
});
