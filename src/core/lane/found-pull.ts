/** Pull requests that Signalbox did not open and that say they close a task's issue. */
import type { FactBody } from './facts.ts';
import type { Observation } from './observation.ts';
import { type Attempt, isLive, type LaneState, type Task } from './state.ts';

type Found = Extract<Observation, { kind: 'pull-found' }>;

/** Whether the work is done by somebody whom Signalbox does not run: the branch and the PR are all it sees. */
export function isDoneOutside({ via }: Attempt): boolean {
  return via === 'adopt' || via === 'assign';
}

/** Whether the task's own PR may give way: it is not there, or nobody has put any work on it. */
function isVacant({ pull, attempt }: Task): boolean {
  return !pull?.open || (attempt !== null && pull.headSha === attempt.openedSha);
}

/** Binds the PR to the task where the task waits for somebody's work; anywhere else it is one too many. */
export function interpretFoundPull(state: LaneState, found: Found): FactBody[] {
  const { issue, pull, by, standing } = found;
  const task = state.tasks[issue];
  if (!task || !isLive(task) || task.state === 'waiting' || task.pull?.number === pull) return [];
  const { attempt } = task;
  const under = task.state === 'assigned' || task.state === 'working';
  const isAwaited = under && attempt !== null && isDoneOutside(attempt) && isVacant(task);
  if (standing === 'trusted' && isAwaited) {
    const { headSha, draft, branch } = found;
    const replaces = task.pull?.open ? task.pull.number : null;
    const { number } = attempt;
    return [{ kind: 'pull-adopted', issue, attempt: number, pull, headSha, draft, branch, replaces, by }];
  }
  const instead = task.pull?.open ? task.pull.number : null;
  return [{ kind: 'pull-refused', issue, pull, instead, why: standing, by }];
}
