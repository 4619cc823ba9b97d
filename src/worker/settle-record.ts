/** Brings to an end what a worker that died has left of an attempt which cannot go on. */
import { AttemptCalls } from './attempt-calls.ts';
import type { ClaimRecord } from './claim-records.ts';
import { sendLastWord } from './conclude.ts';
import type { ContractClient } from './contract-client.ts';
import type { Patience } from './patience.ts';
import { Safekeeping } from './safekeeping.ts';
import { attemptName, type WorkerEvent } from './worker-event.ts';
import { Workspace } from './workspace.ts';

export interface SettleOptions {
  client: ContractClient;
  directory: string;
  litter: readonly string[];
  env: Readonly<Record<string, string>>;
  patience: Patience;
  stop: AbortSignal;
  log: (event: WorkerEvent) => void;
}

/**
 * Sends the last word if one was on its way; otherwise, or when it came too late, keeps the work. Then the record and
 * the workspace go. Both stay when nobody answers.
 */
export async function settleRecord(record: ClaimRecord, options: SettleOptions): Promise<void> {
  const { task, tip, final } = record.content;
  if (task === null) return record.remove();
  const conclusion = final === null ? 'fenced' : await sendLastWord(task, record, options);
  if (conclusion === 'unanswered') return;
  const workspace = tip === null ? null : await Workspace.reopen(task, options, tip);
  if (workspace !== null) {
    if (conclusion === 'fenced') {
      // Nobody knows which numbers the worker that died has used: time is beyond them.
      const next_sequence = Math.floor(Date.now() / 1_000);
      const calls = new AttemptCalls(options.client, { ...task, next_sequence });
      const keeping = new Safekeeping(task, calls, { ...options, checkpointMs: 0 });
      options.log({ kind: 'fenced', ...attemptName(task), reason: 'the attempt is over' });
      if (!(await keeping.keepLate(workspace, options.patience))) return;
    }
    await workspace.drop();
  }
  await record.remove();
}
