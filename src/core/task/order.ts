/**
 * The order in which waiting tasks are offered room. Each term lies between 0 and 1 and is weighted by
 * `schedule.weights`; with equal sums the older issue goes first, so that what was labelled together starts in an
 * order that no delay of a webhook can change.
 */
import { type LaneState, prerequisitesOf, type Task } from '../lane/state.ts';
import { type Agent, agentsOf, loadsOf, matchOf, mayTake } from './agents.ts';
import { isStarving } from './ready.ts';
import { priorityOf } from './routing.ts';

const priorityTerm = { high: 1, normal: 0.5, low: 0 } as const;

function countBy(issues: readonly number[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const issue of issues) counts.set(issue, (counts.get(issue) ?? 0) + 1);
  return counts;
}

/** The best that any agent would be for the task: how well it is suited, and how much room it has. */
function bestAgent(
  { policy }: LaneState,
  agents: readonly Agent[],
  loads: ReadonlyMap<string, number>,
  task: Task,
) {
  let [match, room] = [0, 0];
  for (const agent of agents) {
    if (!mayTake(policy, agent, task)) continue;
    match = Math.max(match, matchOf(agent, task));
    room = Math.max(room, 1 - Math.min(1, (loads.get(agent.name) ?? 0) / agent.capacity));
  }
  return { match, room };
}

/** The waiting tasks, first the one that is to start first. */
export function inOrder(state: LaneState): Task[] {
  const { weights } = state.policy.schedule;
  const waiting = Object.values(state.tasks).filter((task) => task.state === 'waiting');
  const isWaiting = (issue: number) => state.tasks[issue]?.state === 'waiting';
  const rivals = countBy(
    state.collisions.flatMap(({ a, b }) => (isWaiting(a) && isWaiting(b) ? [a, b] : [])),
  );
  const dependants = countBy(waiting.flatMap(prerequisitesOf));
  const agents = agentsOf(state);
  const loads = loadsOf(state);
  const score = (task: Task): number => {
    const { match, room } = bestAgent(state, agents, loads, task);
    const waitingForIt = dependants.get(task.issue) ?? 0;
    return (
      weights.complexity * match +
      weights.overlap / (1 + (rivals.get(task.issue) ?? 0)) +
      (weights.dependencies * waitingForIt) / (1 + waitingForIt) +
      weights.priority * priorityTerm[priorityOf(task)] +
      weights.load * room
    );
  };
  return waiting
    .map((task) => ({ task, starving: isStarving(state, task), score: score(task) }))
    .sort(
      (x, y) => Number(y.starving) - Number(x.starving) || y.score - x.score || x.task.issue - y.task.issue,
    )
    .map(({ task }) => task);
}
