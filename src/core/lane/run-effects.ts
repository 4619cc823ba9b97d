/** What is to be done about workflow runs: start one for an attempt, have CI run on what it pushed, cancel it. */
import { workflowOf } from '../task/workflow.ts';
import type { LaneState, Task } from './state.ts';

export type RunEffect =
  | { kind: 'dispatch-workflow'; issue: number; attempt: number; fence: number; workflow: string }
  | { kind: 'trigger-checks'; issue: number; fence: number; branch: string }
  | { kind: 'cancel-run'; issue: number; fence: number; run: number };

/** What a task with an agent that is started by dispatch wants. */
export function wantedOfRuns({ issue, state, attempt, pull }: Task, lane: LaneState): RunEffect[] {
  if (attempt?.via !== 'dispatch' || attempt.openedSha === null || !pull?.open) return [];
  const { number, fence, branch, agent, openedSha } = attempt;
  if (state === 'assigned' && attempt.runId === null) {
    const workflow = workflowOf(lane.policy, agent);
    return [{ kind: 'dispatch-workflow', issue, attempt: number, fence, workflow }];
  }
  // A push with a workflow's own token starts no CI (GitHub's docs, "Triggering a workflow from a workflow").
  const isUnchecked = pull.headSha !== openedSha && pull.checks.every(({ why }) => why !== undefined);
  return state === 'in-review' && isUnchecked && lane.policy.gate.checks.length > 0
    ? [{ kind: 'trigger-checks', issue, fence, branch }]
    : [];
}

/** Runs whose attempt has ended with this step: wanted by the step, for the state has forgotten them. */
export function abandonedRuns(before: LaneState, after: LaneState): RunEffect[] {
  return Object.values(before.tasks).flatMap(({ issue, attempt }): RunEffect[] => {
    if (!attempt || attempt.runId === null) return [];
    return after.tasks[issue]?.attempt?.fence === attempt.fence
      ? []
      : [{ kind: 'cancel-run', issue, fence: attempt.fence, run: attempt.runId }];
  });
}
