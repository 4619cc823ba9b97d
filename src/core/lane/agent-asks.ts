/** What an agent asks of people while it works. */
import { heldBy, mayChange } from '../task/ownership.ts';
import { matches, overlap } from '../task/patterns.ts';
import type { FactBody } from './facts.ts';
import type { AgentWord } from './observation.ts';
import type { LaneState, Task } from './state.ts';

type RequestPaths = Extract<AgentWord, { kind: 'request-paths' }>;

/** One attempt can ask for this many patterns; more would be another task. */
const mostAsked = 50;

/** Patterns that the task may not change and that have not been asked for in this attempt. */
export function newlyAsked({ policy }: LaneState, task: Task, paths: readonly string[]): string[] {
  const allowed = mayChange(policy, task);
  const asked = task.attempt?.asked ?? [];
  return [...new Set(paths)].filter((path) => !matches(allowed, path) && !asked.includes(path));
}

/** Who else holds any of these paths, as words; null when they are free. */
export function holderOf(state: LaneState, task: Task, paths: readonly string[]): string | null {
  for (const other of Object.values(state.tasks)) {
    if (other.issue === task.issue) continue;
    const [held] = overlap(paths, heldBy(other));
    if (held !== undefined) return `#${other.issue} owns ${held}`;
  }
  return null;
}

/** Where the policy lets tasks expand, files that are free and not protected are the task's for the asking. */
function isFree(state: LaneState, task: Task, paths: readonly string[]): boolean {
  const { outside, protected: guarded } = state.policy.ownership;
  return (
    outside === 'expand' && overlap(paths, guarded).length === 0 && holderOf(state, task, paths) === null
  );
}

/** Asking again for the same files is heard once. */
export function requestPaths(state: LaneState, task: Task, { paths, why }: RequestPaths): FactBody[] {
  const { attempt, issue } = task;
  const wanted = newlyAsked(state, task, paths);
  if (attempt?.job !== 'work' || wanted.length === 0 || attempt.asked.length + wanted.length > mostAsked)
    return [];
  if (isFree(state, task, wanted)) return [{ kind: 'claims-expanded', issue, paths: wanted }];
  return [{ kind: 'paths-requested', issue, attempt: attempt.number, paths: wanted, why, by: attempt.agent }];
}
