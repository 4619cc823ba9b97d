/**
 * What runs beside an agent's command: claim → worktree → agent → heartbeat → push → report, over and over. Needs
 * nothing but git, a directory and a token for the agent API. What a worker that died has left is taken up first.
 */
import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { AgentTask } from '../protocol/agent-contract.ts';
import { basicEnvironment } from './agent-variables.ts';
import { runAttempt } from './attempt.ts';
import { type ClaimRecord, ClaimRecords } from './claim-records.ts';
import { ContractClient } from './contract-client.ts';
import { defaultPatience, type Patience, pause } from './patience.ts';
import type { Preset } from './presets/preset.ts';
import type { GitAccess } from './repo-store.ts';
import { type SessionOptions, Sessions } from './sessions.ts';
import { settleRecord } from './settle-record.ts';
import { attemptName, type WorkerEvent } from './worker-event.ts';

export interface WorkerOptions {
  /** Base URL of Signalbox. */
  url: string;
  /** Bearer token of the agent API. The agent never sees it. */
  token: string;
  /** The agent's name in `.github/signalbox.yml`. */
  agent: string;
  /** Who this worker is, stable while it runs. */
  worker: string;
  /** The command that is the agent, and what its output means. It is run by `/bin/sh` in the worktree. */
  preset: Preset;
  /** Where repositories and worktrees are kept. */
  directory: string;
  /** How many attempts at once; 1 by default. */
  capacity?: number;
  /** Wait for one task, do it, and return. */
  once?: boolean;
  /** The agent's HOME; its own by default. */
  sessions?: SessionOptions;
  /** Without evidence of work for this long, heartbeats stop; ten minutes by default. */
  stallMs?: number;
  /** Unfinished work is saved at Signalbox this often; five minutes by default. */
  checkpointMs?: number;
  log: (event: WorkerEvent) => void;
  /** The agent's environment. PATH, HOME and LANG have defaults; nothing else is inherited. */
  env: Record<string, string>;
  /** How long to go on when Signalbox or the git server does not answer. */
  patience?: Patience;
}

const defaultStallMs = 10 * 60_000;
const defaultCheckpointMs = 5 * 60_000;

/**
 * Works until the signal is aborted; then it stops the agents, hands their tasks back and returns.
 * Throws when Signalbox refuses the worker itself (a wrong token, an unknown agent): asking again would not help.
 */
export async function runWorker(options: WorkerOptions, signal: AbortSignal): Promise<void> {
  const directory = resolve(options.directory);
  await mkdir(directory, { recursive: true });
  const sessions = new Sessions(directory, options.sessions ?? { rotate: null, template: null });
  await sessions.sweep();
  const records = new ClaimRecords(directory, options.url, options.agent);
  const problem = (message: string): void => options.log({ kind: 'problem', message, correlationId: null });
  const left = await records.takeOver(problem);
  // A claim that is refused must not leave agents running behind it.
  const collapse = new AbortController();
  const stop = AbortSignal.any([signal, collapse.signal]);
  const worker = new Worker({ ...options, directory }, sessions, records, stop);
  const running = new Set<Promise<unknown>>();
  try {
    while (!signal.aborted) {
      if (running.size >= (options.capacity ?? 1)) {
        await Promise.race(running);
        continue;
      }
      const claim = await worker.next(left.shift());
      if (claim === null) continue;
      const attempt = worker.start(claim.record, claim.task);
      running.add(attempt);
      void attempt.then(() => running.delete(attempt));
      if (options.once) break;
    }
  } catch (error) {
    collapse.abort();
    throw error;
  } finally {
    await Promise.all(running);
    await sessions.close();
  }
}

interface Claim {
  record: ClaimRecord;
  task: AgentTask;
}

class Worker {
  readonly #options: WorkerOptions;
  readonly #client: ContractClient;
  readonly #sessions: Sessions;
  readonly #records: ClaimRecords;
  readonly #stop: AbortSignal;
  readonly #env: Record<string, string>;

  constructor(options: WorkerOptions, sessions: Sessions, records: ClaimRecords, stop: AbortSignal) {
    this.#options = options;
    this.#client = new ContractClient(options.url, options.token);
    this.#sessions = sessions;
    this.#records = records;
    this.#stop = stop;
    this.#env = basicEnvironment(options.agent, options.env);
  }

  /** What to do next: what is left of a worker that died, or a new task. Null: ask again. */
  async next(left: ClaimRecord | undefined): Promise<Claim | null> {
    if (left === undefined) return this.#claim(await this.#records.begin(randomUUID()));
    if (left.content.final !== null) {
      await this.#settle(left);
      return null;
    }
    return this.#claim(left);
  }

  /** Runs the attempt to its end. */
  start(record: ClaimRecord, task: AgentTask): Promise<void> {
    const { directory, preset, token, log, patience = defaultPatience } = this.#options;
    log({ kind: 'claimed', ...attemptName(task), title: task.spec.title, branch: task.branch });
    const renewAccess = async (): Promise<GitAccess | null> => {
      const again = await this.#ask(record);
      const renewed = again.kind === 'ok' ? again.value.task : null;
      return renewed?.attempt === task.attempt && renewed.fence === task.fence ? renewed.git : null;
    };
    return runAttempt(
      task,
      record,
      {
        client: this.#client,
        directory,
        preset,
        sessions: this.#sessions,
        env: this.#env,
        token,
        patience,
        stallMs: this.#options.stallMs ?? defaultStallMs,
        checkpointMs: this.#options.checkpointMs ?? defaultCheckpointMs,
        renewAccess,
        log,
      },
      this.#stop,
    );
  }

  #ask(record: ClaimRecord) {
    const { agent, worker } = this.#options;
    return this.#client.claim({ agent, worker, claim_id: record.content.claimId });
  }

  /** Asks with one claim until there is an answer; null when there is no task, or the worker was stopped. */
  async #claim(record: ClaimRecord): Promise<Claim | null> {
    const { firstMs, longestMs } = this.#options.patience ?? defaultPatience;
    let retryMs = firstMs;
    let isAsked = record.content.task !== null;
    while (!this.#stop.aborted) {
      isAsked = true;
      // Not cut short by the signal: a claim that is under way may already have given us a task to hand back.
      const outcome = await this.#ask(record);
      if (outcome.kind === 'refused') {
        if (record.content.task === null) await record.remove();
        throw new Error(`Signalbox refuses this worker: ${outcome.reason}`);
      }
      if (outcome.kind === 'ok') {
        const { task, retry_after_seconds } = outcome.value;
        return task === null ? await this.#none(record, retry_after_seconds) : await this.#take(record, task);
      }
      // The same id again: the task may have been given to us in the answer that was lost.
      this.#options.log({ kind: 'problem', message: outcome.reason, correlationId: null });
      await pause(retryMs, this.#stop);
      retryMs = Math.min(retryMs * 2, longestMs);
    }
    if (!isAsked) await record.remove();
    return null;
  }

  async #none(record: ClaimRecord, retryAfterSeconds: number): Promise<null> {
    if (record.content.task !== null) {
      await this.#settle(record);
      return null;
    }
    await record.remove();
    this.#options.log({ kind: 'idle', retryAfterSeconds });
    await pause(retryAfterSeconds * 1_000, this.#stop);
    return null;
  }

  async #take(record: ClaimRecord, task: AgentTask): Promise<Claim> {
    const before = record.content.task;
    const isSame = before?.task === task.task && before.fence === task.fence;
    // The attempt that this claim had taken is over, and it has been given another.
    if (before !== null && !isSame) await this.#settle(record);
    const blank = { tip: null, worked: false, used: {}, final: null };
    const kept = { ...task, git: { ...task.git, token: '' } };
    await record.update({ ...(isSame ? {} : blank), task: kept });
    return { record, task };
  }

  #settle(record: ClaimRecord): Promise<void> {
    const { directory, preset, log, patience = defaultPatience } = this.#options;
    return settleRecord(record, {
      client: this.#client,
      directory,
      litter: preset.litter,
      env: this.#env,
      patience,
      stop: this.#stop,
      log,
    });
  }
}
