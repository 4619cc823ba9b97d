/** Carrying out what is wanted of workflow runs. */
import { taskId } from '../core/ids.ts';
import type { Look } from '../core/lane/look.ts';
import type { Observation } from '../core/lane/observation.ts';
import type { RunEffect } from '../core/lane/run-effects.ts';
import type { LaneState } from '../core/lane/state.ts';
import { fetchChecks } from '../github/fetch-checks.ts';
import { fetchKnownCommit, fetchRef } from '../github/fetch-ref.ts';
import { pushEmptyCommit } from '../github/push-empty-commit.ts';
import { cancelRun, dispatchWorkflow } from '../github/workflow-runs.ts';
import { checksMessage, updateMessage } from '../protocol/commit-messages.ts';
import type { LaneContext } from './context.ts';

interface Outcome {
  observations: Observation[];
  looks: Look[];
}

const done: Outcome = { observations: [], looks: [] };

type Of<K extends RunEffect['kind']> = Extract<RunEffect, { kind: K }>;

/** Names one run of one attempt: attempts are counted anew when a task is asked for again, fences are not. */
export function runInput(attempt: number, fence: number): string {
  return `${attempt}-${fence}`;
}

async function dispatch(
  ctx: LaneContext,
  effect: Of<'dispatch-workflow'>,
  state: LaneState,
): Promise<Outcome> {
  const { issue, attempt: number, fence, workflow } = effect;
  const task = state.tasks[issue];
  if (!task?.attempt) return done;
  const id = taskId(ctx.key.laneId, issue);
  const attempt = runInput(number, fence);
  const run = await dispatchWorkflow(ctx.client, ctx.repo, {
    workflow,
    ref: ctx.lane.base,
    title: `agent ${id}#${attempt}`,
    inputs: {
      task: id,
      attempt,
      issue: String(issue),
      branch: task.attempt.branch,
      base_sha: task.attempt.baseSha,
      spec_sha: task.specHash,
    },
  });
  return {
    observations: [{ kind: 'run-dispatched', issue, attempt: number, fence, run }],
    looks: [{ kind: 'run', subject: String(run) }],
  };
}

/** Puts an empty commit of ours on top of a head that no required check has been heard of. */
async function triggerChecks(
  ctx: LaneContext,
  { issue, branch }: Of<'trigger-checks'>,
  state: LaneState,
): Promise<Outcome> {
  const task = state.tasks[issue];
  const tip = await fetchRef(ctx.client, ctx.repo, `heads/${branch}`);
  if (!task || tip === null) return done;
  const looks: Look[] = task.pull ? [{ kind: 'pull', subject: String(task.pull.number) }] : [];
  const reported = await fetchChecks(ctx.client, ctx.repo, tip);
  const wanted = state.policy.gate.checks;
  const { message: present } = await fetchKnownCommit(ctx.client, ctx.repo, tip);
  const of = {
    task: taskId(ctx.key.laneId, issue),
    version: task.version,
    correlationId: task.correlationId,
  };
  const message = checksMessage(of);
  const update = updateMessage({ ...of, base: ctx.lane.base, branch });
  // What Signalbox pushes, its own token has pushed: CI runs on that.
  const isOurs = [message, update].some((each) => present.trim() === each.trim());
  if (isOurs || reported.some((check) => wanted.includes(check.name))) return { observations: [], looks };
  await pushEmptyCommit(ctx.client, ctx.repo, { branch, onto: tip, message });
  return { observations: [], looks };
}

export async function carryOutRun(ctx: LaneContext, effect: RunEffect, state: LaneState): Promise<Outcome> {
  switch (effect.kind) {
    case 'dispatch-workflow':
      return dispatch(ctx, effect, state);
    case 'trigger-checks':
      return triggerChecks(ctx, effect, state);
    case 'cancel-run':
      await cancelRun(ctx.client, ctx.repo, effect.run);
      return done;
    default:
      return effect satisfies never;
  }
}
