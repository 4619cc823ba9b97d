import { describe, expect, it } from 'vitest';
import { AttemptTable } from '../../src/worker/attempt-table.ts';
import { openTerminal } from '../../src/worker/terminal.ts';
import type { AttemptEvent } from '../../src/worker/worker-event.ts';

const name = { repo: 'acme/tasks', issue: 42, attempt: 1, correlationId: 'c-42' };
const claimed: AttemptEvent = { kind: 'claimed', ...name, title: 'Count tasks', branch: 'agent/42-count' };

describe('the table of attempts', () => {
  it('follows an attempt from its claim to its end', () => {
    const table = new AttemptTable();
    expect(table.lines(0, 80)).toEqual(['waiting for work']);
    expect(table.tell(claimed, 0)).toBe('#42 taken: Count tasks');
    table.tell({ kind: 'started', ...name, pid: 1, directory: '/x' }, 1_000);
    table.tell({ kind: 'used', ...name, usage: { tokens: 12_345, usd: 0.5 } }, 1_000);
    table.tell({ kind: 'output', ...name, line: '  edits src/cli.js' }, 1_000);
    expect(table.lines(65_000, 120)).toEqual([
      'acme/tasks#42 Count tasks (1) 1:05 · works · 12k tokens $0.50 · edits src/cli.js',
    ]);
    expect(
      table.tell({ kind: 'stalled', ...name, silentSeconds: 600, message: 'no sign of work' }, 2_000),
    ).toBe('#42 no sign of work');
    expect(table.lines(2_000, 120)[0]).toContain('· silent ·');
    expect(table.tell({ kind: 'reported', ...name, outcome: 'done', state: 'in-review' }, 3_000)).toBe(
      '#42 done, and is in-review now',
    );
    table.tell({ kind: 'over', ...name }, 3_000);
    expect(table.lines(3_000, 80)).toEqual(['waiting for work']);
  });

  it('tells where late work is', () => {
    const line = new AttemptTable().tell(
      { kind: 'late', ...name, head: 'a'.repeat(40), where: '/work/late/x.bundle' },
      0,
    );
    expect(line).toBe('#42 its work (aaaaaaaaa) is kept: /work/late/x.bundle');
  });

  it('keeps within the width, and lets no agent move the cursor', () => {
    const table = new AttemptTable();
    table.tell(claimed, 0);
    table.tell({ kind: 'output', ...name, line: `\u001b[2J\u0007${'x'.repeat(200)}` }, 0);
    const [line = ''] = table.lines(0, 60);
    expect(line).toHaveLength(60);
    expect(['\u001b', '\u0007'].some((control) => line.includes(control))).toBe(false);
  });
});

describe('the terminal', () => {
  it('writes lines that stay above the table', () => {
    let screen = '';
    const terminal = openTerminal(
      (text) => {
        screen += text;
      },
      () => 80,
    );
    terminal.tell(claimed);
    terminal.close();
    expect(screen).toContain(
      'waiting for work\n\u001b[1A\u001b[0J#42 taken: Count tasks\nacme/tasks#42 Count tasks (1)',
    );
  });
});
