/** What scheduling asks about a lane as a whole, gathered once for one state and one moment. */
import { isEnlisted } from '../lane/enlisted.ts';
import { type LaneState, needsPerson, type Task } from '../lane/state.ts';
import { inOrder } from './order.ts';
import { claimsAtStart, heldBy } from './ownership.ts';
import { PathIndex } from './path-index.ts';
import { graceEnds, isReady, isStarving } from './ready.ts';
import { isWork } from './split.ts';

export interface Overview {
  /** The waiting tasks, in the order in which they are offered room. */
  waiting: readonly Task[];
  /** Issue → its place in that order, from 0. */
  place: ReadonlyMap<number, number>;
  underWay: readonly Task[];
  atWork: readonly Task[];
  inReview: readonly Task[];
  escalated: readonly Task[];
  /** Who holds which paths. */
  held: PathIndex<Task>;
  /** Waiting tasks before which others with the same paths must not start: about to start, or passed over too often. */
  ahead: PathIndex<Task>;
  /** Issues with a collision that has not been announced, and when it was foreseen. */
  unannounced: ReadonlyMap<number, string>;
}

function gather(state: LaneState, at: string): Overview {
  const tasks = Object.values(state.tasks);
  const waiting = inOrder(state);
  const held = new PathIndex<Task>();
  for (const task of tasks) held.add(heldBy(task), task);
  const ahead = new PathIndex<Task>();
  for (const task of waiting) {
    if (!isWork(state.policy, task)) continue;
    const soon = graceEnds(state, task);
    const isAboutToStart = soon > Date.parse(at) && isReady(state, task, new Date(soon).toISOString());
    if (isAboutToStart || (isStarving(state, task) && isReady(state, task, at)))
      ahead.add(claimsAtStart(state.policy, task.spec), task);
  }
  const unannounced = new Map<number, string>();
  for (const { a, b, announcedAt, foreseenAt } of state.collisions) {
    if (announcedAt === null) for (const issue of [a, b]) unannounced.set(issue, foreseenAt);
  }
  // People's own PRs keep no agent from starting.
  const own = tasks.filter((task) => !isEnlisted(task));
  const of = (...states: Task['state'][]) => own.filter((task) => states.includes(task.state));
  return {
    waiting,
    place: new Map(waiting.map((task, place) => [task.issue, place])),
    underWay: of('assigned', 'working', 'in-review', 'approved'),
    atWork: of('assigned', 'working'),
    inReview: of('in-review'),
    escalated: tasks.filter(needsPerson),
    held,
    ahead,
    unannounced,
  };
}

/** A state never changes, so what was gathered from it is kept as long as somebody has it. */
const gathered = new WeakMap<LaneState, { at: string; overview: Overview }>();

export function overviewOf(state: LaneState, at: string): Overview {
  const known = gathered.get(state);
  if (known?.at === at) return known.overview;
  const overview = gather(state, at);
  gathered.set(state, { at, overview });
  return overview;
}
