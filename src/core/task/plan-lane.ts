/** The coordination plan: who can run beside whom, who collides with whom and on what, and what that is worth. */
import { waitsOf } from '../lane/plan-view.ts';
import { isLive, type LaneState, prerequisitesOf, type Snapshot, type Task } from '../lane/state.ts';
import type { Wait } from '../lane/view.ts';
import { claimsAtStart, jointOf, protectedPathsOf } from './ownership.ts';
import { PathIndex } from './path-index.ts';
import { overlap } from './patterns.ts';
import { minutesOf, simulate, type Turn } from './plan-simulation.ts';
import { agentNamedFor, priorityOf } from './routing.ts';

export interface PlannedTask {
  issue: number;
  title: string;
  state: Task['state'];
  owns: string[];
  /** `#7` or `owner/repo#7`. */
  dependsOn: string[];
  agent: string | null;
  priority: 'high' | 'normal' | 'low';
  /** What of its paths is protected: a person must approve those changes. */
  protectedPaths: string[];
  minutes: number;
  /** Tasks with the same number run side by side; null: it waits for something that no other task brings about. */
  wave: number | null;
  /** Minutes from now. */
  starts: number | null;
  ends: number | null;
  waitsOn: Pick<Wait, 'kind' | 'what'>[];
}

/** Two open tasks that touch the same paths. `joint`: shared files, with one writer at a time but no waiting to start. */
export interface PlannedPair {
  a: number;
  b: number;
  kind: 'files' | 'joint';
  paths: string[];
}

export interface CoordinationPlan {
  lane: string;
  tasks: PlannedTask[];
  /** Issues by wave, the first wave first. */
  waves: number[][];
  pairs: PlannedPair[];
  /** Pairs that were left out because there are too many. */
  morePairs: boolean;
  /** Minutes for one task after the other, and side by side as planned. */
  serialMinutes: number;
  planMinutes: number;
  /** The first divided by the second, to two places; 1 when there is nothing to run. */
  speedUp: number;
}

const mostPairs = 500;

/** Waits that end by themselves, or by other tasks. */
const passing: ReadonlySet<Wait['kind']> = new Set([
  'grace',
  'announcement',
  'overlap',
  'limit',
  'dependency',
  'agent',
  'base',
]);

function findPairs(state: LaneState, open: readonly Task[]): { pairs: PlannedPair[]; more: boolean } {
  const { policy } = state;
  const older = new PathIndex<Task>();
  const pairs: PlannedPair[] = [];
  for (const task of open) {
    for (const other of older.all(task.spec.owns)) {
      const mine = claimsAtStart(policy, task.spec);
      const files = overlap(claimsAtStart(policy, other.spec), mine);
      const paths = files.length > 0 ? files : overlap(other.spec.owns, task.spec.owns);
      const isJoint = files.length === 0 && paths.some((path) => jointOf(policy, path) !== undefined);
      pairs.push({ a: other.issue, b: task.issue, kind: isJoint ? 'joint' : 'files', paths });
      if (pairs.length > mostPairs) return { pairs: pairs.slice(0, mostPairs), more: true };
    }
    older.add(task.spec.owns, task);
  }
  return { pairs: pairs.sort((x, y) => x.a - y.a || x.b - y.b), more: false };
}

function planTask(snapshot: Snapshot, task: Task, turn: Turn | undefined, at: string): PlannedTask {
  const { state } = snapshot;
  return {
    issue: task.issue,
    title: task.title,
    state: task.state,
    owns: task.spec.owns,
    dependsOn: [
      ...prerequisitesOf(task).map((issue) => `#${issue}`),
      ...task.spec.dependsElsewhere,
      ...task.blockedElsewhere,
    ],
    agent: task.attempt?.agent ?? agentNamedFor(task),
    priority: priorityOf(task),
    protectedPaths: protectedPathsOf(state.policy, task),
    minutes: minutesOf(state, task),
    wave: turn?.wave ?? null,
    starts: turn?.starts ?? null,
    ends: turn?.ends ?? null,
    waitsOn: waitsOf(snapshot, task, at).map(({ kind, what }) => ({ kind, what })),
  };
}

/** The plan of a lane's open tasks, from one snapshot. */
export function planLane(snapshot: Snapshot, at: string): CoordinationPlan {
  const { state } = snapshot;
  const open = Object.values(state.tasks)
    .filter(isLive)
    .sort((a, b) => a.issue - b.issue);
  const mayStart = (task: Task) => waitsOf(snapshot, task, at).every((wait) => passing.has(wait.kind));
  const stuck = new Set(open.filter((task) => !mayStart(task)).map((task) => task.issue));
  const turns = new Map(simulate(state, (task) => !stuck.has(task.issue)).map((turn) => [turn.issue, turn]));
  const tasks = open.map((task) => planTask(snapshot, task, turns.get(task.issue), at));
  const { pairs, more } = findPairs(state, open);
  const last = Math.max(0, ...tasks.map(({ wave }) => wave ?? 0));
  const waves = Array.from({ length: last }, (_, index) =>
    tasks.filter(({ wave }) => wave === index + 1).map(({ issue }) => issue),
  );
  const serialMinutes = tasks.reduce((sum, { starts, ends }) => sum + (ends ?? 0) - (starts ?? 0), 0);
  const planMinutes = Math.max(0, ...tasks.map((task) => task.ends ?? 0));
  return {
    lane: `${state.owner}/${state.repo}@${state.base}`,
    tasks,
    waves,
    pairs,
    morePairs: more,
    serialMinutes,
    planMinutes,
    speedUp: planMinutes === 0 ? 1 : Math.round((serialMinutes / planMinutes) * 100) / 100,
  };
}
