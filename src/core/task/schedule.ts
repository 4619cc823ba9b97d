/**
 * Scheduling: who gets which waiting task once nothing stands in the way. The reasons are data, and the same data
 * decides: a task starts exactly when `blockers` is empty and an agent is free.
 */
import { branchName } from '../ids.ts';
import type { FactBody } from '../lane/facts.ts';
import type { Snapshot } from '../lane/state.ts';
import { freeAgents } from './agents.ts';
import { claimable, isBlocked } from './blockers.ts';
import { overviewOf } from './overview.ts';
import { stageOf } from './split.ts';

/** The first assignment that can be made now. */
export function scheduleNext(snapshot: Snapshot, at: string): FactBody[] {
  const { state } = snapshot;
  const overview = overviewOf(state, at);
  const { limits } = state.policy;
  const hasRoom = overview.atWork.length < limits.running && freeAgents(snapshot, at).length > 0;
  if (state.baseSha === null || !hasRoom) return [];
  for (const task of overview.waiting) {
    const stage = stageOf(state.policy, task);
    if ((stage !== 'work' && stage !== 'plan') || isBlocked(snapshot, task, at)) continue;
    const [agent] = freeAgents(snapshot, at, task);
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
        job: stage,
        branch: task.branch ?? branchName(task.issue, task.title),
        baseSha: state.baseSha,
        claims: stage === 'plan' ? [] : claimable(overview, state, task),
      },
    ];
  }
  return [];
}
