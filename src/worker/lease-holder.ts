/**
 * Keeps an attempt's lease for as long as there is evidence of work. Without any for a while it sends no more
 * heartbeats and says so; with new evidence it goes on; when the lease has run out meanwhile, or Signalbox answers that
 * the fence is old, `lost` is aborted and everything that runs for the attempt stops.
 */
import type { AgentTask, HeartbeatAnswer, Usage } from '../protocol/agent-contract.ts';
import type { AttemptCalls } from './attempt-calls.ts';
import type { Outcome } from './contract-client.ts';
import { pause } from './patience.ts';
import { attemptName, type WorkerEvent } from './worker-event.ts';

/** What a heartbeat reports, looked up when it is sent. */
export interface Vitals {
  head: () => Promise<string | null>;
  usage: () => Usage;
  /** Looks for evidence; answers with the latest, and how old it is. */
  evidence: () => Promise<{ what: string; agoMs: number }>;
}

export interface LeaseOptions {
  /** Without evidence for this long, heartbeats stop. */
  stallMs: number;
  /** Called with the answer to each heartbeat that was taken. */
  onBeat: (answer: HeartbeatAnswer) => Promise<void>;
  log: (event: WorkerEvent) => void;
}

const shortestIntervalMs = 20;

/** The heart of one attempt. */
export class LeaseHolder {
  readonly #calls: AttemptCalls;
  readonly #task: AgentTask;
  readonly #vitals: Vitals;
  readonly #options: LeaseOptions;
  readonly #lost = new AbortController();
  readonly #stopped = new AbortController();
  #beating: Promise<void> = Promise.resolve();
  #leaseEndsAt: number;
  #isStalled = false;
  #note: string | null = null;

  constructor(calls: AttemptCalls, task: AgentTask, vitals: Vitals, options: LeaseOptions) {
    this.#calls = calls;
    this.#task = task;
    this.#vitals = vitals;
    this.#options = options;
    this.#leaseEndsAt = Date.parse(task.lease_expires_at);
  }

  /** Aborted when the attempt does not count any more; the reason says why. */
  get lost(): AbortSignal {
    return this.#lost.signal;
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

  /** Says something with the next heartbeat. */
  tell(note: string): void {
    this.#note = note;
  }

  /** One heartbeat now: asks whether the attempt still counts. */
  async beat(evidence: string): Promise<Outcome<HeartbeatAnswer>> {
    const head = await this.#vitals.head();
    const note = (this.#note ?? evidence).slice(0, 500);
    const outcome = await this.#calls.heartbeat({ head, note, usage: this.#vitals.usage() });
    if (outcome.kind === 'ok') {
      const leaseExpiresAt = outcome.value.lease_expires_at;
      this.#leaseEndsAt = Date.parse(leaseExpiresAt);
      this.#note = null;
      this.#options.log({ kind: 'heartbeat', ...attemptName(this.#task), head, leaseExpiresAt, evidence });
      await this.#options.onBeat(outcome.value);
    } else if (outcome.kind === 'fenced') {
      this.#lost.abort(outcome.reason);
    } else {
      this.#problem(outcome.reason);
    }
    return outcome;
  }

  async #loop(): Promise<void> {
    const interval = Math.max(shortestIntervalMs, this.#task.heartbeat_seconds * 1_000);
    while (!this.#stopped.signal.aborted && !this.#lost.signal.aborted) {
      try {
        const { what, agoMs } = await this.#vitals.evidence();
        if (agoMs < this.#options.stallMs) await this.#beatOn(what);
        else this.#stall(what, agoMs);
      } catch (error) {
        // A heart that stops because git could not run for a moment would cost the whole attempt.
        this.#problem(`heartbeat: ${error instanceof Error ? error.message : String(error)}`);
      }
      await pause(interval, this.#stopped.signal);
    }
  }

  async #beatOn(evidence: string): Promise<void> {
    this.#isStalled = false;
    await this.beat(evidence);
  }

  #stall(what: string, agoMs: number): void {
    const silentSeconds = Math.round(agoMs / 1_000);
    if (!this.#isStalled) {
      const message = `no sign of work for ${silentSeconds} s (the last was ${what}): no more heartbeats until there is one`;
      this.#options.log({ kind: 'stalled', ...attemptName(this.#task), silentSeconds, message });
    }
    this.#isStalled = true;
    if (Date.now() < this.#leaseEndsAt) return;
    this.#lost.abort(`the lease ran out: no sign of work for ${silentSeconds} s, the last was ${what}`);
  }

  #problem(message: string): void {
    this.#options.log({ kind: 'problem', message, correlationId: this.#task.correlation_id });
  }
}
