/** Observing a workflow run: evidence of life for its attempt, or its end. */
import type { LaneState } from '../core/lane/state.ts';
import { fetchRun } from '../github/workflow-runs.ts';
import type { DueLook } from '../ledger/looks.ts';
import { renewLease } from '../ledger/presence.ts';
import type { LaneContext } from './context.ts';
import type { Observed } from './observed.ts';

/** A run that goes on keeps its attempt's lease, though nothing in it may be sending heartbeats. */
export async function observeRun(ctx: LaneContext, look: DueLook, state: LaneState): Promise<Observed> {
  const run = Number(look.subject);
  const task = Object.values(state.tasks).find((each) => each.attempt?.runId === run);
  if (!task?.attempt) return { sightings: [], more: [], isSettled: true };
  const seen = await fetchRun(ctx.client, ctx.repo, run);
  const conclusion = seen ? seen.conclusion : 'gone';
  const { issue } = task;
  if (conclusion === null) {
    await renewLease(ctx.db, ctx.key, issue, task.attempt.fence, state.policy.ownership.lease);
  }
  const hasBegun = seen?.hasBegun ?? false;
  const read = { subject: `run:${run}`, ticket: look.ticket };
  return { sightings: [{ observation: { kind: 'run', issue, run, conclusion, hasBegun }, read }], more: [] };
}
