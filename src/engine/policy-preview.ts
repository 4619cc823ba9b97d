/**
 * Shows a PR that changes `.github/signalbox.yml` what it would change: the check `signalbox/policy`. The head's file
 * is only ever described; in force is what the base branch has.
 */
import { createHash } from 'node:crypto';
import { checkNames } from '../core/ids.ts';
import type { LaneState } from '../core/lane/state.ts';
import { fetchMergeBase } from '../github/fetch-merge-base.ts';
import { fetchPolicyFile, type PolicyFileSeen } from '../github/fetch-policy-file.ts';
import { postCheckRun } from '../github/post-check-run.ts';
import { readProjection, saveProjection } from '../ledger/projections.ts';
import { type PolicyFileReading, readPolicyFile } from '../protocol/policy-file.ts';
import { renderPolicyCheck } from '../protocol/policy-texts.ts';
import type { LaneContext } from './context.ts';

/** A policy file as it was fetched, judged. */
export function judgePolicyFile(file: PolicyFileSeen): PolicyFileReading {
  if (file.kind === 'problem') {
    return { kind: 'refused', problem: file.problem, problems: [{ line: 1, what: file.problem }] };
  }
  return readPolicyFile(file.kind === 'read' ? file.text : null);
}

function isSame(a: PolicyFileSeen, b: PolicyFileSeen): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Whether this head changes the file itself; being behind a base that has changed it is no change. */
async function changesFile(ctx: LaneContext, headSha: string, head: PolicyFileSeen): Promise<boolean> {
  const { client, repo, lane } = ctx;
  const mergeBase = await fetchMergeBase(client, repo, lane.base, headSha);
  return !isSame(head, await fetchPolicyFile(client, repo, mergeBase));
}

/** Publishes the check once for each head and policy in force; most PRs do not touch the file, and get none. */
export async function previewPolicy(ctx: LaneContext, state: LaneState, headSha: string): Promise<void> {
  const { client, repo, lane, db, key } = ctx;
  const posted = await readProjection(db, key, 'policy-check', headSha);
  if (posted?.hash.startsWith(`${state.policyHash}:`)) return;
  const head = await fetchPolicyFile(client, repo, headSha);
  const base = await fetchPolicyFile(client, repo, lane.base);
  const differs = !isSame(head, base) && (await changesFile(ctx, headSha, head));
  if (!differs && !posted?.known) {
    await saveProjection(db, key, 'policy-check', headSha, { hash: `${state.policyHash}:`, githubId: null });
    return;
  }
  const inForce = judgePolicyFile(base);
  const before = inForce.kind === 'accepted' ? inForce.policy : state.policy;
  const check = renderPolicyCheck(before, judgePolicyFile(differs ? head : base));
  const { id } = await postCheckRun(client, repo, (await ctx.github.fetchAppIdentity()).appId, {
    sha: headSha,
    name: checkNames.policy,
    externalId: `policy:${headSha}`,
    status: 'completed',
    known: posted?.known ?? null,
    ...check,
  });
  const content = createHash('sha256').update(JSON.stringify(check)).digest('hex');
  const hash = `${state.policyHash}:${content}`;
  await saveProjection(db, key, 'policy-check', headSha, { hash, githubId: id });
}
