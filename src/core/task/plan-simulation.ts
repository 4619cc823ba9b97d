/**
 * Plays a lane's open tasks through, as the scheduler would start them: each takes the minutes of its budget, and
 * review and landing take none. What comes out is a forecast to compare orders with, not a promise.
 */
import { isLive, type LaneState, type Task } from '../lane/state.ts';
import { agentsOf } from './agents.ts';
import { inOrder } from './order.ts';
import { claimsAtStart, heldBy } from './ownership.ts';
import { PathIndex } from './path-index.ts';
import { hasOpenPrerequisites } from './prerequisites.ts';
import { isWork } from './split.ts';

export interface Turn {
  issue: number;
  /** Tasks with the same number start together; from 1. */
  wave: number;
  /** Minutes from now. */
  starts: number;
  ends: number;
}

const underWay: ReadonlySet<Task['state']> = new Set(['assigned', 'working', 'in-review', 'approved']);

/** How long the task is expected to take an agent, in minutes: its budget, or the policy's. */
export function minutesOf(state: LaneState, task: Task): number {
  return task.spec.budget.minutes ?? state.policy.limits.minutes;
}

/** How many tasks run at the same time at most. */
function places({ policy }: LaneState, state: LaneState): number {
  if (policy.schedule.mode === 'queue') return 1;
  const capacity = agentsOf(state).reduce((sum, agent) => sum + agent.capacity, 0);
  return Math.max(1, Math.min(policy.limits.running, capacity));
}

function withTask(state: LaneState, task: Task): LaneState {
  return { ...state, tasks: { ...state.tasks, [task.issue]: task } };
}

/** Waiting tasks that can start beside what runs, as many as there is room for. */
function startable(state: LaneState, mayStart: (task: Task) => boolean, room: number): Task[] {
  const held = new PathIndex<number>();
  for (const task of Object.values(state.tasks)) held.add(heldBy(task), task.issue);
  const started: Task[] = [];
  for (const task of inOrder(state)) {
    if (started.length >= room) break;
    const wanted = claimsAtStart(state.policy, task.spec);
    if (!isWork(state.policy, task) || !mayStart(task) || hasOpenPrerequisites(state, task)) continue;
    if (held.find(wanted, () => true) !== undefined) continue;
    held.add(wanted, task.issue);
    started.push({ ...task, state: 'working', claims: [...wanted] });
  }
  return started;
}

/**
 * When each open task would run. A task that waits for something that no other task brings about has no turn.
 * @param mayStart whether nothing of its own keeps a waiting task from starting
 */
export function simulate(lane: LaneState, mayStart: (task: Task) => boolean): Turn[] {
  const room = places(lane, lane);
  const running = new Map<number, number>();
  const turns: Turn[] = [];
  let state = lane;
  const begin = (task: Task, wave: number, now: number) => {
    const isWorking = task.state === 'assigned' || task.state === 'working';
    const ends = now + (isWorking ? minutesOf(state, task) : 0);
    running.set(task.issue, ends);
    turns.push({ issue: task.issue, wave, starts: now, ends });
  };
  for (const task of Object.values(lane.tasks).filter(isLive))
    if (underWay.has(task.state)) begin(task, 1, 0);
  for (let [wave, now] = [1, 0]; ; wave++) {
    const started = startable(state, mayStart, room - running.size);
    for (const task of started) {
      state = withTask(state, task);
      begin(task, wave, now);
    }
    if (running.size === 0) return turns;
    now = Math.min(...running.values());
    for (const [issue, ends] of running) {
      const task = state.tasks[issue];
      if (ends > now || !task) continue;
      running.delete(issue);
      state = withTask(state, { ...task, state: 'completed', claims: [] });
    }
    // A wave is when something starts.
    if (started.length === 0 && turns.every((turn) => turn.wave < wave)) wave -= 1;
  }
}
