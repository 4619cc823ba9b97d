/** Observing checks: what CI says of a commit, and what the branch's rules ask for. */
import type { RequiredCheck } from '../core/gate/evidence.ts';
import { isProof, opinionCheck, requiredChecks } from '../core/gate/required-checks.ts';
import { checkNames } from '../core/ids.ts';
import type { Look } from '../core/lane/look.ts';
import type { CheckResult } from '../core/lane/pull-state.ts';
import type { LaneState } from '../core/lane/state.ts';
import { isLive } from '../core/lane/state.ts';
import { fetchChecks } from '../github/fetch-checks.ts';
import { fetchRequiredChecks } from '../github/fetch-required-checks.ts';
import type { CheckSeen } from '../github/observed.ts';
import { type Sighting, unticketed } from './advance.ts';
import type { LaneContext } from './context.ts';

const mostOthers = 20;
const ours: ReadonlySet<string> = new Set(Object.values(checkNames));

/** Whether this report may be the one that is asked for: a name alone is anybody's (S26, S27). */
function isFrom({ app }: RequiredCheck, seen: CheckSeen): boolean {
  if (app === null) return true;
  return typeof app === 'number' ? seen.appId === app : seen.appSlug === app;
}

/** Where several Apps report under one name and none is named, all of them must be content. */
function resultOf(state: LaneState, check: RequiredCheck, all: readonly CheckSeen[]): CheckResult[] {
  const reported = all.filter((seen) => seen.name === check.name && isFrom(check, seen));
  const worst = reported.find(({ conclusion }) => !isProof(state, conclusion)) ?? reported[0];
  return worst ? [{ name: check.name, conclusion: worst.conclusion, url: worst.url }] : [];
}

/** What CI says of a commit that the lane is interested in; null when it is not. */
export async function observeChecksOf(
  ctx: LaneContext,
  state: LaneState,
  sha: string,
): Promise<Extract<Sighting['observation'], { kind: 'checks' }> | null> {
  const concerned =
    Object.values(state.tasks).some((task) => isLive(task) && task.pull?.headSha === sha) ||
    Object.values(state.builds).some((build) => build.sha === sha);
  if (!concerned) return null;
  const all = await fetchChecks(ctx.client, ctx.repo, sha);
  const opinion = opinionCheck(state);
  const wanted = [...requiredChecks(state), ...(opinion === null ? [] : [{ name: opinion, app: null }])];
  const checks = wanted.flatMap((check) => resultOf(state, check, all));
  const answered = new Set(checks.map(({ name }) => name));
  const { appId } = await ctx.github.fetchAppIdentity();
  const others = all
    .filter((seen) => !answered.has(seen.name) && !(ours.has(seen.name) && seen.appId === appId))
    .map(({ name }) => name);
  return { kind: 'checks', sha, checks, others: [...new Set(others)].sort().slice(0, mostOthers) };
}

/** What branch protection and rulesets ask for; nothing when neither can be read, so that what was known stays. */
export async function observeRequiredChecks(
  ctx: LaneContext,
  state: LaneState,
): Promise<{ sightings: Sighting[]; more: Look[] }> {
  const found = await fetchRequiredChecks(ctx.client, ctx.repo, ctx.lane.base);
  if (found === null) return { sightings: [], more: [] };
  const checks = found.filter(({ name }) => !ours.has(name));
  const isNews = JSON.stringify(checks) !== JSON.stringify(state.requiredChecks);
  const heads = Object.values(state.tasks).flatMap((task) =>
    isLive(task) && task.pull?.open ? [task.pull.headSha] : [],
  );
  const candidates = Object.values(state.builds).flatMap((build) =>
    build.sha !== null && build.state === 'testing' ? [build.sha] : [],
  );
  return {
    sightings: [unticketed({ kind: 'required-checks', checks })],
    more: isNews ? [...heads, ...candidates].map((subject): Look => ({ kind: 'checks', subject })) : [],
  };
}
