/**
 * Observing: a look becomes what GitHub says now. Reads only; what it amounts to is decided under the lane's lock.
 * A look may ask for more looks, so that each stays small and is tried again by itself.
 */
import type { Look } from '../core/lane/look.ts';
import type { Observation } from '../core/lane/observation.ts';
import { isLive, type LaneState } from '../core/lane/state.ts';
import { fetchIssue } from '../github/fetch-issue.ts';
import { fetchPull } from '../github/fetch-pull.ts';
import { fetchRef } from '../github/fetch-ref.ts';
import type { DueLook } from '../ledger/looks.ts';
import type { LaneContext } from './context.ts';
import { observeAction } from './observe-action.ts';
import { observeChecksOf } from './observe-checks.ts';
import { observeComment } from './observe-comment.ts';
import { observeDiff } from './observe-diff.ts';
import { observeFoundPull } from './observe-found-pull.ts';
import { assertVisible, observeIssue, prerequisiteState } from './observe-issue.ts';
import { observeOpinion, opinionLooks } from './observe-opinion.ts';
import { observePolicy } from './observe-policy.ts';
import { observeReviews } from './observe-reviews.ts';
import { observeRun } from './observe-run.ts';
import { nothing, type Observed, seen } from './observed.ts';
import { previewPolicy } from './policy-preview.ts';
import { readMoved } from './update-branch.ts';

async function observeBase(ctx: LaneContext, look: DueLook): Promise<Observed> {
  const sha = await fetchRef(ctx.client, ctx.repo, `heads/${ctx.lane.base}`);
  if (sha === null) return nothing;
  const known = ctx.lane.base_sha;
  if (sha === known) return { sightings: [seen(look, 'base', { kind: 'base', sha })], more: [] };
  const paths = known === null ? [] : await readMoved(ctx, known, sha);
  const more: Look[] = [{ kind: 'policy', subject: '' }];
  return { sightings: [seen(look, 'base', { kind: 'base', sha, paths })], more };
}

async function observePull(ctx: LaneContext, look: DueLook, state: LaneState): Promise<Observed> {
  const number = Number(look.subject);
  const task = Object.values(state.tasks).find((each) => each.pull?.number === number);
  const pull = await fetchPull(ctx.client, ctx.repo, number);
  if (pull === null) await assertVisible(ctx);
  const preview: Look[] =
    pull?.open && pull.baseRef === ctx.lane.base ? [{ kind: 'policy', subject: pull.headSha }] : [];
  if (!task) {
    const found = pull ? await observeFoundPull(ctx, pull, state) : [];
    return { sightings: found, more: preview, isSettled: true };
  }
  if (!pull?.open || !isLive(task)) {
    const closed = seen(look, `pull:${number}`, { kind: 'pull', issue: task.issue, seen: pull });
    return { sightings: [closed], more: [] };
  }
  const reviews = await observeReviews(ctx, task, pull);
  const diff = await observeDiff(ctx, state, task, pull);
  const { forcePushes } = reviews;
  const asPull = seen(look, `pull:${number}`, {
    kind: 'pull',
    issue: task.issue,
    seen: { ...pull, base: pull.baseRef, ...(forcePushes === null ? {} : { forcePushes }) },
  });
  return {
    sightings: [asPull, ...diff, seen(look, `reviews:${number}`, reviews.observation)],
    more: [
      { kind: 'checks', subject: pull.headSha },
      ...preview,
      ...opinionLooks(task, state),
      // Who speaks for the owners is known once the diff has been judged.
      ...(diff.length > 0 ? [{ kind: 'pull' as const, subject: look.subject }] : []),
    ],
  };
}

async function observeChecks(ctx: LaneContext, look: DueLook, state: LaneState): Promise<Observed> {
  const checks = await observeChecksOf(ctx, state, look.subject);
  return checks === null ? nothing : { sightings: [seen(look, `checks:${look.subject}`, checks)], more: [] };
}

/** A prerequisite in another repository of the installation. */
async function observeElsewhere(ctx: LaneContext, look: DueLook): Promise<Observed> {
  const reference = look.subject;
  const [, owner = '', name = '', number = ''] = /^([^/]+)\/([^#]+)#(\d+)$/.exec(reference) ?? [];
  const issue = await fetchIssue(ctx.client, { owner, name }, Number(number));
  const observation: Observation = { kind: 'elsewhere', reference, state: prerequisiteState(issue) };
  return { sightings: [seen(look, `elsewhere:${reference}`, observation)], more: [] };
}

/** What GitHub says now about the subject of a look. `state` is only a hint for what is worth reading. */
export async function observe(ctx: LaneContext, look: DueLook, state: LaneState): Promise<Observed> {
  switch (look.kind) {
    case 'base':
      return observeBase(ctx, look);
    case 'policy':
      if (look.subject === '') return observePolicy(ctx, look, state);
      await previewPolicy(ctx, state, look.subject);
      return nothing;
    case 'issue':
      return observeIssue(ctx, look, state);
    case 'elsewhere':
      return observeElsewhere(ctx, look);
    case 'pull':
      return observePull(ctx, look, state);
    case 'checks':
      return observeChecks(ctx, look, state);
    case 'comment':
      return observeComment(ctx, look, state);
    case 'action':
      return observeAction(ctx, look, state);
    case 'opinion':
      return observeOpinion(ctx, look, state);
    case 'run':
      return observeRun(ctx, look, state);
    default:
      return look.kind satisfies never;
  }
}
