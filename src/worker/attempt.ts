/**
 * One attempt from its claim to its last call: workspace, agent, commit, push, report. The order of the last steps is
 * the point: the fence is asked once more before the push, and the work of an attempt whose fence is old is pushed
 * nowhere but kept.
 */
import type {
  AgentTask,
  BaseMoved,
  HeartbeatAnswer,
  RequestPathsAnswer,
  SplitPlan,
} from '../protocol/agent-contract.ts';
import { AttemptCalls } from './attempt-calls.ts';
import type { EarlierWork } from './brief-text.ts';
import { BudgetWatch } from './budget-watch.ts';
import { restoreSnapshot } from './checkpoint.ts';
import type { ClaimRecord } from './claim-records.ts';
import { conclude } from './conclude.ts';
import type { ContractClient } from './contract-client.ts';
import type { Escalation } from './escalation.ts';
import { Evidence } from './evidence.ts';
import { LeaseHolder } from './lease-holder.ts';
import { mergeBase } from './merge-base-branch.ts';
import type { PathWish } from './path-requests.ts';
import { type Patience, shortPatience, untilAnswered } from './patience.ts';
import { cleanPlan, readPlan } from './plan-file.ts';
import type { Preset } from './presets/preset.ts';
import { publishWork } from './publish-work.ts';
import { redact, secretsIn } from './redact.ts';
import type { GitAccess } from './repo-store.ts';
import { runAgent } from './run-agent.ts';
import { Safekeeping } from './safekeeping.ts';
import type { Sessions } from './sessions.ts';
import { attemptName, type FailureClass, type WorkerEvent } from './worker-event.ts';
import { Workspace } from './workspace.ts';

export interface AttemptOptions {
  client: ContractClient;
  directory: string;
  preset: Preset;
  sessions: Sessions;
  /** The agent's whole environment, and where git finds PATH, HOME and the proxy. */
  env: Readonly<Record<string, string>>;
  /** Never shown to the agent; taken out of everything that is reported. */
  token: string;
  patience: Patience;
  /** Without evidence of work for this long, heartbeats stop. */
  stallMs: number;
  /** Unfinished work is saved at Signalbox this often, when it has changed. */
  checkpointMs: number;
  /** Asks for credentials again when those of the claim have expired. */
  renewAccess: () => Promise<GitAccess | null>;
  log: (event: WorkerEvent) => void;
}

/** How an attempt ended. `kept` names a folder that holds finished work which could not be pushed. */
export type Ending =
  | { kind: 'done'; head: string }
  | { kind: 'planned'; plan: SplitPlan }
  | { kind: 'failed'; class: FailureClass; message: string; kept?: string }
  | { kind: 'escalated'; escalation: Escalation }
  | { kind: 'released'; reason: string }
  | { kind: 'fenced'; reason: string };

/** Runs one attempt to its end. Everything that goes wrong becomes a call or an event; nothing is thrown. */
export async function runAttempt(
  task: AgentTask,
  record: ClaimRecord,
  options: AttemptOptions,
  stop: AbortSignal,
): Promise<void> {
  try {
    await new AttemptRun(task, record, options, stop).run();
  } catch (error) {
    // Such as a full disk. What is on record stays, for the next worker here.
    const message = error instanceof Error ? error.message : String(error);
    options.log({ kind: 'problem', message, correlationId: task.correlation_id });
  }
  options.log({ kind: 'over', ...attemptName(task) });
}

class AttemptRun {
  readonly #task: AgentTask;
  readonly #record: ClaimRecord;
  readonly #options: AttemptOptions;
  readonly #stop: AbortSignal;
  readonly #calls: AttemptCalls;
  readonly #evidence = new Evidence();
  readonly #budget: BudgetWatch;
  readonly #lease: LeaseHolder;
  readonly #keeping: Safekeeping;
  readonly #secrets: readonly string[];
  #workspace: Workspace | null = null;
  #group: number | null = null;
  /** What the agent was last told of the base. */
  #moved = '';

  constructor(task: AgentTask, record: ClaimRecord, options: AttemptOptions, stop: AbortSignal) {
    this.#task = task;
    this.#record = record;
    this.#options = options;
    this.#stop = stop;
    this.#secrets = [options.token, task.git.token, ...secretsIn(options.env)];
    this.#calls = new AttemptCalls(options.client, task);
    this.#keeping = new Safekeeping(task, this.#calls, options);
    this.#budget = new BudgetWatch(task.budget, record.content.used, (words) => {
      options.log({ kind: 'budget', ...attemptName(task), message: words });
      this.#lease.tell(`budget: ${words}`);
    });
    const vitals = {
      head: async () => (await this.#workspace?.head()) ?? null,
      usage: () => this.#budget.total,
      evidence: () => this.#lookForEvidence(),
    };
    const onBeat = (answer: HeartbeatAnswer) => this.#onBeat(answer);
    this.#lease = new LeaseHolder(this.#calls, task, vitals, { ...options, onBeat });
  }

  async run(): Promise<void> {
    let ending: Ending;
    try {
      this.#lease.start();
      ending = await this.#work(AbortSignal.any([this.#stop, this.#lease.lost]));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      ending = { kind: 'failed', class: 'infra', message };
    }
    await this.#lease.stop();
    await this.#end(this.#inTruth(ending));
  }

  /** What the ending was in truth: a stop or a lost lease makes other things fail. */
  #inTruth(ending: Ending): Ending {
    const { lost } = this.#lease;
    if (lost.aborted) return { kind: 'fenced', reason: String(lost.reason) };
    if (this.#stop.aborted && ending.kind === 'failed') {
      return { kind: 'released', reason: 'the worker was stopped' };
    }
    const clean = (text: string): string => redact(text, this.#secrets);
    if (ending.kind === 'planned') return { kind: 'planned', plan: cleanPlan(ending.plan, clean) };
    if (ending.kind === 'failed') return { ...ending, message: clean(ending.message) };
    if (ending.kind !== 'escalated') return ending;
    const { trigger, context, options } = ending.escalation;
    const escalation = { trigger: clean(trigger), context: clean(context) };
    return {
      kind: 'escalated',
      escalation: options ? { ...escalation, options: options.map(clean) } : escalation,
    };
  }

  async #work(over: AbortSignal): Promise<Ending> {
    const workspace = await this.#openWorkspace(over);
    const { preset, sessions, env, log } = this.#options;
    if (!this.#record.content.worked) {
      const verdict = await runAgent(
        this.#task,
        workspace,
        {
          preset,
          sessions,
          env,
          log,
          secrets: this.#secrets,
          budget: this.#budget,
          evidence: this.#evidence,
          askForPaths: (wish) => this.#askForPaths(wish, over),
          onGroup: (group) => {
            this.#group = group;
          },
        },
        over,
      );
      if (over.aborted) return { kind: 'released', reason: 'the worker was stopped' };
      if (verdict.kind !== 'succeeded') return verdict;
      await this.#record.update({ worked: true, used: this.#budget.total });
    }
    this.#evidence.note('the end of the agent');
    if (this.#task.plan !== null) return await this.#takePlan(workspace);
    return publishWork(this.#task, workspace, this.#lease, this.#options, over);
  }

  async #askForPaths(wish: PathWish, over: AbortSignal): Promise<RequestPathsAnswer> {
    const retry = (reason: string): void => this.#problem(reason);
    const outcome = await untilAnswered(this.#calls.requestPaths(wish), this.#options.patience, retry, over);
    const answer: RequestPathsAnswer =
      outcome.kind === 'ok'
        ? outcome.value
        : { outcome: 'refused', paths: [], reason: 'Signalbox has not taken the request.' };
    this.#options.log({
      kind: 'asked',
      ...attemptName(this.#task),
      paths: wish.paths,
      outcome: answer.outcome,
    });
    return answer;
  }

  async #takePlan(workspace: Workspace): Promise<Ending> {
    const reading = await readPlan(workspace.paths.tree);
    return reading.kind === 'ok'
      ? { kind: 'planned', plan: reading.plan }
      : { kind: 'failed', class: 'semantic', message: reading.why };
  }

  /** The worktree that a worker which died has left, or a fresh one with what was saved at Signalbox. */
  async #openWorkspace(over: AbortSignal): Promise<Workspace> {
    const { directory, env, preset } = this.#options;
    const setting = { directory, env, litter: preset.litter };
    const { tip } = this.#record.content;
    const left = tip === null ? null : await Workspace.reopen(this.#task, setting, tip);
    if (left !== null) {
      this.#workspace = left;
      await left.writeBrief({ attempt: this.#task.attempt, patch: null });
      this.#tellResumed('disk', this.#task.attempt);
      return left;
    }
    const fresh = await Workspace.open(this.#task, setting, over);
    this.#workspace = fresh;
    const earlier = await this.#restore(fresh);
    if (this.#task.ejection && (earlier === null || earlier.patch !== null)) await mergeBase(fresh);
    await fresh.writeBrief(earlier);
    await this.#record.update({ tip: fresh.tip, worked: false });
    return fresh;
  }

  async #restore(workspace: Workspace): Promise<EarlierWork | null> {
    const { checkpoint } = this.#task;
    if (checkpoint === null) return null;
    const { attempt, head } = checkpoint;
    const loaded = await this.#calls.loadCheckpoint();
    const result =
      loaded.kind === 'ok'
        ? await restoreSnapshot(workspace, { head, bundle: Buffer.from(loaded.value) })
        : { kind: 'unusable' as const, reason: loaded.reason };
    if (result.kind === 'unusable') {
      this.#problem(`the checkpoint of attempt ${attempt} cannot be used: ${result.reason}`);
      return null;
    }
    const patch = result.kind === 'conflict' ? result.patch : null;
    this.#tellResumed(patch === null ? 'checkpoint' : 'patch', attempt);
    return { attempt, patch };
  }

  async #lookForEvidence(): Promise<{ what: string; agoMs: number }> {
    const tree = this.#workspace?.paths.tree;
    // Before and after the agent, the worker itself is at work.
    if (tree === undefined || this.#group === null) this.#evidence.note('the worker itself');
    else await this.#evidence.look({ tree, env: this.#options.env, group: this.#group });
    return this.#evidence.last;
  }

  async #onBeat({ base_moved: moved }: HeartbeatAnswer): Promise<void> {
    if (moved.length > 0) await this.#tellMoved(moved);
    await this.#record.update({ used: this.#budget.total });
    if (this.#workspace !== null && this.#group !== null) await this.#keeping.saveNowAndThen(this.#workspace);
  }

  /** Lets the agent know what has landed in its files; a CLI that does not look is none the worse for it. */
  async #tellMoved(moved: BaseMoved): Promise<void> {
    const text = JSON.stringify(moved, null, 2);
    if (this.#workspace === null || text === this.#moved) return;
    this.#moved = text;
    await this.#workspace.writeBaseMoved(text);
    const pulls = [...new Set(moved.flatMap((each) => each.pulls))];
    const paths = [...new Set(moved.flatMap((each) => each.paths))];
    this.#options.log({ kind: 'base-moved', ...attemptName(this.#task), pulls, paths });
  }

  async #end(ending: Ending): Promise<void> {
    const workspace = this.#workspace;
    const isUnfinished =
      ending.kind === 'released' ||
      ending.kind === 'escalated' ||
      (ending.kind === 'failed' && ending.class !== 'semantic');
    const patience = this.#stop.aborted ? shortPatience : this.#options.patience;
    const isSaved = workspace !== null && isUnfinished && (await this.#keeping.save(workspace, patience));
    const end = await conclude(this.#task, ending, this.#calls, this.#record, {
      ...this.#options,
      used: this.#budget.total,
      stop: this.#stop,
    });
    if (end === 'fenced' && workspace !== null && !(await this.#keeping.keepLate(workspace, patience)))
      return;
    // Asked again by the next worker here: the last call has a number of its own.
    if (end === 'unanswered') return;
    await this.#cleanUp(workspace, ending, isSaved);
  }

  async #cleanUp(workspace: Workspace | null, ending: Ending, isSaved: boolean): Promise<void> {
    await this.#record.remove();
    if (ending.kind === 'failed' && ending.kept !== undefined && !isSaved) {
      return this.#problem(`finished work could not be delivered and is kept in ${ending.kept}`);
    }
    try {
      await workspace?.drop();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#problem(`the workspace could not be removed: ${why}`);
    }
  }

  #tellResumed(from: 'disk' | 'checkpoint' | 'patch', of: number): void {
    this.#options.log({ kind: 'resumed', ...attemptName(this.#task), from, of });
  }

  #problem(message: string): void {
    this.#options.log({ kind: 'problem', message, correlationId: this.#task.correlation_id });
  }
}
