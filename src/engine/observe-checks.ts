/** Observing checks: what CI says of a commit, and what the branch's rules ask for. */
import type { RequiredCheck } from '../core/gate/evidence.ts';
import { isProof, opinionCheck, requiredChecks } from '../core/gate/required-checks.ts';
import { explainSilence } from '../core/gate/silent-runs.ts';
import { checkNames } from '../core/ids.ts';
import type { Look } from '../core/lane/look.ts';
import type { CheckResult } from '../core/lane/pull-state.ts';
import type { LaneState } from '../core/lane/state.ts';
import { isLive } from '../core/lane/state.ts';
import { fetchChecks, fetchRestartedSuites } from '../github/fetch-checks.ts';
import { fetchRequiredChecks } from '../github/fetch-required-checks.ts';
import type { CheckSeen } from '../github/observed.ts';
import { fetchRunsOfCommit } from '../github/workflow-runs.ts';
import { type Sighting, unticketed } from './advance.ts';
import type { LaneContext } from './context.ts';

const mostOthers = 20;
const ours: ReadonlySet<string> = new Set(Object.values(checkNames));

type Reported = CheckSeen & { why?: string };

/** Whether this report may be the one that is asked for: a name alone is anybody's (S26, S27). */
function isFrom({ app }: RequiredCheck, seen: CheckSeen): boolean {
  if (app === null) return true;
  return typeof app === 'number' ? seen.appId === app : seen.appSlug === app;
}

/** Where several Apps report under one name and none is named, all of them must be content. */
function resultOf(state: LaneState, check: RequiredCheck, all: readonly Reported[]): CheckResult[] {
  const reported = all.filter((seen) => seen.name === check.name && isFrom(check, seen));
  const worst = reported.find(({ conclusion }) => !isProof(state, conclusion)) ?? reported[0];
  if (!worst) return [];
  const { conclusion, url, why } = worst;
  return [{ name: check.name, conclusion, url, ...(why === undefined ? {} : { why }) }];
}

const restartedWhy = 'CI was asked to run anew, and has not begun';

function withSuite(seen: CheckSeen, restarted: ReadonlySet<number>): Reported {
  const isOld = seen.suite !== null && restarted.has(seen.suite) && seen.conclusion !== 'pending';
  return isOld ? { ...seen, conclusion: 'pending', why: restartedWhy } : seen;
}

/** Only asked when all else would be proof. */
async function fetchRestarted(
  ctx: LaneContext,
  state: LaneState,
  sha: string,
  checks: readonly CheckResult[],
): Promise<ReadonlySet<number>> {
  const isProven = checks.length > 0 && checks.every(({ conclusion }) => isProof(state, conclusion));
  return isProven ? fetchRestartedSuites(ctx.client, ctx.repo, sha) : new Set();
}

/** Checks that nobody has reported and whose workflow says why. */
async function explainMissing(
  ctx: LaneContext,
  sha: string,
  wanted: readonly RequiredCheck[],
  known: readonly CheckResult[],
): Promise<CheckResult[]> {
  const missing = wanted.filter(({ name }) => !known.some((check) => check.name === name));
  if (missing.length === 0) return [];
  const silence = explainSilence(await fetchRunsOfCommit(ctx.client, ctx.repo, sha));
  return silence
    ? missing.map(({ name }) => ({
        name,
        conclusion: 'pending' as const,
        url: silence.url,
        why: silence.why,
      }))
    : [];
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
  const restarted = await fetchRestarted(
    ctx,
    state,
    sha,
    wanted.flatMap((check) => resultOf(state, check, all)),
  );
  const known = wanted.flatMap((check) =>
    resultOf(
      state,
      check,
      all.map((each) => withSuite(each, restarted)),
    ),
  );
  const checks = [...known, ...(await explainMissing(ctx, sha, wanted, known))];
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
