/**
 * One attempt from its claim to its report: workspace, agent, commit, push, report. The order of the last steps is
 * the point: the fence is asked once more before the push, and a lost fence ends the attempt without a trace.
 */
import type { AgentTask, Report } from '../protocol/agent-contract.ts';
import { type AgentExit, runAgentProcess } from './agent-process.ts';
import type { ContractClient } from './contract-client.ts';
import { LeaseHolder } from './lease-holder.ts';
import { type Patience, shortPatience, untilAnswered } from './patience.ts';
import { publishWork } from './publish-work.ts';
import { redact, secretsIn } from './redact.ts';
import type { GitAccess } from './repo-store.ts';
import { attemptName, type FailureClass, type WorkerEvent } from './worker-event.ts';
import { Workspace } from './workspace.ts';

export interface AttemptOptions {
  client: ContractClient;
  directory: string;
  exec: string;
  /** The agent's whole environment, and where git finds PATH, HOME and the proxy. */
  env: Readonly<Record<string, string>>;
  /** Never shown to the agent; taken out of everything that is reported. */
  token: string;
  patience: Patience;
  /** Asks for credentials again when those of the claim have expired. */
  renewAccess: () => Promise<GitAccess | null>;
  log: (event: WorkerEvent) => void;
}

/** How an attempt ended. `kept` names a folder that holds work which could be delivered to nobody. */
export type Ending =
  | { kind: 'done'; head: string }
  | { kind: 'failed'; class: FailureClass; message: string; kept?: string }
  | { kind: 'fenced'; reason: string };

const reportedOutput = 2_000;
const released: Ending = { kind: 'failed', class: 'infra', message: 'released: the worker was stopped' };

/** Runs one attempt to its end. Everything that goes wrong becomes a report or an event; nothing is thrown. */
export async function runAttempt(task: AgentTask, options: AttemptOptions, stop: AbortSignal): Promise<void> {
  const secrets = [options.token, task.git.token, ...secretsIn(options.env)];
  let workspace: Workspace | null = null;
  const lease = new LeaseHolder(options.client, task, async () => workspace?.head() ?? null, options.log);
  const over = AbortSignal.any([stop, lease.lost]);
  let ending: Ending;
  try {
    lease.start();
    workspace = await Workspace.open(options.directory, task, options.env, over);
    ending = await work(task, workspace, lease, options, secrets, stop);
  } catch (error) {
    ending = {
      kind: 'failed',
      class: 'infra',
      message: error instanceof Error ? error.message : String(error),
    };
  }
  await lease.stop();
  if (lease.lost.aborted) ending = { kind: 'fenced', reason: String(lease.lost.reason) };
  else if (stop.aborted && ending.kind === 'failed') ending = released;
  if (ending.kind === 'failed') ending = { ...ending, message: redact(ending.message, secrets) };
  await conclude(task, ending, options, stop, lease.nextSequence());
  await cleanUp(task, workspace, ending, options);
}

async function work(
  task: AgentTask,
  workspace: Workspace,
  lease: LeaseHolder,
  options: AttemptOptions,
  secrets: readonly string[],
  stop: AbortSignal,
): Promise<Ending> {
  const over = AbortSignal.any([stop, lease.lost]);
  const budget = budgetSignal(task);
  const exit = await runAgent(task, workspace, options, secrets, AbortSignal.any([over, budget]));
  if (over.aborted) return released;
  if (budget.aborted) {
    return { kind: 'failed', class: 'budget', message: `stopped after ${task.budget.minutes} minutes` };
  }
  if (exit.code !== 0) {
    const how = exit.signal === null ? `exited with code ${exit.code}` : `was ended by ${exit.signal}`;
    const tail = redact(exit.tail, secrets).slice(-reportedOutput);
    return { kind: 'failed', class: 'semantic', message: `the agent ${how}\n${tail}`.trim() };
  }
  return publishWork(task, workspace, lease, options, over);
}

async function runAgent(
  task: AgentTask,
  workspace: Workspace,
  options: AttemptOptions,
  secrets: readonly string[],
  signal: AbortSignal,
): Promise<AgentExit> {
  const name = attemptName(task);
  const { tree, brief, contract } = workspace.paths;
  const env = {
    ...options.env,
    SIGNALBOX_BRIEF: brief,
    SIGNALBOX_TASK: contract,
    SIGNALBOX_ISSUE: String(task.issue),
    // A NUL cannot be in an environment, and titles are written by anyone.
    SIGNALBOX_TASK_NAME: task.spec.title.replaceAll('\0', ''),
    SIGNALBOX_CORRELATION_ID: task.correlation_id,
  };
  const onLine = (line: string): void =>
    options.log({ kind: 'output', ...name, line: redact(line, secrets) });
  return runAgentProcess({ exec: options.exec, cwd: tree, env, onLine }, signal, (pid) =>
    options.log({ kind: 'started', ...name, pid, directory: tree }),
  );
}

/** Aborts when the agent's minutes are used up; never, when there is no bound. */
function budgetSignal(task: AgentTask): AbortSignal {
  const { minutes } = task.budget;
  // Timers take 32 bits of milliseconds; a longer budget is no bound in practice.
  if (minutes === null || minutes * 60_000 >= 2 ** 31) return new AbortController().signal;
  return AbortSignal.timeout(Math.max(1, Math.round(minutes * 60_000)));
}

async function conclude(
  task: AgentTask,
  ending: Ending,
  options: AttemptOptions,
  stop: AbortSignal,
  sequence: number,
): Promise<void> {
  const name = attemptName(task);
  if (ending.kind === 'fenced') return options.log({ kind: 'fenced', ...name, reason: ending.reason });
  if (ending.kind === 'failed') {
    options.log({ kind: 'failed', ...name, class: ending.class, message: ending.message });
  }
  const problem = (message: string): void =>
    options.log({ kind: 'problem', message, correlationId: task.correlation_id });
  const report = () => options.client.report(reportOf(task, ending, sequence));
  // A stop that comes during the long wait cuts it short; the short one then still gets the report out if it can.
  let outcome = stop.aborted ? null : await untilAnswered(report, options.patience, problem, stop);
  if (outcome === null || (outcome.kind === 'unreachable' && stop.aborted)) {
    outcome = await untilAnswered(report, shortPatience, problem);
  }
  if (outcome.kind === 'ok') {
    options.log({ kind: 'reported', ...name, outcome: ending.kind, state: outcome.value.state });
  } else if (outcome.kind === 'fenced') {
    options.log({ kind: 'fenced', ...name, reason: outcome.reason });
  } else {
    problem(`the report was not taken: ${outcome.reason}`);
  }
}

function reportOf(task: AgentTask, ending: Exclude<Ending, { kind: 'fenced' }>, sequence: number): Report {
  const { attempt, fence, version } = task;
  const fields = { task: task.task, attempt, fence, version, sequence };
  if (ending.kind === 'done') return { ...fields, kind: 'done', head: ending.head };
  return {
    ...fields,
    kind: 'failed',
    error: { class: ending.class, message: ending.message.slice(0, 4_000) },
  };
}

async function cleanUp(
  task: AgentTask,
  workspace: Workspace | null,
  ending: Ending,
  options: AttemptOptions,
): Promise<void> {
  const problem = (message: string): void =>
    options.log({ kind: 'problem', message, correlationId: task.correlation_id });
  if (ending.kind === 'failed' && ending.kept !== undefined) {
    return problem(`finished work could not be delivered and is kept in ${ending.kept}`);
  }
  try {
    await workspace?.drop();
  } catch (error) {
    problem(`the workspace could not be removed: ${error instanceof Error ? error.message : String(error)}`);
  }
}
