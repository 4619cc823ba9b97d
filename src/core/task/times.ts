/** What attempts wait for besides files and prerequisites, and when time alone changes that. */
import { wholeLane } from '../lane/health.ts';
import type { LaneState, Snapshot, Task } from '../lane/state.ts';
import type { Wait } from '../lane/view.ts';
import { pauseWait } from './breaker.ts';
import { budgetTimes, dayWait } from './budget.ts';
import { staleTimes } from './escalation.ts';
import { backoffWaits } from './retry.ts';
import { stallOf } from './stall.ts';

/** Why a waiting task gets no attempt yet, whoever the agent. */
export function attemptWaits(state: LaneState, task: Task, at: string): Wait[] {
  const ofLane = [pauseWait(state, wholeLane, at), dayWait(state, null, at)];
  return [...backoffWaits(task, at), ...ofLane.filter((wait) => wait !== null)];
}

/** Why an agent is given nothing now. */
export function agentWaits(state: LaneState, agent: string, at: string): Wait[] {
  return [pauseWait(state, agent, at), dayWait(state, agent, at)].filter((wait) => wait !== null);
}

/** When to look again, in milliseconds since the epoch: times that have passed already may be among them. */
export function timesOfAttempts(snapshot: Snapshot, at: string): number[] {
  const { state } = snapshot;
  const pauses = Object.values(state.health).map(({ pausedUntil }) => pausedUntil);
  const ofTasks = Object.values(state.tasks).flatMap((task) => {
    const stall = stallOf(task, snapshot, at);
    const times = [
      task.state === 'waiting' ? task.record.notBefore : null,
      task.state === 'in-review' ? (task.record.grace?.until ?? null) : null,
      stall.kind === 'alive' ? stall.until : null,
    ];
    return times;
  });
  const known = [...pauses, ...ofTasks].filter((time) => time !== null);
  return [...known.map((time) => Date.parse(time)), ...budgetTimes(state, at), ...staleTimes(state)];
}
