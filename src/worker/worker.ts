/**
 * What runs beside an agent's command: claim → worktree → agent → heartbeat → push → report, over and over. Needs
 * nothing but git, a directory and a token for the agent API.
 */
import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import type { AgentTask } from '../protocol/agent-contract.ts';
import { runAttempt } from './attempt.ts';
import { ContractClient } from './contract-client.ts';
import { defaultPatience, type Patience, pause } from './patience.ts';
import type { GitAccess } from './repo-store.ts';
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
  /** The command that is the agent; run by `/bin/sh` in the worktree. */
  exec: string;
  /** Where repositories and worktrees are kept. */
  directory: string;
  /** How many attempts at once; 1 by default. */
  capacity?: number;
  /** Wait for one task, do it, and return. */
  once?: boolean;
  log: (event: WorkerEvent) => void;
  /** The agent's environment. PATH, HOME and LANG have defaults; nothing else is inherited. */
  env: Record<string, string>;
  /** How long to go on when Signalbox or the git server does not answer. */
  patience?: Patience;
}

/**
 * Works until the signal is aborted; then it stops the agents, hands their tasks back and returns.
 * Throws when Signalbox refuses the worker itself (a wrong token, an unknown agent): asking again would not help.
 */
export async function runWorker(options: WorkerOptions, signal: AbortSignal): Promise<void> {
  const directory = resolve(options.directory);
  await mkdir(directory, { recursive: true });
  const client = new ContractClient(options.url, options.token);
  const running = new Set<Promise<void>>();
  // A claim that is refused must not leave agents running behind it.
  const collapse = new AbortController();
  const stop = AbortSignal.any([signal, collapse.signal]);
  try {
    while (!signal.aborted) {
      if (running.size >= (options.capacity ?? 1)) {
        await Promise.race(running);
        continue;
      }
      const claim = await claimTask(client, options, signal);
      if (claim === null) break;
      const attempt = startAttempt(claim, client, { ...options, directory }, stop);
      running.add(attempt);
      void attempt.then(() => running.delete(attempt));
      if (options.once) break;
    }
  } catch (error) {
    collapse.abort();
    throw error;
  } finally {
    await Promise.all(running);
  }
}

interface Claim {
  id: string;
  task: AgentTask;
}

/** Asks until there is a task; null when the worker was stopped before there was one. */
async function claimTask(
  client: ContractClient,
  options: WorkerOptions,
  signal: AbortSignal,
): Promise<Claim | null> {
  const { firstMs, longestMs } = options.patience ?? defaultPatience;
  let id = randomUUID();
  let retryMs = firstMs;
  while (!signal.aborted) {
    // Not cut short by the signal: a claim that is under way may already have given us a task to hand back.
    const outcome = await client.claim({ agent: options.agent, worker: options.worker, claim_id: id });
    if (outcome.kind === 'refused') throw new Error(`Signalbox refuses this worker: ${outcome.reason}`);
    if (outcome.kind === 'unreachable') {
      // The same id again: the task may have been given to us in the answer that was lost.
      options.log({ kind: 'problem', message: outcome.reason, correlationId: null });
      await pause(retryMs, signal);
      retryMs = Math.min(retryMs * 2, longestMs);
      continue;
    }
    if (outcome.kind === 'ok' && outcome.value.task !== null) return { id, task: outcome.value.task };
    id = randomUUID();
    retryMs = firstMs;
    const retryAfterSeconds = outcome.kind === 'ok' ? outcome.value.retry_after_seconds : firstMs / 1_000;
    options.log({ kind: 'idle', retryAfterSeconds });
    await pause(retryAfterSeconds * 1_000, signal);
  }
  return null;
}

function startAttempt(
  claim: Claim,
  client: ContractClient,
  options: WorkerOptions,
  signal: AbortSignal,
): Promise<void> {
  const { task } = claim;
  options.log({ kind: 'claimed', ...attemptName(task), title: task.spec.title, branch: task.branch });
  const renewAccess = async (): Promise<GitAccess | null> => {
    const again = await client.claim({ agent: options.agent, worker: options.worker, claim_id: claim.id });
    const renewed = again.kind === 'ok' ? again.value.task : null;
    return renewed?.attempt === task.attempt && renewed.fence === task.fence ? renewed.git : null;
  };
  return runAttempt(
    task,
    {
      client,
      directory: options.directory,
      exec: options.exec,
      env: agentEnvironment(options.agent, options.env),
      token: options.token,
      patience: options.patience ?? defaultPatience,
      renewAccess,
      log: options.log,
    },
    signal,
  );
}

/** The agent commits as itself; `.invalid` can be nobody's address. */
function agentEnvironment(agent: string, given: Readonly<Record<string, string>>): Record<string, string> {
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    HOME: homedir(),
    LANG: 'C.UTF-8',
    GIT_AUTHOR_NAME: `${agent} (agent)`,
    GIT_AUTHOR_EMAIL: 'agent@signalbox.invalid',
    GIT_COMMITTER_NAME: 'Signalbox worker',
    GIT_COMMITTER_EMAIL: 'worker@signalbox.invalid',
    ...given,
  };
}
