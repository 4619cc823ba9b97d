/**
 * Observing a diff: what a head changes, and what the arbiter's rules cannot know by themselves. Everything is read
 * before the lane is locked; what it amounts to is judged under the lock.
 */
import { isVerdictFor, openFindings, type ReadDiff } from '../core/gate/arbiter.ts';
import {
  type DiffFacts,
  type JudgedDependency,
  type NewDependency,
  noFacts,
  type PathChange,
  type Reversal,
} from '../core/gate/diff.ts';
import { lockfileOf } from '../core/gate/packages/lockfile.ts';
import { ecosystemOf, newDependencies } from '../core/gate/packages/manifests.ts';
import { findReversals, type LandedLines } from '../core/gate/reversals.ts';
import type { LaneState, Task } from '../core/lane/state.ts';
import { fetchCodeowners } from '../github/fetch-codeowners.ts';
import { fetchComparison } from '../github/fetch-comparison.ts';
import { type DiffSeen, fetchDiff } from '../github/fetch-diff.ts';
import { fetchRef } from '../github/fetch-ref.ts';
import type { PullSeen } from '../github/observed.ts';
import { createTextCache, type TextCache } from '../github/text-cache.ts';
import { scanSecrets } from '../inspect/scan-secrets.ts';
import { landedEntries } from '../ledger/landed-entries.ts';
import { readClock } from '../ledger/load-lane.ts';
import { type Sighting, unticketed } from './advance.ts';
import type { EngineContext, LaneContext } from './context.ts';
import { scanHistory } from './scan-history.ts';

const cachedCharacters = 64 * 1024 * 1024;
const caches = new WeakMap<EngineContext['github'], TextCache>();

/** What this process has read from one GitHub and never changes. */
export function cacheOf({ github }: EngineContext): TextCache {
  const open = caches.get(github) ?? createTextCache(cachedCharacters);
  caches.set(github, open);
  return open;
}

const landedLooked = 15;
/** A manifest that names more than this many new packages is not looked up any further. */
const mostLookedUp = 100;

/** Null when the manifest cannot be understood. The parser's words would quote it, and it may hold a secret. */
function namedBy(path: string, before: string | null, after: string): NewDependency[] | null {
  try {
    return newDependencies(path, before, after);
  } catch {
    return null;
  }
}

async function lookUpDependencies(
  ctx: LaneContext,
  diff: DiffSeen,
  unread: string[],
): Promise<JudgedDependency[]> {
  const judged: JudgedDependency[] = [];
  for (const change of diff.changes) {
    if (ecosystemOf(change.path) === null || change.change === 'removed') continue;
    const after = await diff.readText(change.path, 'after');
    if (after === null) {
      unread.push(`${change.path} is a manifest and no text`);
      continue;
    }
    const before = await diff.readText(change.path, 'before');
    const named = namedBy(change.path, before, after);
    if (named === null) unread.push(`${change.path} is a manifest that cannot be understood`);
    for (const dependency of named ?? []) {
      if (judged.length >= mostLookedUp) {
        unread.push(`more than ${mostLookedUp} packages are newly named`);
        return judged;
      }
      const answer = ctx.registries
        ? await ctx.registries.lookUp(dependency.ecosystem, dependency.name)
        : { kind: 'unknown' as const, why: 'this Signalbox asks no registries' };
      judged.push({ ...dependency, answer, lockfile: lockfileOf(dependency, diff.changes, diff.paths) });
    }
  }
  return judged;
}

/** What lately landed entries added to the files from which this diff removes something. */
async function findLandedReversals(ctx: LaneContext, changes: readonly PathChange[]): Promise<Reversal[]> {
  const touched = new Set(
    changes.filter(({ lines }) => (lines?.removed.length ?? 0) > 0).map(({ path }) => path),
  );
  if (touched.size === 0) return [];
  const cache = cacheOf(ctx);
  const landed: LandedLines[] = [];
  for (const { issue, pull, baseSha, headSha } of await landedEntries(ctx.db, ctx.key, landedLooked)) {
    const text = await cache.take(`landed:${ctx.lane.lane_id}:${baseSha}:${headSha}`, async () => {
      const { files } = await fetchComparison(ctx.client, ctx.repo, baseSha, headSha);
      return JSON.stringify(files.map(({ path, lines }) => [path, lines.added.map((line) => line.text)]));
    });
    const files = JSON.parse(text) as [string, string[]][];
    landed.push(
      ...files.filter(([path]) => touched.has(path)).map(([path, added]) => ({ issue, pull, path, added })),
    );
  }
  return findReversals(changes, landed);
}

/** Paths that some file systems cannot tell apart from others of the same tree. */
function findCaseCollisions({ changes, paths }: DiffSeen): { path: string; other: string }[] {
  const byFolded = new Map<string, string[]>();
  for (const path of paths ?? changes.filter(({ change }) => change !== 'removed').map(({ path }) => path)) {
    const folded = path.normalize('NFC').toLowerCase();
    byFolded.set(folded, [...(byFolded.get(folded) ?? []), path]);
  }
  return changes
    .filter(({ change }) => change === 'added')
    .flatMap(({ path }) =>
      (byFolded.get(path.normalize('NFC').toLowerCase()) ?? [])
        .filter((other) => other !== path)
        .slice(0, 1)
        .map((other) => ({ path, other })),
    );
}

interface DiffAsked {
  headSha: string;
  baseSha: string;
  /** Whether anybody asks for the owners, and for what the commits on the way hold. */
  codeowners: boolean;
  history: boolean;
}

/** The whole difference between a head and the base, with all that the rules ask for. */
export async function readDiff(
  ctx: LaneContext,
  { headSha, baseSha, codeowners, history }: DiffAsked,
): Promise<ReadDiff> {
  const cache = cacheOf(ctx);
  const seen = await fetchDiff({ client: ctx.client, repo: ctx.repo, cache }, baseSha, headSha);
  const { comparison } = seen;
  const unread = [...seen.unread];
  const secrets = await scanSecrets(seen.changes);
  const facts: DiffFacts = {
    at: await readClock(ctx.db),
    secrets,
    history: history ? await scanHistory(ctx, seen, cache, secrets) : noFacts.history,
    dependencies: await lookUpDependencies(ctx, seen, unread),
    reversals: await findLandedReversals(ctx, seen.changes),
    base:
      comparison.mergeBaseAt === null
        ? null
        : { behind: comparison.behind, mergeBaseAt: comparison.mergeBaseAt },
    caseCollisions: findCaseCollisions(seen),
    authors: comparison.authors,
    codeowners: codeowners ? await fetchCodeowners(ctx.client, ctx.repo, baseSha, cache) : null,
  };
  return { headSha, baseSha, changes: seen.changes, unread, facts };
}

/**
 * Reads the diff of a head that the arbiter has not judged at this version and under this policy. A head that it has
 * found fault with is judged again when the base has moved since: what was merged in from there is no change of the
 * task's.
 */
export async function observeDiff(
  ctx: LaneContext,
  { policy, policyHash }: LaneState,
  task: Task,
  pull: PullSeen,
): Promise<Sighting[]> {
  const { headSha } = pull;
  const verdict = task.pull?.verdict ?? null;
  const isJudged = verdict?.headSha === headSha && isVerdictFor(verdict, task, policyHash);
  if (isJudged && openFindings(verdict, task).length === 0) return [];
  // Read now and not taken from the ledger: the head may already contain what the ledger has not heard of.
  const baseSha = (await fetchRef(ctx.client, ctx.repo, `heads/${ctx.lane.base}`)) ?? pull.baseSha;
  if (isJudged && verdict.baseSha === baseSha) return [];
  const { gate, arbiter } = policy;
  const asked = { codeowners: gate.codeowners, history: arbiter.history !== 'off' };
  const diff = await readDiff(ctx, { headSha, baseSha, ...asked });
  return [unticketed({ kind: 'diff', issue: task.issue, ...diff })];
}
