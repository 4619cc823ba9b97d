/** What a task depends on and what depends on it, as a picture of it may show. */
import { isLive, type LaneState, type PrerequisiteState, prerequisitesOf, type TaskState } from './state.ts';

export interface GraphNode {
  issue: number;
  /** Null for an issue that is no task. */
  title: string | null;
  state: TaskState | PrerequisiteState;
}

/** `from` must be completed before `to` may land. Nodes and edges are in the order of their issues. */
export interface DependencyGraph {
  nodes: GraphNode[];
  edges: { from: number; to: number }[];
}

/** No picture shows so many; past it, following links is only work. */
const mostNodes = 200;

/**
 * What a live task waits for. Of what is over, nothing is asked further: whether closed tasks are at hand depends on
 * who else names them, and the picture must not.
 */
function prerequisitesIn(state: LaneState, issue: number): number[] {
  const task = state.tasks[issue];
  return task && isLive(task) ? prerequisitesOf(task) : [];
}

function reach(start: number, next: (issue: number) => number[]): Set<number> {
  const reached = new Set([start]);
  for (const issue of reached) {
    for (const each of next(issue)) {
      if (reached.size >= mostNodes) return reached;
      reached.add(each);
    }
  }
  return reached;
}

/** The task, all that it depends on and all that depends on it, as far as they are known. */
export function dependencyGraph(state: LaneState, issue: number): DependencyGraph {
  const live = Object.values(state.tasks).filter(isLive);
  const dependants = (of: number): number[] =>
    live.filter((task) => prerequisitesOf(task).includes(of)).map((task) => task.issue);
  const before = reach(issue, (each) => prerequisitesIn(state, each));
  const after = reach(issue, dependants);
  const issues = [...new Set([...before, ...after])].sort((a, b) => a - b);
  const shown = new Set(issues);
  return {
    nodes: issues.map((each) => ({
      issue: each,
      title: state.tasks[each]?.title ?? null,
      state: state.tasks[each]?.state ?? state.prerequisites[each] ?? 'open',
    })),
    edges: issues.flatMap((to) =>
      prerequisitesIn(state, to)
        .filter((from) => shown.has(from))
        .map((from) => ({ from, to })),
    ),
  };
}
