/** Carrying out an accepted plan: an issue for each part, linked and labelled when all of them are there. */
import { humanLabels } from '../core/ids.ts';
import type { LaneState } from '../core/lane/state.ts';
import type { SplitEffect } from '../core/task/split.ts';
import { linkSubIssue, postIssue } from '../github/post-issue.ts';
import { syncLabels } from '../github/sync-labels.ts';
import { partMark, renderPartBody, renderPartTitle } from '../protocol/split-text.ts';
import type { LaneContext } from './context.ts';
import { done, type Outcome, taskOf } from './outcome.ts';

type Of<K extends SplitEffect['kind']> = Extract<SplitEffect, { kind: K }>;

async function createPart(ctx: LaneContext, effect: Of<'create-part'>, state: LaneState): Promise<Outcome> {
  const { issue, version, part: place } = effect;
  const { split } = taskOf(state, issue);
  const part = split?.parts[place - 1];
  if (!split?.accepted || !part) return done;
  const mark = partMark({ issue, version, part: place, count: split.parts.length });
  const after = part.after.flatMap((other) => split.parts[other - 1]?.issue ?? []);
  const identity = await ctx.github.fetchAppIdentity();
  const { number } = await postIssue(ctx.client, ctx.repo, identity, {
    title: renderPartTitle(part),
    body: renderPartBody(part, mark, after),
    mark,
    since: split.accepted.at,
  });
  return {
    observations: [{ kind: 'part-created', issue, version, part: place, created: number }],
    looks: [],
  };
}

/** GitHub's word that it was labelled is our own echo and not heard, so the issue is looked at here. */
async function openPart(ctx: LaneContext, { issue, part, created }: Of<'open-part'>): Promise<Outcome> {
  await linkSubIssue(ctx.client, ctx.repo, issue, created);
  await syncLabels(ctx.client, ctx.repo, created, { want: [humanLabels.ready], ours: [] });
  return {
    observations: [{ kind: 'part-opened', issue, part }],
    looks: [{ kind: 'issue', subject: String(created) }],
  };
}

export function carryOutSplit(ctx: LaneContext, effect: SplitEffect, state: LaneState): Promise<Outcome> {
  return effect.kind === 'create-part' ? createPart(ctx, effect, state) : openPart(ctx, effect);
}
