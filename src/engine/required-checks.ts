/** What the required checks say of a commit, read from GitHub now. */
import type { CheckResult, LaneState } from '../core/lane/state.ts';
import { fetchChecks } from '../github/fetch-checks.ts';
import type { LaneContext } from './context.ts';

/** One result for each required check that has reported. */
export async function readRequiredChecks(
  ctx: LaneContext,
  state: LaneState,
  sha: string,
): Promise<CheckResult[]> {
  const all = await fetchChecks(ctx.client, ctx.repo, sha);
  return state.policy.gate.checks.flatMap((name) => {
    const reported = all.filter((check) => check.name === name);
    // Where several Apps report under one name, all of them must be content.
    const worst = reported.find((check) => check.conclusion !== 'success') ?? reported[0];
    return worst ? [{ name, conclusion: worst.conclusion, url: worst.url }] : [];
  });
}
