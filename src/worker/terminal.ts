/** A worker's progress on a terminal: lines that stay, and below them a table that is drawn anew as it changes. */
import { AttemptTable } from './attempt-table.ts';
import type { WorkerEvent } from './worker-event.ts';

export interface Terminal {
  tell(event: WorkerEvent): void;
  /** Draws no more. */
  close(): void;
}

const drawEveryMs = 250;

/** @param columns the width just now, in characters */
export function openTerminal(write: (text: string) => void, columns: () => number): Terminal {
  const table = new AttemptTable();
  let drawn = 0;
  const erase = (): string => (drawn > 0 ? `\u001b[${drawn}A\u001b[0J` : '');
  const draw = (line: string | null): void => {
    const lines = table.lines(Date.now(), columns());
    const above = line === null ? '' : `${line}\n`;
    write(`${erase()}${above}${lines.join('\n')}\n`);
    drawn = lines.length;
  };
  const timer = setInterval(() => draw(null), drawEveryMs).unref();
  draw(null);
  return {
    tell: (event) => {
      const line = table.tell(event, Date.now());
      if (line !== null) draw(line);
    },
    close: () => clearInterval(timer),
  };
}
