/** Runs the agent in its worktree, listens to what it says, and judges how it ended. */
import type { AgentTask, RequestPathsAnswer } from '../protocol/agent-contract.ts';
import { runAgentProcess } from './agent-process.ts';
import { attemptVariables } from './agent-variables.ts';
import type { BudgetWatch } from './budget-watch.ts';
import { classifyFailure } from './classify-failure.ts';
import {
  clearEscalation,
  type Escalation,
  escalationExit,
  escalationFromExit,
  readEscalation,
} from './escalation.ts';
import type { Evidence } from './evidence.ts';
import { answerPathRequests, clearPathRequests, type PathWish } from './path-requests.ts';
import { clearPlan } from './plan-file.ts';
import { openPortRange } from './port-range.ts';
import type { AgentFailure, Preset } from './presets/preset.ts';
import { redact } from './redact.ts';
import type { Sessions } from './sessions.ts';
import { attemptName, type FailureClass, type WorkerEvent } from './worker-event.ts';
import type { Workspace } from './workspace.ts';

export interface AgentRun {
  preset: Preset;
  env: Readonly<Record<string, string>>;
  sessions: Sessions;
  secrets: readonly string[];
  budget: BudgetWatch;
  evidence: Evidence;
  /** The agent's process group, for as long as it runs. */
  onGroup: (group: number | null) => void;
  /** Asks Signalbox for files that the task does not own. */
  askForPaths: (wish: PathWish) => Promise<RequestPathsAnswer>;
  log: (event: WorkerEvent) => void;
}

export type Verdict =
  | { kind: 'succeeded' }
  | { kind: 'escalated'; escalation: Escalation }
  | { kind: 'failed'; class: FailureClass; message: string };

/** Kept of what it said: more than a report can carry. */
const tailLength = 8_000;
const reportedOutput = 2_000;
const longestShown = 2_000;

/** Runs the agent until it ends, its budget is spent, or the signal stops it. */
export async function runAgent(
  task: AgentTask,
  workspace: Workspace,
  run: AgentRun,
  signal: AbortSignal,
): Promise<Verdict> {
  const { paths } = workspace;
  const { budget } = run;
  await clearEscalation(paths.tree);
  await clearPlan(paths.tree);
  await clearPathRequests(paths.tree);
  const ports = await openPortRange();
  const listener = new Listener(task, run);
  const ended = new AbortController();
  const problem = (message: string): void =>
    run.log({ kind: 'problem', message, correlationId: task.correlation_id });
  const answering = answerPathRequests(paths.tree, run.askForPaths, problem, ended.signal);
  try {
    budget.start();
    const exit = await run.sessions.with(run.env, (env) =>
      runAgentProcess(
        {
          exec: run.preset.command,
          cwd: paths.tree,
          env: { ...env, ...attemptVariables(task, paths, ports) },
          onLine: (line) => listener.hear(line),
        },
        AbortSignal.any([signal, budget.spent]),
        (pid) => {
          run.onGroup(pid);
          run.log({ kind: 'started', ...attemptName(task), pid, directory: paths.tree });
        },
      ),
    );
    return await judge(exit, listener, paths.tree, budget);
  } finally {
    run.onGroup(null);
    ended.abort();
    await answering;
    budget.stop();
    await ports.close();
  }
}

async function judge(
  exit: { code: number | null; signal: string | null },
  listener: Listener,
  tree: string,
  budget: BudgetWatch,
): Promise<Verdict> {
  const tail = listener.tail.slice(-reportedOutput);
  const escalation =
    (await readEscalation(tree)) ?? (exit.code === escalationExit ? escalationFromExit(tail) : null);
  if (escalation !== null) return { kind: 'escalated', escalation };
  if (budget.spent.aborted) {
    return { kind: 'failed', class: 'budget', message: `stopped: ${budget.spent.reason}` };
  }
  const { failure } = listener;
  if (exit.code === 0 && failure?.final !== true) return { kind: 'succeeded' };
  const how = exit.signal === null ? `exited with code ${exit.code}` : `was ended by ${exit.signal}`;
  const message = failure?.message ?? null;
  return {
    kind: 'failed',
    class: failure?.class ?? classifyFailure({ ...exit, message, tail }),
    message: [`the agent ${how}`, message, tail].filter((part) => part).join('\n'),
  };
}

/** Hears the agent's lines. */
class Listener {
  failure: AgentFailure | null = null;
  tail = '';
  readonly #task: AgentTask;
  readonly #run: AgentRun;
  readonly #read: ReturnType<Preset['openReader']>;

  constructor(task: AgentTask, run: AgentRun) {
    this.#task = task;
    this.#run = run;
    this.#read = run.preset.openReader();
  }

  hear(line: string): void {
    const { budget, evidence, log, secrets } = this.#run;
    const name = attemptName(this.#task);
    const news = this.#read(line);
    const isEvent = line.startsWith('{') || line.startsWith('}') || /^\s+["\]{}]/.test(line);
    const shown = news.says ?? (isEvent ? '' : line);
    // A retry has other numbers and ids each time, and is no work.
    if (!news.idle) evidence.line(shown === '' ? line : shown);
    if (news.usage) {
      evidence.note('an answer of the model');
      budget.used(news.usage);
      log({ kind: 'used', ...name, usage: budget.total });
    }
    // What ended the run explains it, not what was said before.
    if (news.failure && (news.failure.final || this.failure?.final !== true)) this.failure = news.failure;
    if (shown === '') return;
    const clean = redact((isEvent ? shown : line).slice(0, longestShown), secrets);
    this.tail = `${this.tail}${clean}\n`.slice(-tailLength);
    log({ kind: 'output', ...name, line: clean });
  }
}
