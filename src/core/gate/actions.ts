/** The buttons of `signalbox/arbiter`: whoever pressed one is judged like whoever types a command. */
import type { FactBody } from '../lane/facts.ts';
import type { Observation } from '../lane/observation.ts';
import type { LaneState } from '../lane/state.ts';
import { mayBeLanding } from '../queue/may-be-landing.ts';
import { answerKey } from './fold-gate.ts';

type Seen = Extract<Observation, { kind: 'action' }>;

const mostAnswers = 10;
const mayRetry: ReadonlySet<string> = new Set(['write', 'maintain', 'admin']);

/** Explanations are for everybody who can read; judging anew is for those who can write. */
export function interpretAction(state: LaneState, { headSha, action, by, permission }: Seen): FactBody[] {
  const task = Object.values(state.tasks).find(({ pull }) => pull?.open === true && pull.headSha === headSha);
  if (!task || mayBeLanding(state, task.issue)) return [];
  const isAllowed = action === 'retry' ? mayRetry.has(permission) : permission !== 'none';
  const outcome = isAllowed ? 'done' : 'denied';
  const answered = task.pull?.gate.answered ?? [];
  const isRepeated = answered.includes(answerKey({ action, by, outcome })) || answered.length >= mostAnswers;
  if (isRepeated && !(isAllowed && action === 'retry')) return [];
  return [{ kind: 'action-requested', issue: task.issue, action, by, outcome, headSha }];
}
