/** Shows the story as it happens: one live line per task in a terminal, plain lines elsewhere. */
import type { Lane } from './lane.ts';

export interface Progress {
  step(text: string): void;
  lane(lane: Lane): void;
  /** Ends the live lines, so that what is printed next stands below them. */
  end(): void;
}

type Row = Lane['plan'][number];

const marks: Record<string, string> = {
  waiting: '○',
  assigned: '◔',
  working: '◑',
  'in-review': '◕',
  approved: '◕',
  queued: '⧗',
  testing: '⧗',
  landing: '⧗',
  completed: '●',
};

function describeRow(row: Row): string {
  const who = row.agent && row.state !== 'completed' ? ` (${row.agent})` : '';
  const waits = row.waitsOn.map((wait) => wait.what).join('; ');
  const why = waits === '' || row.state === 'completed' ? '' : ` – ${waits}`;
  const landed = row.landedAs ? ` as ${row.landedAs.slice(0, 9)}` : '';
  return `${marks[row.status] ?? '!'} #${row.issue} ${row.title}: ${row.status}${landed}${who}${why}`;
}

/**
 * @param isLive whether the output is a terminal that can redraw lines
 * @param columns the terminal's width
 */
export function openProgress(write: (text: string) => void, isLive: boolean, columns: number): Progress {
  const started = Date.now();
  const clock = (): string => `${((Date.now() - started) / 1000).toFixed(1).padStart(6)} s`;
  let drawn = 0;
  let shown: string[] = [];
  const erase = (): void => {
    if (drawn > 0) write(`\u001b[${drawn}A\u001b[0J`);
    drawn = 0;
  };
  const draw = (): void => {
    for (const line of shown) write(`${line.length > columns ? `${line.slice(0, columns - 1)}…` : line}\n`);
    drawn = shown.length;
  };
  const seen = new Map<number, string>();

  return {
    step: (text) => {
      erase();
      write(`${clock()}  ${text}\n`);
      if (isLive) draw();
    },
    lane: (lane) => {
      const lines = lane.plan.map((row) => `          ${describeRow(row)}`);
      if (isLive) {
        if (lines.join('\n') === shown.join('\n')) return;
        erase();
        shown = lines;
        draw();
        return;
      }
      for (const row of lane.plan) {
        const line = describeRow(row);
        if (seen.get(row.issue) === line) continue;
        seen.set(row.issue, line);
        write(`${clock()}  ${line}\n`);
      }
    },
    end: () => {
      drawn = 0;
      shown = [];
    },
  };
}
