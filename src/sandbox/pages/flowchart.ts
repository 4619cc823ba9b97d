// Draws the small part of mermaid that comments use: boxes with a label, and arrows from left to right.
import { html } from 'hono/html';
import type { Html } from './link-text.ts';

const boxLine = /^\s*(\w+)\["([^"\n]*)"\](:::\w+)?\s*$/;
const arrowLine = /^\s*(\w+) --> (\w+)\s*$/;
const MOST_BOXES = 60;

interface Box {
  id: string;
  label: string;
  stands: boolean;
  column: number;
}

/** A box stands right of all that lead to it; a circle stops moving when it has gone round once. */
function layOut(boxes: readonly Box[], arrows: readonly { from: string; to: string }[]): void {
  const byId = new Map(boxes.map((box) => [box.id, box]));
  for (let round = 0; round < boxes.length; round++) {
    for (const { from, to } of arrows) {
      const [start, end] = [byId.get(from), byId.get(to)];
      if (start !== undefined && end !== undefined && end.column <= start.column)
        end.column = Math.min(start.column + 1, boxes.length);
    }
  }
}

/** Null for anything but a plain flowchart from left to right: that is shown as it was written. */
export function renderFlowchart(source: string): Html | null {
  const [first, ...lines] = source.trim().split('\n');
  if (first?.trim() !== 'flowchart LR') return null;
  const boxes: Box[] = [];
  const arrows: { from: string; to: string }[] = [];
  for (const line of lines.filter((each) => !each.trim().startsWith('classDef '))) {
    const box = boxLine.exec(line);
    const arrow = arrowLine.exec(line);
    if (box) boxes.push({ id: box[1] ?? '', label: box[2] ?? '', stands: box[3] !== undefined, column: 0 });
    else if (arrow) arrows.push({ from: arrow[1] ?? '', to: arrow[2] ?? '' });
    else return null;
  }
  if (boxes.length === 0 || boxes.length > MOST_BOXES) return null;
  layOut(boxes, arrows);
  const columns = [...new Set(boxes.map((box) => box.column))].sort((a, b) => a - b);
  const boxesOf = (column: number) =>
    boxes
      .filter((box) => box.column === column)
      .map((box) => html`<li${box.stands ? html` class="here"` : ''}>${box.label}</li>`);
  return html`<div class="flowchart">${columns.map((column) => html`<ul>${boxesOf(column)}</ul>`)}</div>`;
}
