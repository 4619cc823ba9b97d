/** What is seen of the workflow runs that were started for attempts. */
import type { FactBody } from './facts.ts';
import type { Observation } from './observation.ts';
import { isAtWork, type LaneState } from './state.ts';

type Of<K extends Observation['kind']> = Extract<Observation, { kind: K }>;

/** A run belongs to the attempt that it was started for; any other has no say. */
export function interpretDispatch(state: LaneState, seen: Of<'run-dispatched'>): FactBody[] {
  const { issue, attempt, fence, run } = seen;
  const present = state.tasks[issue]?.attempt;
  if (present?.number !== attempt || present.fence !== fence || present.runId !== null) return [];
  return [{ kind: 'run-dispatched', issue, attempt, run }];
}

/**
 * A run that goes on is a sign of life, and from when it has begun its minutes count. One that is over without a word about the work has failed, however it ended.
 */
export function interpretRun(
  state: LaneState,
  { issue, run, conclusion, hasBegun = false }: Of<'run'>,
): FactBody[] {
  const task = state.tasks[issue];
  if (!task?.attempt || !isAtWork(task) || task.attempt.runId !== run) return [];
  const about = { issue, attempt: task.attempt.number };
  if (conclusion === null) {
    const seen: FactBody[] = task.attempt.isRunning ? [] : [{ kind: 'run-seen', ...about }];
    const isNews = hasBegun && task.attempt.startedAt === null;
    return isNews ? [...seen, { kind: 'work-started', ...about, claimId: null, worker: null }] : seen;
  }
  const reason = `infra: the workflow run ${run} ended (${conclusion}) without a report`;
  return [{ kind: 'attempt-ended', ...about, end: 'infra', reason }];
}
