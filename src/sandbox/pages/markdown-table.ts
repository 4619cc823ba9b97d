// GitHub's tables, read from the source of what plain Markdown takes for a paragraph.

type Alignment = 'left' | 'right' | 'center' | null;

/** A table, its cells still as source. */
export interface TableText {
  /** lines of the same paragraph above the table */
  before: string;
  alignments: Alignment[];
  head: string[];
  rows: string[][];
}

const DELIMITER = /^:?-+:?$/;

function splitCells(line: string): string[] {
  const inner = line
    .trim()
    .replace(/^\|/, '')
    .replace(/(?<!\\)\|$/, '');
  return inner.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|'));
}

function alignmentOf(cell: string): Alignment {
  const left = cell.startsWith(':');
  if (cell.endsWith(':')) return left ? 'center' : 'right';
  return left ? 'left' : null;
}

function isDelimiterRow(line: string, columns: number): boolean {
  const cells = splitCells(line);
  return line.includes('|') && cells.length === columns && cells.every((cell) => DELIMITER.test(cell));
}

/** The table in a paragraph's source, or null where there is none. */
export function readTable(source: string): TableText | null {
  if (!source.includes('|')) return null;
  // Inside a quote every line after the first still has its mark.
  const lines = source.split('\n').map((line) => line.replace(/^[\s>]+/, ''));
  const at = lines.findIndex(
    (line, index) => index > 0 && isDelimiterRow(line, splitCells(lines[index - 1] ?? '').length),
  );
  if (at < 0) return null;
  const head = splitCells(lines[at - 1] ?? '');
  const padRow = (cells: string[]) => head.map((_, column) => cells[column] ?? '');
  return {
    before: lines.slice(0, at - 1).join('\n'),
    alignments: splitCells(lines[at] ?? '').map(alignmentOf),
    head,
    rows: lines
      .slice(at + 1)
      .filter((line) => line !== '')
      .map((line) => padRow(splitCells(line))),
  };
}
