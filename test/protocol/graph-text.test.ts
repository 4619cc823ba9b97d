import { expect, test } from 'vitest';
import type { DependencyGraph } from '../../src/core/lane/dependency-graph.ts';
import { renderGraph } from '../../src/protocol/graph-text.ts';

function star(around: number, title: string | null = null): DependencyGraph {
  const issues = Array.from({ length: around }, (_, index) => index + 100);
  return {
    nodes: [...issues, 42].map((issue) => ({ issue, title, state: 'waiting' })),
    edges: issues.map((from) => ({ from, to: 42 })),
  };
}

test('a few issues are drawn, and the task itself stands out', () => {
  const graph: DependencyGraph = {
    nodes: [
      { issue: 7, title: 'Read the file', state: 'completed' },
      { issue: 9, title: null, state: 'not-planned' },
      { issue: 42, title: 'Count the tasks, and print them in the order of their age', state: 'waiting' },
    ],
    edges: [
      { from: 7, to: 42 },
      { from: 9, to: 42 },
    ],
  };
  expect(renderGraph(graph, 42)).toMatchInlineSnapshot(`
    "\`\`\`mermaid
    flowchart LR
      i7["#7 Read the file (completed)"]
      i9["#9 (not planned)"]
      i42["#42 Count the tasks, and print them… (waiting)"]:::here
      i7 --> i42
      i9 --> i42
      classDef here stroke-width:4px
    \`\`\`"
  `);
});

test('a task that stands alone has no graph', () => {
  expect(renderGraph({ nodes: [{ issue: 42, title: null, state: 'waiting' }], edges: [] }, 42)).toBeNull();
});

test('thirty issues are drawn; more are told in words', () => {
  expect(renderGraph(star(29), 42)).toMatch(/^```mermaid\n/u);
  expect(renderGraph(star(30), 42)).toMatchInlineSnapshot(
    `"**Dependencies:** this waits for #100, #101, #102, #103, #104, #105, #106, #107, #108, #109, #110, #111, #112, #113, #114, #115, #116, #117, #118, #119, #120, #121, #122, #123, #124, #125, #126, #127, #128, #129; nothing waits for this. 31 issues hang together here, too many to draw."`,
  );
  const words = renderGraph(star(199), 42) ?? '';
  expect(words).toMatch(/and \d+ more; nothing waits for this/u);
  expect(words.length).toBeLessThan(800);
});

test.each([
  '"] --> x["',
  '```\n@org/everyone closes #1',
  '<img src=x onerror=alert(1)>',
  'a; click i1 "javascript:alert(1)"',
  '#quot;%%{init: {}}%%',
  '\u202e\u200bgnp',
])('nothing of the title %j gets out of its box', (title) => {
  const text = renderGraph(star(1, title), 42) ?? '';
  expect(text.split('\n')).toHaveLength(7);
  expect(text.match(/```/gu)).toHaveLength(2);
  for (const [, label = ''] of text.matchAll(/\["(.*)"\]/gu))
    expect(label).toMatch(/^#\d+ [\p{L}\p{N} .,/_…-]+ \(waiting\)$/u);
  expect(text.match(/"/gu)).toHaveLength(4);
});
