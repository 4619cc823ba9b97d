/** One worker test's stage: a Signalbox, a remote, a directory, and the agent as a shell script. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AgentTask } from '../../src/protocol/agent-contract.ts';
import { plainCommand } from '../../src/worker/presets/presets.ts';
import { runWorker, type WorkerOptions } from '../../src/worker/worker.ts';
import type { WorkerEvent } from '../../src/worker/worker-event.ts';
import { apiToken, ContractServer } from './contract-server.ts';
import { gitIn, gitToken, makeRemote } from './git-remote.ts';

export const branch = 'agent/42-count';

export class WorkerScene {
  readonly root = mkdtempSync(join(tmpdir(), 'signalbox-worker-'));
  readonly remote = makeRemote(this.root, branch);
  readonly events: WorkerEvent[] = [];
  stop = new AbortController();
  readonly server: ContractServer;
  readonly #watchers = new Set<() => void>();

  private constructor(server: ContractServer) {
    this.server = server;
  }

  static async open(): Promise<WorkerScene> {
    return new WorkerScene(await ContractServer.start());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop.abort();
    await this.server.close();
    rmSync(this.root, { recursive: true, force: true, maxRetries: 5 });
  }

  path(name: string): string {
    return join(this.root, name);
  }

  task(changes: Partial<AgentTask> = {}): AgentTask {
    return {
      contract: 1,
      task: 'acme/tasks/main.42',
      version: 3,
      attempt: 1,
      fence: 7,
      next_sequence: 1,
      repo: 'acme/tasks',
      issue: 42,
      pull: 43,
      branch,
      base: 'main',
      base_sha: gitIn(this.remote.path, 'rev-parse', 'main'),
      spec: {
        title: 'Count tasks',
        requirements: 'Count them.',
        design: '',
        acceptance: ['It counts.'],
        guidance: [],
      },
      owns: ['src/cli.js'],
      depends_on: [],
      budget: { minutes: 5, tokens: null, usd: null },
      lease_expires_at: '2100-01-01T00:30:00Z',
      heartbeat_seconds: 0.05,
      correlation_id: 'corr-42',
      report_url: `${this.server.url}/api/agent/v1/report`,
      checkpoint: null,
      ejection: null,
      model: null,
      plan: null,
      git: {
        url: this.remote.url,
        username: 'x-access-token',
        token: gitToken,
        expires_at: '2100-01-01T00:00:00Z',
      },
      ...changes,
    };
  }

  /** Runs a worker for one task with the script as its agent. */
  run(script: string, changes: Partial<WorkerOptions> = {}): Promise<void> {
    const file = this.path('agent.sh');
    writeFileSync(file, `set -eu\n${script}\n`);
    return runWorker(
      {
        url: this.server.url,
        token: apiToken,
        agent: 'local',
        worker: 'host-1',
        preset: plainCommand(`/bin/sh ${file}`),
        directory: this.path('work'),
        once: true,
        env: { PATH: process.env.PATH ?? '', HOME: this.root, OUT: this.root },
        patience: { firstMs: 10, longestMs: 20, giveUpMs: 200 },
        log: (event) => {
          this.events.push(event);
          for (const watcher of this.#watchers) watcher();
        },
        ...changes,
      },
      this.stop.signal,
    );
  }

  /** Resolves when the worker has said something of this kind that also satisfies the condition. */
  seen(kind: WorkerEvent['kind'], condition: (event: WorkerEvent) => boolean = () => true): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!this.events.some((event) => event.kind === kind && condition(event))) return;
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
      look();
    });
  }

  kinds(): string[] {
    return this.events.map((event) => event.kind);
  }

  problems(): string[] {
    return this.events.flatMap((event) => (event.kind === 'problem' ? [event.message] : []));
  }

  /** The files of the commit that a bundle ends at. */
  filesOfBundle(bundle: Buffer | undefined): string[] {
    const file = this.path('read.bundle');
    writeFileSync(file, bundle ?? '');
    const [head = ''] = gitIn(this.remote.path, 'bundle', 'unbundle', file).split(' ');
    return gitIn(this.remote.path, 'ls-tree', '-r', '--name-only', head).split('\n');
  }

  /** A person's push to the branch. */
  pushAsPerson(file: string, content: string): void {
    const clone = this.path('person');
    gitIn(this.root, 'clone', '--quiet', '--branch', branch, this.remote.path, clone);
    writeFileSync(join(clone, file), `${content}\n`);
    gitIn(clone, 'add', '.');
    gitIn(clone, 'commit', '--quiet', '-m', 'A person');
    gitIn(clone, 'push', '--quiet');
  }

  tipOfBranch(): string {
    return gitIn(this.remote.path, 'rev-parse', branch);
  }
}
