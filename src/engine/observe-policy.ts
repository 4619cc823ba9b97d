/** Observing the rules that a lane goes by: its policy file, its CODEOWNERS, and the checks that its branch asks for. */
import { createHash } from 'node:crypto';
import type { Look } from '../core/lane/look.ts';
import { isLive, type LaneState } from '../core/lane/state.ts';
import type { PolicyReading } from '../core/policy.ts';
import { ownersInAreas, resolveAreas } from '../core/task/areas.ts';
import { fetchCodeowners } from '../github/fetch-codeowners.ts';
import { fetchPolicyFile } from '../github/fetch-policy-file.ts';
import type { DueLook } from '../ledger/looks.ts';
import type { Sighting } from './advance.ts';
import type { LaneContext } from './context.ts';
import { observeRequiredChecks } from './observe-checks.ts';
import { cacheOf } from './observe-diff.ts';
import { judgePolicyFile } from './policy-preview.ts';

/** Whoever owns the files is part of the policy that approvals and verdicts are bound to (S31). */
async function withOwners(ctx: LaneContext, reading: PolicyReading): Promise<PolicyReading> {
  const sha = ctx.lane.base_sha;
  if (reading.kind === 'refused' || sha === null) return reading;
  const { policy } = reading;
  if (!policy.gate.codeowners && ownersInAreas(policy).length === 0) return reading;
  const owners = await fetchCodeowners(ctx.client, ctx.repo, sha, cacheOf(ctx));
  if (owners === null) return { ...reading, policy: resolveAreas(policy, '') };
  const hash = createHash('sha256').update(`${reading.hash}\n${owners}`).digest('hex').slice(0, 16);
  return { ...reading, policy: resolveAreas(policy, owners), hash };
}

export async function observePolicy(
  ctx: LaneContext,
  look: DueLook,
  state: LaneState,
): Promise<{ sightings: Sighting[]; more: Look[]; isSettled: true }> {
  const file = await fetchPolicyFile(ctx.client, ctx.repo, ctx.lane.base);
  const reading = await withOwners(ctx, judgePolicyFile(file));
  const required = await observeRequiredChecks(ctx, state);
  // What was judged and approved under another policy is to be judged again, and CI asked for other checks.
  const isNews = reading.kind === 'accepted' && reading.hash !== state.policyHash;
  const pulls = Object.values(state.tasks).flatMap((task): Look[] =>
    isNews && isLive(task) && task.pull?.open ? [{ kind: 'pull', subject: String(task.pull.number) }] : [],
  );
  return {
    sightings: [
      { observation: { kind: 'policy', reading }, read: { subject: 'policy', ticket: look.ticket } },
      ...required.sightings,
    ],
    more: [...pulls, ...required.more],
    isSettled: true,
  };
}
