/** The README's first command, as a newcomer runs it; what it prints is held against what it promises. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const program = fileURLToPath(new URL('../../bin/signalbox.js', import.meta.url));

interface Summary {
  tasks: {
    issue: number;
    title: string;
    state: string;
    versions: number;
    attempts: number;
    owns: string[];
    depends_on: number[];
    pr: number;
    started_at: string;
    landed_at: string;
  }[];
  landings: {
    sha: string;
    tree: string;
    tested_sha: string;
    tested_tree: string;
    entries: { issue: number }[];
  }[];
  collisions: { a: number; b: number; paths: string[]; announced_at: string }[];
  main: { sha: string; tree: string };
  duration_ms: number;
}

async function runDemo(...flags: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [program, 'demo', '--exit', ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString();
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, out, err };
}

const at = (text: string): number => Date.parse(text);

describe('the demo', () => {
  test.concurrent.each([
    ['as it is', []],
    ['with every webhook lost', ['--lose-webhooks']],
    ['with every webhook delivered twice', ['--duplicate-webhooks']],
  ])(
    '%s lands all four tasks in order, each as the tree that was tested',
    { timeout: 240_000 },
    async (_, flags) => {
      const { code, out, err } = await runDemo('--json', ...flags);
      expect(err).not.toContain('failed');
      expect(code).toBe(0);
      const summary = JSON.parse(out) as Summary;
      const [count, docs, clear, release] = summary.tasks;
      if (!count || !docs || !clear || !release) throw new Error('four tasks are missing');
      expect(summary.tasks.map((task) => [task.state, task.versions, task.attempts])).toEqual(
        Array.from({ length: 4 }, () => ['completed', 1, 1]),
      );
      expect(summary.landings).toHaveLength(4);
      for (const landing of summary.landings) expect(landing.tree).toBe(landing.tested_tree);
      expect(summary.main).toMatchObject({ sha: summary.landings[3]?.sha, tree: summary.landings[3]?.tree });

      const collision = summary.collisions.find(({ a, b }) => a === count.issue && b === clear.issue);
      expect(collision?.paths).toEqual(['src/cli.js']);
      expect(at(collision?.announced_at ?? '')).toBeLessThanOrEqual(
        Math.min(at(count.started_at), at(clear.started_at)),
      );
      expect(at(count.landed_at)).toBeLessThanOrEqual(at(clear.started_at));
      expect(at(docs.started_at)).toBeLessThan(at(count.landed_at));
      expect(at(count.started_at)).toBeLessThan(at(docs.landed_at));
      expect(release.depends_on).toEqual([count.issue, docs.issue]);
      expect(summary.landings[3]?.entries.map((entry) => entry.issue)).toEqual([release.issue]);
    },
  );

  test.concurrent('says which step failed, and ends with another code, when an agent cannot do its work', {
    timeout: 240_000,
  }, async () => {
    const { code, err } = await runDemo('--agents', 'echo I give up >&2; exit 3');
    expect(code).toBe(1);
    expect(err).toContain('The demo failed at "land all"');
    expect(err).toMatch(/#\d is failed: .*3 attempts/);
  });
});

test.concurrent('the story of versions ends with version 2 landed, and the stranger was answered', {
  timeout: 240_000,
}, async () => {
  const { code, out, err } = await runDemo('--json', '--story', 'versions');
  expect(err).not.toContain('failed');
  expect(code).toBe(0);
  const summary = JSON.parse(out) as Summary;
  expect(summary.tasks).toMatchObject([{ state: 'completed', versions: 2, attempts: 1 }]);
  expect(summary.landings).toHaveLength(1);
});

test.concurrent('the story of the escalation asks once, and lands what the maintainer picked', {
  timeout: 240_000,
}, async () => {
  const { code, out, err } = await runDemo('--json', '--story', 'escalation');
  expect(err).not.toContain('failed');
  expect(code).toBe(0);
  const summary = JSON.parse(out) as Summary;
  expect(summary.tasks).toMatchObject([{ state: 'completed', versions: 1, attempts: 2 }]);
  expect(summary.landings).toHaveLength(1);
});

test.concurrent('the story of the stall lands the work of the second agent, and keeps that of the first', {
  timeout: 240_000,
}, async () => {
  const { code, out, err } = await runDemo('--json', '--story', 'stall');
  expect(err).not.toContain('failed');
  expect(code).toBe(0);
  const summary = JSON.parse(out) as Summary;
  expect(summary.tasks).toMatchObject([{ state: 'completed', versions: 1, attempts: 2 }]);
  expect(summary.landings).toHaveLength(1);
});
