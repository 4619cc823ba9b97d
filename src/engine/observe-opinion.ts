/** Asking for a second opinion on a head that the arbiter has passed. */
import { lacksOpinion } from '../core/gate/reviewer.ts';
import type { Look } from '../core/lane/look.ts';
import type { LaneState, Task } from '../core/lane/state.ts';
import type { DueLook } from '../ledger/looks.ts';
import { type Sighting, unticketed } from './advance.ts';
import type { LaneContext } from './context.ts';
import { readDiff } from './observe-diff.ts';

/** Who is asked without waiting for a check; another agent asks for the question itself (agent-reviews.ts). */
const askable = 'llm';

function isWanted(task: Task, state: LaneState): boolean {
  return state.policy.arbiter.second_opinion === askable && lacksOpinion(task, state);
}

/** The look that asks; by itself, because a model takes its time. */
export function opinionLooks(task: Task, state: LaneState): Look[] {
  return isWanted(task, state) && task.pull ? [{ kind: 'opinion', subject: String(task.pull.number) }] : [];
}

/** Asks. An answer is recorded whatever it is, so that nobody is asked twice about the same head. */
export async function observeOpinion(
  ctx: LaneContext,
  look: DueLook,
  state: LaneState,
): Promise<{ sightings: Sighting[]; more: Look[]; isSettled: true }> {
  const task = Object.values(state.tasks).find((each) => each.pull?.number === Number(look.subject));
  const verdict = task?.pull?.verdict;
  if (!task || !verdict || !isWanted(task, state)) return { sightings: [], more: [], isSettled: true };
  const { headSha, baseSha } = verdict;
  const given = ctx.secondOpinion
    ? await ctx.secondOpinion.review(
        (await readDiff(ctx, { headSha, baseSha, codeowners: false, history: false })).changes,
        task.spec,
      )
    : { by: askable, verdict: 'none' as const, summary: 'this Signalbox has no model to ask' };
  const opinion = { ...given, headSha, version: task.version };
  return {
    sightings: [unticketed({ kind: 'opinion', issue: task.issue, opinion })],
    more: [],
    isSettled: true,
  };
}
