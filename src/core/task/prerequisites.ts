/** What a task depends on, and which of it is not done. */
import {
  elsewhereOf,
  isLive,
  type LaneState,
  type PrerequisiteState,
  prerequisitesOf,
  type Task,
} from '../lane/state.ts';
import type { Wait } from '../lane/view.ts';
import { partsOf } from './parts.ts';

const prerequisiteProblem: Record<Exclude<PrerequisiteState, 'completed'>, string> = {
  open: 'is not finished',
  'not-planned': 'was closed as not planned',
  missing: 'was not found',
};

/** What the lane knows of a prerequisite by its issue alone, apart from tasks of its own. */
function seenState(state: LaneState, number: number): PrerequisiteState {
  const other = state.tasks[number];
  const seen = state.prerequisites[number] ?? 'open';
  // A task that was given up, and whose issue a person has closed, ended as that person said.
  return other === undefined || other.state === 'cancelled' || other.state === 'failed' ? seen : 'open';
}

/** Whether the prerequisite, `#7` or `owner/repo#7`, is a link on GitHub, which only a person takes away there. */
export function isLinked({ blockedBy, blockedElsewhere }: Task, reference: string): boolean {
  return blockedBy.some((issue) => `#${issue}` === reference) || blockedElsewhere.includes(reference);
}

/** What a person does to go on without the prerequisite. */
function wayWithout(task: Task, reference: string): string {
  return isLinked(task, reference)
    ? `remove the link to ${reference} ("blocked by" or sub-issue) in the issue's sidebar`
    : `/independent ${reference}`;
}

/** A part that somebody has closed as not planned is no part any more. */
function partWait(task: Task, number: number, seen: PrerequisiteState, other: Task | undefined): Wait | null {
  if (seen === 'not-planned') return null;
  const isGivenUp = other !== undefined && seen === 'open' && !isLive(other);
  const what = isGivenUp
    ? `its part #${number} is ${other.state.replace('-', ' ')}`
    : `its part #${number} is not finished`;
  const command = isGivenUp ? `\`/retry\` there, or close #${number} as not planned` : null;
  return { kind: 'dependency', what, since: task.since, command };
}

function prerequisiteWait(state: LaneState, task: Task, number: number): Wait | null {
  const other = state.tasks[number];
  const seen = seenState(state, number);
  if (other?.state === 'completed' || seen === 'completed') return null;
  if (partsOf(task).includes(number)) return partWait(task, number, seen, other);
  const isGivenUp = other !== undefined && seen === 'open';
  return {
    kind: 'dependency',
    what: isGivenUp
      ? `#${number} is ${other.state.replace('-', ' ')}`
      : `#${number} ${prerequisiteProblem[seen]}`,
    since: task.since,
    command: wayWithout(task, `#${number}`),
  };
}

function elsewhereWait(state: LaneState, task: Task, reference: string): Wait | null {
  const seen = state.elsewhere[reference] ?? 'open';
  if (seen === 'completed') return null;
  const what = `${reference} ${prerequisiteProblem[seen]}`;
  return { kind: 'dependency', what, since: task.since, command: wayWithout(task, reference) };
}

/**
 * The circle of unfinished prerequisites that leads from a task back to it, beginning and ending with it; null when
 * there is none. The shortest, and of equally short ones always the same.
 */
export function circleOf(state: LaneState, task: Task): number[] | null {
  const cameFrom = new Map<number, number>();
  const queue = [task.issue];
  for (const at of queue) {
    const here = state.tasks[at];
    if (!here || here.state === 'completed') continue;
    for (const next of prerequisitesOf(here)) {
      if (next === task.issue) return pathTo(cameFrom, task.issue, at);
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, at);
      queue.push(next);
    }
  }
  return null;
}

function pathTo(cameFrom: ReadonlyMap<number, number>, from: number, to: number): number[] {
  const path = [from];
  for (let at: number | undefined = to; at !== undefined && at !== from; at = cameFrom.get(at))
    path.splice(0, 0, at);
  return [from, ...path];
}

function circleWait(state: LaneState, task: Task): Wait[] {
  const circle = circleOf(state, task);
  if (circle === null) return [];
  const what = `it waits for itself: ${circle.map((issue) => `#${issue}`).join(' → ')}`;
  return [{ kind: 'dependency', what, since: task.since, command: wayWithout(task, `#${circle[1]}`) }];
}

/**
 * Those of an approved task's prerequisites that it waits for outside the queue. One that is in the queue goes before
 * it there, and lands before it or with it.
 */
export function prerequisitesToWaitFor(state: LaneState, task: Task): Wait[] {
  const open = prerequisitesOf(task).filter((number) => prerequisiteWait(state, task, number) !== null);
  const queued = open.filter((number) => state.tasks[number]?.entry != null && number !== task.issue);
  if (queued.length === 0 || circleOf(state, task) !== null) return openPrerequisites(state, task);
  return openPrerequisites(state, task, new Set(queued));
}

function unfinished(state: LaneState, task: Task, except: ReadonlySet<number>): Wait[] {
  const numbers = prerequisitesOf(task).filter((number) => !except.has(number));
  return [
    ...numbers.flatMap((number) => prerequisiteWait(state, task, number) ?? []),
    ...elsewhereOf(task).flatMap((reference) => elsewhereWait(state, task, reference) ?? []),
  ];
}

/** Whether any prerequisite is not done. Asked of every task in every decision, so it looks for no circle. */
export function hasOpenPrerequisites(state: LaneState, task: Task): boolean {
  return unfinished(state, task, new Set()).length > 0;
}

/** One wait for each prerequisite that is not done; they hold the start, and the landing of what has started (I5). */
export function openPrerequisites(
  state: LaneState,
  task: Task,
  except: ReadonlySet<number> = new Set(),
): Wait[] {
  const open = unfinished(state, task, except);
  return open.length === 0 ? [] : [...circleWait(state, task), ...open];
}

/** Prerequisites of a task that were given up, as people write them: each is a question to its people. */
export function givenUpPrerequisites(state: LaneState, task: Task): string[] {
  return [
    ...prerequisitesOf(task)
      .filter((number) => seenState(state, number) === 'not-planned' && !partsOf(task).includes(number))
      .map((number) => `#${number}`),
    ...elsewhereOf(task).filter((reference) => state.elsewhere[reference] === 'not-planned'),
  ];
}
