import { expect, test } from 'vitest';
import { renderFlowchart } from '../../src/sandbox/pages/flowchart.ts';

const drawn = (source: string) => renderFlowchart(source)?.toString() ?? null;

test('boxes stand in columns, each right of those that lead to it', () => {
  const source =
    'flowchart LR\n  a["#1 First"]\n  b["#2 <b>Second</b>"]:::here\n  c["#3"]\n  a --> b\n  b --> c\n  a --> c\n  classDef here stroke-width:4px';
  expect(drawn(source)).toBe(
    '<div class="flowchart"><ul><li>#1 First</li></ul><ul><li class="here">#2 &lt;b&gt;Second&lt;/b&gt;</li></ul><ul><li>#3</li></ul></div>',
  );
});

test('a circle comes to an end', () => {
  expect(drawn('flowchart LR\n  a["1"]\n  b["2"]\n  a --> b\n  b --> a')).toContain('<li>1</li>');
});

test.each(['graph TD\n a --> b', 'flowchart LR', 'flowchart LR\n  click a "javascript:x"', ''])(
  '%j is shown as it was written',
  (source) => {
    expect(drawn(source)).toBeNull();
  },
);
