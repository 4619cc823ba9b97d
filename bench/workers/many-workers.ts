/**
 * Many workers with an agent that does nothing, at the contract of one Signalbox: each claims, sends a heartbeat and
 * reports, over and over, with the worker's own client. Some lose their lease before they are done; they push late.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { AgentTask } from '../../src/protocol/agent-contract.ts';
import { AttemptCalls, sendFinal } from '../../src/worker/attempt-calls.ts';
import { ContractClient, type Outcome } from '../../src/worker/contract-client.ts';
import { agent } from './many-tasks.ts';

export interface ManyWorkers {
  url: string;
  token: string;
  workers: number;
  tasks: number;
  /** Every so manyth attempt loses its lease. */
  fenceEvery: number;
  /** How long an attempt takes besides its calls, in milliseconds: clone, worktree, commit and push. */
  workMs: number;
  /** Takes an attempt away from its worker. */
  endLease: (task: string, fence: number) => Promise<void>;
}

export interface Outcomes {
  /** `<task>#<fence>` of every claim that was answered with a task. */
  claimed: string[];
  /** Of claims that were answered with a task, in milliseconds. */
  claimMs: number[];
  /** Of claims that were answered with none. */
  idleMs: number[];
  done: number;
  /** Attempts that were taken away, and whose late bundle was answered as the contract says. */
  fenced: number;
  /** What was answered otherwise than expected. */
  surprises: string[];
}

/** Whatever begins like a bundle is kept; nothing reads it here. */
const lateBundle = Buffer.concat([Buffer.from('# v2 git bundle\n'), randomBytes(2_000)]);

/** Works until all tasks have been claimed and ended. */
export async function runManyWorkers(options: ManyWorkers): Promise<Outcomes> {
  const outcomes: Outcomes = { claimed: [], claimMs: [], idleMs: [], done: 0, fenced: 0, surprises: [] };
  const isOver = () => outcomes.claimed.length >= options.tasks;
  const work = async (number: number): Promise<void> => {
    const client = new ContractClient(options.url, options.token);
    // Workers do not start in the same instant.
    await pause((number / options.workers) * options.workMs);
    while (!isOver()) {
      const task = await claim(client, `w${number}`, outcomes);
      if (task === 'none') await pause(500);
      else if (task) await attempt(client, task, outcomes.claimed.length, options, outcomes);
    }
  };
  await Promise.all(Array.from({ length: options.workers }, (_, number) => work(number)));
  return outcomes;
}

async function claim(
  client: ContractClient,
  worker: string,
  outcomes: Outcomes,
): Promise<AgentTask | 'none' | null> {
  const began = performance.now();
  const outcome = await client.claim({ agent, worker, claim_id: randomUUID() });
  const took = performance.now() - began;
  if (outcome.kind !== 'ok') return surprise(outcomes, 'claim', outcome);
  const { task } = outcome.value;
  if (task === null) {
    outcomes.idleMs.push(took);
    return 'none';
  }
  outcomes.claimMs.push(took);
  outcomes.claimed.push(`${task.task}#${task.fence}`);
  return task;
}

async function attempt(
  client: ContractClient,
  task: AgentTask,
  number: number,
  options: ManyWorkers,
  outcomes: Outcomes,
): Promise<void> {
  const calls = new AttemptCalls(client, task);
  const head = randomBytes(20).toString('hex');
  const beat = await calls.heartbeat({ head: null, note: 'at work' });
  if (beat.kind !== 'ok') surprise(outcomes, 'heartbeat', beat);
  await pause(options.workMs);
  const isTaken = number % options.fenceEvery === 0;
  if (isTaken) await options.endLease(task.task, task.fence);
  const report = await sendFinal(client, calls.final({ path: 'report', body: { kind: 'done', head } }));
  if (!isTaken) {
    if (report.kind === 'ok') outcomes.done += 1;
    else surprise(outcomes, 'report', report);
    return;
  }
  if (report.kind !== 'fenced') surprise(outcomes, 'report of a fenced attempt', report);
  const late = await calls.saveCheckpoint(head, lateBundle)();
  if (late.kind === 'fenced') outcomes.fenced += 1;
  else surprise(outcomes, 'late push', late);
}

function surprise(outcomes: Outcomes, what: string, outcome: Outcome<unknown>): null {
  outcomes.surprises.push(`${what}: ${outcome.kind === 'ok' ? 'taken' : outcome.reason}`);
  return null;
}
