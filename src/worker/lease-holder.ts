/**
 * Keeps an attempt's lease: a heartbeat every few seconds with the worktree's head as evidence. The first 409 aborts
 * `lost`, and everything that runs for the attempt stops with it.
 */
import type { AgentTask } from '../protocol/agent-contract.ts';
import type { ContractClient, Outcome } from './contract-client.ts';
import { pause } from './patience.ts';
import { attemptName, type WorkerEvent } from './worker-event.ts';

const shortestIntervalMs = 20;

/** The heart of one attempt. */
export class LeaseHolder {
  readonly #client: ContractClient;
  readonly #task: AgentTask;
  readonly #head: () => Promise<string | null>;
  readonly #log: (event: WorkerEvent) => void;
  readonly #lost = new AbortController();
  readonly #stopped = new AbortController();
  #beating: Promise<void> = Promise.resolve();
  #sequence: number;

  constructor(
    client: ContractClient,
    task: AgentTask,
    head: () => Promise<string | null>,
    log: (event: WorkerEvent) => void,
  ) {
    this.#client = client;
    this.#task = task;
    this.#sequence = task.next_sequence;
    this.#head = head;
    this.#log = log;
  }

  /** Aborted when somebody else has the task. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** A sequence number for one call of this attempt; a call that is repeated keeps its number. */
  nextSequence(): number {
    const sequence = this.#sequence;
    this.#sequence += 1;
    return sequence;
  }

  /** Begins to beat. */
  start(): void {
    this.#beating = this.#loop();
  }

  /** Stops beating; resolves when no heartbeat is under way. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#beating;
  }

  /** One heartbeat now: asks whether the attempt still counts. */
  async beat(): Promise<Outcome<{ lease_expires_at: string }>> {
    const { task, attempt, fence, version } = this.#task;
    const head = await this.#head();
    const sequence = this.nextSequence();
    const outcome = await this.#client.heartbeat({ task, attempt, fence, version, sequence, head });
    if (outcome.kind === 'ok') {
      const leaseExpiresAt = outcome.value.lease_expires_at;
      this.#log({ kind: 'heartbeat', ...attemptName(this.#task), head, leaseExpiresAt });
    } else if (outcome.kind === 'fenced') {
      this.#lost.abort(outcome.reason);
    } else {
      this.#log({ kind: 'problem', message: outcome.reason, correlationId: this.#task.correlation_id });
    }
    return outcome;
  }

  async #loop(): Promise<void> {
    const interval = Math.max(shortestIntervalMs, this.#task.heartbeat_seconds * 1_000);
    while (!this.#stopped.signal.aborted && !this.#lost.signal.aborted) {
      try {
        await this.beat();
      } catch (error) {
        // A heart that stops because git could not run for a moment would cost the whole attempt.
        const message = `heartbeat: ${error instanceof Error ? error.message : String(error)}`;
        this.#log({ kind: 'problem', message, correlationId: this.#task.correlation_id });
      }
      await pause(interval, this.#stopped.signal);
    }
  }
}
