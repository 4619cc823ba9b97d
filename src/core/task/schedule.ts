/**
 * Scheduling: who gets which waiting task once nothing stands in the way. The reasons are data, and the same data
 * decides: a task starts exactly when `blockers` is empty and an agent is free.
 */
import { branchName } from '../ids.ts';
import type { FactBody } from '../lane/facts.ts';
import type { LaneState, Snapshot, Task } from '../lane/state.ts';
import { freeAgents } from './agents.ts';
import { blockers } from './blockers.ts';

/** Older issues first: whatever was labelled together starts in an order that no delay of a webhook can change. */
function inOrder(state: LaneState): Task[] {
  return Object.values(state.tasks)
    .filter((task) => task.state === 'waiting')
    .sort((a, b) => a.issue - b.issue);
}

/** The first assignment that can be made now, or the end of a task that has used up its attempts. */
export function scheduleNext(snapshot: Snapshot, at: string): FactBody[] {
  const { state } = snapshot;
  for (const task of inOrder(state)) {
    if (task.attempts >= state.policy.limits.attempts) {
      const reason = `${task.attempts} attempts have failed; the last one: ${task.lastReason ?? 'unknown'}`;
      return [{ kind: 'attempts-exhausted', issue: task.issue, reason }];
    }
    if (state.baseSha === null || blockers(snapshot, task, at).length > 0) continue;
    const [agent] = freeAgents(snapshot, at);
    if (!agent) continue;
    return [
      {
        kind: 'task-assigned',
        issue: task.issue,
        attempt: task.attempts + 1,
        fence: state.nextFence,
        version: task.version,
        agent: agent.name,
        via: agent.via,
        branch: branchName(task.issue, task.title),
        baseSha: state.baseSha,
        claims: task.spec.owns,
      },
    ];
  }
  return [];
}
