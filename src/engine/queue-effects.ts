/** The queue's effects: making candidates, moving the base branch to one, proving it, and tidying up. */
import { checkNames } from '../core/ids.ts';
import type { Effect } from '../core/lane/effects.ts';
import type { Observation } from '../core/lane/observation.ts';
import type { BuildEntry, BuildState } from '../core/lane/queue-state.ts';
import type { LaneState } from '../core/lane/state.ts';
import { findVanished, mostBlobs } from '../core/queue/audit.ts';
import { judgeChecks } from '../core/queue/proof-of-checks.ts';
import { closureOf } from '../core/queue/windows.ts';
import { deleteRef } from '../github/delete-ref.ts';
import { fetchFiles } from '../github/fetch-files.ts';
import { fetchIsAncestor } from '../github/fetch-is-ancestor.ts';
import { fetchKnownCommit, fetchRef } from '../github/fetch-ref.ts';
import { postCheckRun } from '../github/post-check-run.ts';
import { pushBase } from '../github/push-base.ts';
import { type CandidateMade, type CandidatePlan, pushCandidate } from '../github/push-candidate.ts';
import { cancelRunsOfBranch } from '../github/workflow-runs.ts';
import { readClock } from '../ledger/load-lane.ts';
import { landedMessage } from '../protocol/commit-messages.ts';
import type { LaneContext } from './context.ts';
import { observeChecksOf } from './observe-checks.ts';
import { commitTask, done, type Outcome } from './outcome.ts';
import { findOutdated } from './outdated-pulls.ts';
import { closeForeignPulls, movePullsToCommits, restorePulls } from './rewritten-pulls.ts';
import { readMoved } from './update-branch.ts';

type Of<K extends Effect['kind']> = Extract<Effect, { kind: K }>;

async function planOf(
  ctx: LaneContext,
  state: LaneState,
  entries: readonly BuildEntry[],
): Promise<Pick<CandidatePlan, 'heads' | 'rewrite'>> {
  const { method, message: template } = state.policy.queue;
  const rewritten = method !== 'merge';
  const heads = entries.map((entry) => {
    const task = state.tasks[entry.issue];
    // In a try, PRs can be named that are none of Signalbox's otherwise.
    if (!task) return { sha: entry.headSha, message: `Merge pull request #${entry.pull}` };
    const of = { ...commitTask(ctx, task), issue: entry.issue, pull: entry.pull, title: task.title };
    const { text, trailers } = landedMessage(of, { template, rewritten });
    return { sha: entry.headSha, message: rewritten ? text : `${text}\n\n${trailers}`, trailers };
  });
  if (!rewritten) return { heads };
  const { botLogin, appId } = await ctx.github.fetchAppIdentity();
  const committer = { name: botLogin, email: `${appId}+${botLogin}@users.noreply.github.com` };
  return { heads, rewrite: { method, committer } };
}

function candidateSeen(build: number, entries: readonly BuildEntry[], made: CandidateMade): Observation {
  if (made.kind === 'made') {
    const { sha, tree, steps } = made;
    return { kind: 'candidate', build, result: { kind: 'made', sha, tree, steps } };
  }
  const issueOf = (sha: string) => entries.flatMap((entry) => (entry.headSha === sha ? [entry.issue] : []));
  const [issue = 0] = issueOf(made.headSha);
  return { kind: 'candidate', build, result: { kind: 'conflict', issue, with: made.with.flatMap(issueOf) } };
}

export async function makeCandidate(
  ctx: LaneContext,
  effect: Of<'make-candidate'>,
  state: LaneState,
): Promise<Outcome> {
  const { build, entries } = effect;
  // What comes from another candidate was looked at when that one was made. A try tests what was named.
  const fresh = state.builds[build]?.purpose === 'try' ? [] : entries.slice(effect.steps.length);
  const outdated = await findOutdated(ctx, state, fresh);
  if (outdated.length > 0) {
    const result = { kind: 'outdated' as const, issues: outdated.map(({ issue }) => issue) };
    return { observations: [{ kind: 'candidate', build, result }, ...outdated], looks: [] };
  }
  const made = await pushCandidate(ctx.client, ctx.repo, {
    prepareRef: effect.prepare,
    buildRef: effect.target,
    baseSha: effect.baseSha,
    steps: effect.steps,
    ...(await planOf(ctx, state, entries)),
  });
  return {
    observations: [candidateSeen(build, entries, made)],
    looks: made.kind === 'made' ? [{ kind: 'checks', subject: made.sha }] : [],
  };
}

/** Branch protection asks the candidate for our own check too; every entry in it has passed the arbiter. */
async function vouchFor(ctx: LaneContext, build: number, sha: string, state: LaneState): Promise<void> {
  const pulls = state.builds[build]?.entries.map((entry) => `#${entry.pull}`).join(', ') ?? '';
  const { appId } = await ctx.github.fetchAppIdentity();
  await postCheckRun(ctx.client, ctx.repo, appId, {
    sha,
    name: checkNames.arbiter,
    externalId: `build:${build}`,
    status: 'completed',
    conclusion: 'success',
    title: 'Every entry has passed',
    summary: `This candidate is the base branch with ${pulls}. The arbiter has passed each of them at its head.`,
    known: null,
  });
}

/** An earlier run of the same effect may have moved the branch before it was cut off. */
async function isOnBase(ctx: LaneContext, sha: string): Promise<boolean> {
  const tip = await fetchRef(ctx.client, ctx.repo, `heads/${ctx.lane.base}`);
  return tip === sha || (tip !== null && (await fetchIsAncestor(ctx.client, ctx.repo, sha, tip)));
}

/** Why the candidate is not to land after all, as far as one more look can tell; empty when nothing stands against it. */
async function objectionsTo(
  ctx: LaneContext,
  { build, sha, flight }: Of<'land'>,
  state: LaneState,
): Promise<Observation[]> {
  const isClosed = closureOf(state, await readClock(ctx.db)) !== null;
  if (state.frozen || isClosed) return [{ kind: 'landing', build, result: { kind: 'withheld' } }];
  const outdated = await findOutdated(ctx, state, flight.entries);
  if (outdated.length > 0) {
    const result = { kind: 'outdated' as const, issues: outdated.map(({ issue }) => issue) };
    return [{ kind: 'landing', build, result }, ...outdated];
  }
  const seen = await observeChecksOf(ctx, state, sha);
  const verdict = judgeChecks(state, seen?.checks ?? []);
  if (verdict.kind === 'passed') return [];
  const why =
    verdict.kind === 'failed'
      ? `${verdict.red.name} is ${verdict.red.conclusion}`
      : verdict.kind === 'interrupted'
        ? `${verdict.by.name} was cancelled`
        : `${verdict.missing.join(', ')} runs again or is gone`;
  return [{ kind: 'landing', build, result: { kind: 'unproven', why } }];
}

/** The commit that the base is to move to: the candidate, or, where the sum was not tested, the sum made now. */
async function commitToLand(
  ctx: LaneContext,
  effect: Of<'land'>,
  state: LaneState,
): Promise<{ sha: string; steps: string[] } | 'conflict'> {
  const { flight, sha, prepare } = effect;
  const build = state.builds[effect.build];
  const steps = flight.entries.flatMap((entry) => {
    const index = build?.entries.findIndex(({ issue }) => issue === entry.issue) ?? -1;
    return build?.steps[index] ?? [];
  });
  if (flight.exact) return { sha, steps };
  const made = await pushCandidate(ctx.client, ctx.repo, {
    prepareRef: prepare,
    buildRef: null,
    baseSha: flight.before,
    ...(await planOf(ctx, state, flight.entries)),
  });
  return made.kind === 'made' ? { sha: made.sha, steps: made.steps } : 'conflict';
}

/** What the entries changed, as it is in the landed commit; null when not all of it is known. */
async function readBlobs(
  ctx: LaneContext,
  state: LaneState,
  entries: readonly BuildEntry[],
  sha: string,
): Promise<Record<string, string | null> | null> {
  const touched = entries.map(({ issue }) => state.tasks[issue]?.pull?.verdict?.touched);
  const paths = [...new Set(touched.flatMap((each) => each ?? []))].sort();
  if (touched.includes(undefined) || paths.length > mostBlobs) return null;
  const files = await fetchFiles(ctx.client, ctx.repo, sha);
  return files && Object.fromEntries(paths.map((path) => [path, files.get(path) ?? null]));
}

/** Moves the base branch and proves it: the tree there is read back and reported, not assumed. */
export async function landCandidate(
  ctx: LaneContext,
  effect: Of<'land'>,
  state: LaneState,
): Promise<Outcome> {
  const { build, flight } = effect;
  const hasLanded = flight.exact && (await isOnBase(ctx, effect.sha));
  const objections = hasLanded ? [] : await objectionsTo(ctx, effect, state);
  if (objections.length > 0) return { observations: objections, looks: [] };
  const target = await commitToLand(ctx, effect, state);
  if (target === 'conflict') {
    return { observations: [{ kind: 'landing', build, result: { kind: 'conflict' } }], looks: [] };
  }
  const { sha } = target;
  await vouchFor(ctx, build, sha, state);
  const isRewritten = state.policy.queue.method !== 'merge';
  const pulls = flight.entries.map((entry, index) => ({ entry, sha: target.steps[index] ?? sha }));
  if (isRewritten && !hasLanded) await movePullsToCommits(ctx, pulls);
  const moved = await pushBase(ctx.client, ctx.repo, {
    base: ctx.lane.base,
    before: flight.before,
    after: sha,
  });
  // Somebody may have pushed on top between our move and this second run: then it did land.
  const landed = typeof moved === 'string' || (await fetchIsAncestor(ctx.client, ctx.repo, sha, moved.sha));
  if (!landed && typeof moved !== 'string') {
    if (isRewritten) await restorePulls(ctx, pulls);
    const paths = await readMoved(ctx, flight.before, moved.sha);
    return {
      observations: [{ kind: 'landing', build, result: { kind: 'base-is', sha: moved.sha, paths } }],
      looks: [{ kind: 'base', subject: '' }],
    };
  }
  const { tree } = await fetchKnownCommit(ctx.client, ctx.repo, sha);
  const blobs = await readBlobs(ctx, state, flight.entries, sha);
  if (isRewritten) await closeForeignPulls(ctx, pulls);
  return {
    observations: [{ kind: 'landing', build, result: { kind: 'landed', sha, tree, blobs } }],
    looks: [
      { kind: 'base', subject: '' },
      { kind: 'policy', subject: '' },
    ],
  };
}

/** Whether what landed before is still there. A tree that GitHub does not list in full is not judged. */
export async function auditLanding(ctx: LaneContext, effect: Of<'audit'>): Promise<Outcome> {
  const { build, sha, against } = effect;
  const files = against.length > 0 ? await fetchFiles(ctx.client, ctx.repo, sha) : null;
  const vanished = files ? findVanished(against, files) : [];
  return { observations: [{ kind: 'audit', build, vanished }], looks: [] };
}

/** Candidates whose outcome nobody waits for any more; of all others, CI goes on to its end. */
const givenUp: ReadonlySet<BuildState | undefined> = new Set(['abandoned', 'interrupted']);

export async function cleanBuild(
  ctx: LaneContext,
  effect: Of<'clean-build'>,
  state: LaneState,
): Promise<Outcome> {
  const isGivenUp = givenUp.has(state.builds[effect.build]?.state);
  if (isGivenUp) for (const ref of effect.refs) await cancelRunsOfBranch(ctx.client, ctx.repo, ref);
  for (const ref of effect.refs) await deleteRef(ctx.client, ctx.repo, `heads/${ref}`);
  return done;
}
