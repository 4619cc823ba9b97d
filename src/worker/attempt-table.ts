/** What a worker is doing just now, a line for each attempt; and what of an event is worth a line that stays. */
import type { AttemptEvent, WorkerEvent } from './worker-event.ts';

interface Row {
  issue: number;
  repo: string;
  title: string;
  attempt: number;
  phase: string;
  sinceMs: number;
  used: string;
  says: string;
}

/** Follows a worker's events. Times are in milliseconds of any clock, the same one in every call. */
export class AttemptTable {
  readonly #rows = new Map<string, Row>();

  /** @returns the line that stays, or null */
  tell(event: WorkerEvent, now: number): string | null {
    if (event.kind === 'idle') return null;
    if (event.kind === 'problem') return `! ${event.message}`;
    const line = this.#follow(event, now);
    return line === null ? null : `#${event.issue} ${line}`;
  }

  /** The table as it is at this moment. */
  lines(now: number, columns: number): string[] {
    if (this.#rows.size === 0) return [cut('waiting for work', columns)];
    return [...this.#rows.values()].map((row) => {
      const parts = [clock(now - row.sinceMs), row.phase, row.used, row.says].filter((part) => part !== '');
      return cut(`${row.repo}#${row.issue} ${row.title} (${row.attempt}) ${parts.join(' · ')}`, columns);
    });
  }

  #follow(event: AttemptEvent, now: number): string | null {
    const key = event.correlationId;
    const row = this.#rows.get(key);
    if (event.kind === 'claimed') {
      const { issue, repo, title, attempt } = event;
      this.#rows.set(key, {
        issue,
        repo,
        title,
        attempt,
        phase: 'prepares',
        sinceMs: now,
        used: '',
        says: '',
      });
      return `taken: ${title}`;
    }
    if (event.kind === 'over') {
      this.#rows.delete(key);
      return null;
    }
    if (row) change(row, event);
    return stayingLine(event);
  }
}

function change(row: Row, event: AttemptEvent): void {
  switch (event.kind) {
    case 'started':
      row.phase = 'works';
      break;
    case 'output':
      row.says = event.line.trim();
      break;
    case 'used':
      row.used = usedText(event.usage.tokens ?? 0, event.usage.usd);
      break;
    case 'stalled':
      row.phase = 'silent';
      break;
    case 'heartbeat':
      if (row.phase === 'silent') row.phase = 'works';
      break;
    case 'pushed':
      row.phase = 'pushed';
      break;
    default:
      break;
  }
}

function stayingLine(event: AttemptEvent): string | null {
  switch (event.kind) {
    case 'resumed':
      return event.from === 'disk'
        ? 'goes on where a worker here was interrupted'
        : `goes on with the ${event.from} of attempt ${event.of}`;
    case 'budget':
      return `budget: ${event.message}`;
    case 'stalled':
      return event.message;
    case 'pushed':
      return `pushed ${event.head.slice(0, 9)} to ${event.branch}`;
    case 'reported':
      return `${event.outcome}, and is ${event.state} now`;
    case 'fenced':
      return `does not count any more: ${event.reason}`;
    case 'late':
      return `its work (${event.head.slice(0, 9)}) is kept: ${event.where}`;
    case 'escalated':
      return `asks for a person: ${event.trigger}`;
    case 'failed':
      return `failed (${event.class}): ${event.message.split('\n', 1)[0] ?? ''}`;
    default:
      return null;
  }
}

function usedText(tokens: number, usd: number | undefined): string {
  const parts = [
    tokens > 0 ? `${tokens < 1_000 ? tokens : `${Math.round(tokens / 1_000)}k`} tokens` : '',
    usd === undefined ? '' : `$${usd.toFixed(2)}`,
  ];
  return parts.filter((part) => part !== '').join(' ');
}

function clock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

function cut(line: string, columns: number): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: an agent's line must not move the cursor
  const plain = line.replaceAll(/\u001b\[[0-9;?]*[A-Za-z]|[\u0000-\u001f\u007f]/g, '');
  return plain.length > columns ? `${plain.slice(0, columns - 1)}…` : plain;
}
