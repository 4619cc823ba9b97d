/** The dependency graph of a task: a mermaid diagram, or words where there is too much to draw. */
import type { DependencyGraph, GraphNode } from '../core/lane/dependency-graph.ts';
import { removeInvisible } from './hidden-text.ts';
import { shorten } from './shorten.ts';
import { takeWithin } from './take-within.ts';

/** More cannot be read in a comment's width. */
const mostNodes = 30;

/** Null for a task that stands alone. */
export function renderGraph({ nodes, edges }: DependencyGraph, issue: number): string | null {
  if (edges.length === 0) return null;
  if (nodes.length > mostNodes) return renderWords({ nodes, edges }, issue);
  return [
    '```mermaid',
    'flowchart LR',
    ...nodes.map((node) => `  i${node.issue}["${nodeWords(node)}"]${node.issue === issue ? ':::here' : ''}`),
    ...edges.map(({ from, to }) => `  i${from} --> i${to}`),
    '  classDef here stroke-width:4px',
    '```',
  ].join('\n');
}

/** Mermaid reads quotes, semicolons, brackets and entities in a label: only plain words are put there. */
function nodeWords({ issue, title, state }: GraphNode): string {
  const words = removeInvisible(title ?? '')
    .replace(/[^\p{L}\p{N} .,/_-]/gu, ' ')
    .replace(/\s+/gu, ' ')
    .trim();
  return [`#${issue}`, ...(words === '' ? [] : [shorten(words, 32)]), `(${state.replaceAll('-', ' ')})`].join(
    ' ',
  );
}

function renderWords({ nodes, edges }: DependencyGraph, issue: number): string {
  const list = (issues: readonly number[]): string => {
    if (issues.length === 0) return 'nothing';
    const { shown, rest } = takeWithin(
      issues.map((each) => `#${each}`),
      400,
    );
    return `${shown.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
  };
  const waitsFor = edges.filter(({ to }) => to === issue).map(({ from }) => from);
  const waitedBy = edges.filter(({ from }) => from === issue).map(({ to }) => to);
  return `**Dependencies:** this waits for ${list(waitsFor)}; ${list(waitedBy)} ${waitedBy.length > 1 ? 'wait' : 'waits'} for this. ${nodes.length} issues hang together here, too many to draw.`;
}
