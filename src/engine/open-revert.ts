/** `/revert`: what has landed of a PR, and the effect that opens the PR which takes it back. */
import { randomUUID } from 'node:crypto';
import { prepareRevertRef, revertBranch } from '../core/ids.ts';
import type { Effect } from '../core/lane/effects.ts';
import type { Observation } from '../core/lane/observation.ts';
import { dependantsOf, type LandedPull } from '../core/queue/reverting.ts';
import { fetchPullsForBranch } from '../github/fetch-pull.ts';
import { fetchRef } from '../github/fetch-ref.ts';
import { postPull } from '../github/post-pull.ts';
import { pushRevert } from '../github/push-revert.ts';
import { landingOfPull } from '../ledger/landing-of-pull.ts';
import { loadForReading } from '../ledger/load-lane.ts';
import { renderRevertBody, renderRevertTitle, revertMessage } from '../protocol/revert-text.ts';
import type { LaneContext } from './context.ts';
import type { Outcome } from './outcome.ts';

type OpenRevert = Extract<Effect, { kind: 'open-revert' }>;
type Result = Extract<Observation, { kind: 'revert' }>['result'];

/** What the ledger knows of a PR's landing and of what came after it; null when it has not landed here. */
export async function readLanded(ctx: LaneContext, pull: number): Promise<LandedPull | null> {
  const landing = await landingOfPull(ctx.db, ctx.key, pull);
  if (!landing) return null;
  const { entry, before, after, exact, later } = landing;
  const { state } = await loadForReading(ctx.db, ctx.key, { issues: [entry.issue, ...later] });
  const task = state.tasks[entry.issue];
  const others = later.flatMap((issue) => state.tasks[issue] ?? []);
  const dependants = dependantsOf(task, others);
  return { pull, issue: entry.issue, title: task?.title ?? `#${pull}`, before, after, exact, dependants };
}

function conflictWith({ pull, dependants }: LandedPull, base: string): string {
  const near = dependants.filter(({ paths }) => paths.length > 0).map((each) => `#${each.pull}`);
  const whose = near.length === 0 ? '' : ` (${near.join(', ')})`;
  return `git cannot take #${pull} out of ${base}: what came later changes the same lines${whose}. Revert that first, or take it out by hand in a pull request of your own`;
}

async function open(ctx: LaneContext, { asked }: OpenRevert): Promise<Result> {
  const { landed, by } = asked;
  const { base } = ctx.lane;
  const { botLogin } = await ctx.github.fetchAppIdentity();
  const branch = revertBranch(landed.pull);
  const offer = (pull: { number: number; headSha: string; draft: boolean }): Result => ({
    kind: 'opened',
    offered: {
      ...pull,
      title: renderRevertTitle(landed),
      author: botLogin,
      branch,
      correlationId: randomUUID(),
    },
  });
  // An earlier run, or somebody's earlier wish: what people have seen there stays as it is.
  const [there] = await fetchPullsForBranch(ctx.client, ctx.repo, { branch, base, state: 'open' });
  if (there) return offer({ number: there.number, headSha: there.headSha, draft: there.draft });
  const tip = await fetchRef(ctx.client, ctx.repo, `heads/${base}`);
  if (tip === null) return { kind: 'failed', why: `the branch ${base} is gone` };
  const made = await pushRevert(ctx.client, ctx.repo, {
    branch,
    prepareRef: prepareRevertRef(base, landed.pull),
    tip,
    before: landed.before,
    after: landed.after,
    message: revertMessage(landed),
  });
  if (made.kind === 'conflict') return { kind: 'failed', why: conflictWith(landed, base) };
  if (made.kind === 'nothing')
    return { kind: 'failed', why: `nothing of what #${landed.pull} changed is left on ${base}` };
  const title = renderRevertTitle(landed);
  const body = renderRevertBody({ landed, by });
  return offer(await postPull(ctx.client, ctx.repo, { branch, base, title, body, draft: false }));
}

export async function openRevert(ctx: LaneContext, effect: OpenRevert): Promise<Outcome> {
  const result = await open(ctx, effect);
  const looks =
    result.kind === 'opened' ? [{ kind: 'pull' as const, subject: String(result.offered.number) }] : [];
  return { observations: [{ kind: 'revert', asked: effect.asked, result }], looks };
}
