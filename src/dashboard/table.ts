/**
 * A table that becomes a list of cards on a narrow screen. The roles are written out because browsers forget what a
 * table is when its display changes.
 */
import { html } from 'hono/html';
import type { Html } from './page-text.ts';

interface Column<Row> {
  title: string;
  cell: (row: Row) => Html | string;
  /** The cell that names the row: a header for readers, the heading of the card. */
  names?: boolean;
  /** How the column shares the width of a wide screen. */
  width?: 'narrow' | 'wide' | 'paths-cell';
}

export interface Table<Row> {
  caption: string;
  className?: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  /** A word on a row that decides its look. */
  rowClass?: (row: Row) => string;
}

/** Draws the table. */
export function tableElement<Row>(table: Table<Row>): Html {
  return html`<table role="table" class="cards ${table.className ?? ''}">
    <caption>${table.caption}</caption>
    <thead role="rowgroup"><tr role="row">${table.columns.map(
      (column) => html`<th role="columnheader" scope="col">${column.title}</th>`,
    )}</tr></thead>
    <tbody role="rowgroup">${table.rows.map(
      (row) =>
        html`<tr role="row" class="${table.rowClass?.(row) ?? ''}">${table.columns.map((column) => cellElement(column, row))}</tr>`,
    )}</tbody>
  </table>`;
}

function cellElement<Row>(column: Column<Row>, row: Row): Html {
  const content = column.cell(row);
  if (column.names) return html`<th role="rowheader" scope="row">${content}</th>`;
  return html`<td role="cell" class="${column.width ?? ''}" data-label="${column.title}"><div>${content}</div></td>`;
}
