/**
 * Keeps unfinished and late work from being lost: as a checkpoint at Signalbox, and where that cannot be, as a bundle
 * on this machine's disk whose path is told.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AgentTask, mostCheckpointBytes } from '../protocol/agent-contract.ts';
import type { AttemptCalls } from './attempt-calls.ts';
import { type Snapshot, takeSnapshot } from './checkpoint.ts';
import type { Outcome } from './contract-client.ts';
import { type Patience, shortPatience, untilAnswered } from './patience.ts';
import { attemptName, type WorkerEvent } from './worker-event.ts';
import { folderName, type Workspace } from './workspace.ts';

export interface SafekeepingOptions {
  directory: string;
  checkpointMs: number;
  log: (event: WorkerEvent) => void;
}

/** Saves the work of one attempt. */
export class Safekeeping {
  readonly #task: AgentTask;
  readonly #calls: AttemptCalls;
  readonly #options: SafekeepingOptions;
  #lastAt = performance.now();
  #saved: string | null = null;

  constructor(task: AgentTask, calls: AttemptCalls, options: SafekeepingOptions) {
    this.#task = task;
    this.#calls = calls;
    this.#options = options;
  }

  /** Saves a checkpoint when it is time again. */
  async saveNowAndThen(workspace: Workspace): Promise<void> {
    if (performance.now() - this.#lastAt < this.#options.checkpointMs) return;
    // The lease must not wait for it.
    await this.save(workspace, shortPatience);
  }

  /**
   * Saves a checkpoint, when there is work that is not yet saved.
   * @returns whether all there is lies at Signalbox now
   */
  async save(workspace: Workspace, patience: Patience): Promise<boolean> {
    this.#lastAt = performance.now();
    const snapshot = await this.#snapshot(workspace);
    if (snapshot === 'unknown') return false;
    if (snapshot === null) return true;
    const outcome = await this.#upload(snapshot, patience);
    if (outcome.kind === 'ok') {
      this.#saved = snapshot.state;
      const bytes = snapshot.bundle.length;
      this.#options.log({ kind: 'checkpoint', ...attemptName(this.#task), head: snapshot.head, bytes });
    } else {
      this.#problem(`the checkpoint was not saved: ${outcome.reason}`);
    }
    return outcome.kind === 'ok';
  }

  /**
   * Keeps the work of an attempt whose fence is old.
   * @returns false when it could be kept nowhere but in its worktree
   */
  async keepLate(workspace: Workspace, patience: Patience): Promise<boolean> {
    const { log } = this.#options;
    const name = attemptName(this.#task);
    let snapshot: Snapshot | null;
    try {
      snapshot = await takeSnapshot(workspace);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#problem(`late work could not be bundled and stays in ${workspace.paths.tree}: ${why}`);
      return false;
    }
    if (snapshot === null) return true;
    const { head } = snapshot;
    const outcome = await this.#upload(snapshot, patience);
    // Signalbox keeps the bundle of an attempt that has ended, and refuses the call as any other with an old fence.
    if (outcome.kind === 'ok' || outcome.kind === 'fenced') {
      log({ kind: 'late', ...name, head, where: 'Signalbox has it as a late checkpoint' });
      return true;
    }
    this.#problem(`late work was not taken by Signalbox: ${outcome.reason}`);
    const folder = join(this.#options.directory, 'late');
    const file = join(folder, `${folderName(this.#task)}.bundle`);
    await mkdir(folder, { recursive: true });
    await writeFile(file, snapshot.bundle);
    log({ kind: 'late', ...name, head, where: file });
    return true;
  }

  async #snapshot(workspace: Workspace): Promise<(Snapshot & { state: string }) | null | 'unknown'> {
    try {
      return await takeSnapshot(workspace, this.#saved);
    } catch (error) {
      // An agent that is in the middle of a merge, or has broken its worktree, must not lose its lease over this.
      this.#problem(`no checkpoint could be made: ${error instanceof Error ? error.message : String(error)}`);
      return 'unknown';
    }
  }

  async #upload({ head, bundle }: Snapshot, patience: Patience): Promise<Outcome<unknown>> {
    if (bundle.length > mostCheckpointBytes) {
      const most = mostCheckpointBytes / 2 ** 20;
      const reason = `the bundle has ${Math.ceil(bundle.length / 2 ** 20)} MiB, and ${most} are taken`;
      return { kind: 'refused', status: 413, reason };
    }
    const retry = (reason: string): void => this.#problem(reason);
    return untilAnswered(this.#calls.saveCheckpoint(head, bundle), patience, retry);
  }

  #problem(message: string): void {
    this.#options.log({ kind: 'problem', message, correlationId: this.#task.correlation_id });
  }
}
