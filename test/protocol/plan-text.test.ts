import { describe, expect, test } from 'vitest';
import type { CoordinationPlan, PlannedTask } from '../../src/core/task/plan-lane.ts';
import { readIssueMarkdown, readIssuesJson } from '../../src/protocol/issue-files.ts';
import { renderPlan } from '../../src/protocol/plan-text.ts';

function task(issue: number, change: Partial<PlannedTask> = {}): PlannedTask {
  return {
    issue,
    title: `Task ${issue}`,
    state: 'waiting',
    owns: [`src/${issue}.js`],
    dependsOn: [],
    agent: null,
    priority: 'normal',
    protectedPaths: [],
    minutes: 10,
    wave: 1,
    starts: 0,
    ends: 10,
    waitsOn: [],
    ...change,
  };
}

const plan: CoordinationPlan = {
  lane: 'acme/demo@main',
  tasks: [
    task(1, { wave: 2, starts: 10, ends: 20, dependsOn: ['#2'] }),
    task(2, { agent: 'claude', state: 'working' }),
    task(3, { wave: null, starts: null, ends: null, waitsOn: [{ kind: 'hold', what: 'maria holds it' }] }),
    task(4, { title: 'Evil | @team <b>', owns: ['.github/**'], protectedPaths: ['.github/**'] }),
  ],
  waves: [[2, 4], [1]],
  pairs: [
    { a: 1, b: 2, kind: 'files', paths: ['src/a.js'] },
    { a: 2, b: 4, kind: 'joint', paths: ['package.json'] },
  ],
  morePairs: false,
  serialMinutes: 30,
  planMinutes: 20,
  speedUp: 1.5,
};

test('as a table: first what runs first, then the pairs, then what it is worth', () => {
  expect(renderPlan(plan, 'table')).toBe(
    [
      'acme/demo@main',
      '',
      'Wave  Issue  Title             Owns        Depends on  Agent   Minutes  Status',
      '----  -----  ----------------  ----------  ----------  ------  -------  -------------------------------------------',
      '1     #2     Task 2            src/2.js    –           claude  10       working',
      '1     #4     Evil | @team <b>  .github/**  –           any     10       can start; a person must approve .github/**',
      '2     #1     Task 1            src/1.js    #2          any     10       starts after 10 min',
      '–     #3     Task 3            src/3.js    –           any     10       maria holds it',
      '',
      '#1 and #2 collide on src/a.js: one after the other',
      '#2 and #4 both change package.json: side by side, but one lands before the other touches it',
      '',
      'About 20 minutes side by side, 30 one after the other: 1.5 times as fast, if each task takes its budget and review takes no time.',
    ].join('\n'),
  );
});

test('as Markdown nothing of an issue becomes markup, a mention or a cell', () => {
  const text = renderPlan(plan, 'markdown');
  expect(text).not.toContain('<b>');
  expect(text).not.toMatch(/(?<![\w`\\])@team/u);
  for (const row of text.split('\n').filter((line) => line.startsWith('| ')))
    expect(row.replaceAll('\\|', '').split('|')).toHaveLength(10);
});

test('as JSON it is the plan, as lines one object each', () => {
  expect(JSON.parse(renderPlan(plan, 'json'))).toEqual(plan);
  const lines = renderPlan(plan, 'jsonl')
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.map((line) => line.kind)).toEqual(['task', 'task', 'task', 'task', 'pair', 'pair', 'plan']);
});

test('of nothing it says so', () => {
  const nothing = { ...plan, tasks: [], pairs: [], waves: [], serialMinutes: 0, planMinutes: 0, speedUp: 1 };
  expect(renderPlan(nothing, 'table')).toBe('acme/demo@main\n\nNo task is open.');
});

describe('issues from files', () => {
  test('are read as GitHub’s API gives them', () => {
    const text = JSON.stringify([
      { number: 7, title: 'Seven', body: null, labels: [{ name: 'area:x' }, 'b', 3] },
      { number: 3, title: 'Three', body: 'text' },
    ]);
    expect(readIssuesJson(text)).toEqual({
      kind: 'ok',
      issues: [
        { number: 3, title: 'Three', body: 'text', labels: [] },
        { number: 7, title: 'Seven', body: '', labels: ['area:x', 'b'] },
      ],
    });
  });

  test.each([
    ['{', 'not JSON'],
    ['{}', 'not an array'],
    ['[1]', 'entry 1 is no issue'],
    ['[{"title":""}]', 'entry 1 has no title'],
    ['[{"title":"x","number":-1}]', 'entry 1 has no issue number'],
    ['[{"title":"x","number":2},{"title":"y","number":2}]', '#2 is there twice'],
  ])('%s is refused: %s', (text, why) => {
    expect(readIssuesJson(text)).toMatchObject({ kind: 'refused', problem: expect.stringContaining(why) });
  });

  test.each([
    [
      '12-count.md',
      '# Count\nLabels: area:x, needs:y\n\ntext\n',
      [12, 'Count', 'text', ['area:x', 'needs:y']],
    ],
    ['count.md', '\r\n# Count\r\n\r\ntext', [5, 'Count', 'text', []]],
    ['3 no title.md', 'just text', [3, 'no title', 'just text', []]],
  ])('%s', (name, text, [number, title, body, labels]) => {
    expect(readIssueMarkdown(name, text, 5)).toEqual({ number, title, body, labels });
  });
});
