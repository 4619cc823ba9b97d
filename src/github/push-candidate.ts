import type { Octokit } from '@octokit/rest';
import { fetchCommit, fetchKnownCommit, fetchRef } from './fetch-ref.ts';
import type { RepoName } from './observed.ts';
import { pushMerge, setBranch } from './push-merge.ts';
import { type Committer, pushRewritten } from './push-rewritten.ts';

export interface CandidateHead {
  sha: string;
  message: string;
  /** Only for commits that are written anew. */
  trailers?: string;
}

export interface CandidatePlan {
  /** Branch on which the merges are made; no CI runs there. */
  prepareRef: string;
  /** Branch that gets the result in one push; CI runs there. Null: no CI is to run. */
  buildRef: string | null;
  baseSha: string;
  heads: CandidateHead[];
  /** Commits after the first of the heads, from a candidate that has been made already. */
  steps?: readonly string[];
  /** Absent: merge commits. */
  rewrite?: { method: 'squash' | 'rebase'; committer: Committer };
}

/** `with`: the heads before it that it conflicts with; none when it conflicts with the base itself. */
export type CandidateMade =
  | { kind: 'made'; sha: string; tree: string; steps: string[] }
  | { kind: 'conflict'; headSha: string; with: string[] };

/** Pairs that are tried to find out whom a head conflicts with; beyond them all before it are named. */
const mostPairs = 20;

/**
 * Makes a candidate: the base plus the heads, merged in this order. The merges are always made anew on the prepare
 * branch; a build branch left by an earlier run is kept, and not pushed again, only when it has the same ancestry
 * and the same tree. Ancestry alone would let whoever can push there have another tree tested and landed.
 */
export async function pushCandidate(
  client: Octokit,
  repo: RepoName,
  plan: CandidatePlan,
): Promise<CandidateMade> {
  const steps = await usableSteps(client, repo, plan);
  let tip = steps.at(-1) ?? plan.baseSha;
  await setBranch(client, repo, plan.prepareRef, tip);
  for (const [index, head] of plan.heads.entries()) {
    if (index < steps.length) continue;
    const next = await addHead(client, repo, plan, tip, head);
    if (next === 'conflict') {
      return { kind: 'conflict', headSha: head.sha, with: await findOpponents(client, repo, plan, index) };
    }
    tip = next;
    steps.push(tip);
  }
  const made = await fetchKnownCommit(client, repo, tip);
  const { buildRef } = plan;
  if (buildRef === null) return { kind: 'made', sha: made.sha, tree: made.tree, steps };
  const earlier = await fetchRef(client, repo, `heads/${buildRef}`);
  if (earlier !== null && earlier !== made.sha) {
    const same = await fetchCommit(client, repo, earlier);
    const twins = same?.tree === made.tree ? await findTwins(client, repo, earlier, made.sha, plan) : null;
    if (same && twins) {
      return {
        kind: 'made',
        sha: earlier,
        tree: same.tree,
        steps: steps.map((sha) => twins.get(sha) ?? sha),
      };
    }
  }
  if (earlier !== made.sha) await setBranch(client, repo, buildRef, made.sha, earlier);
  return { kind: 'made', sha: made.sha, tree: made.tree, steps };
}

/** A candidate that has been cleaned up meanwhile may be gone; then everything is merged from the base. */
async function usableSteps(client: Octokit, repo: RepoName, plan: CandidatePlan): Promise<string[]> {
  const steps = (plan.steps ?? []).slice(0, plan.heads.length);
  const last = steps.at(-1);
  return last !== undefined && (await fetchCommit(client, repo, last)) !== null ? steps : [];
}

async function addHead(
  client: Octokit,
  repo: RepoName,
  plan: CandidatePlan,
  tip: string,
  head: CandidateHead,
): Promise<string | 'conflict'> {
  const { prepareRef: branch, baseSha, rewrite } = plan;
  if (!rewrite) return pushMerge(client, repo, { branch, tip, head });
  const { method, committer } = rewrite;
  const of = { branch, baseSha, tip, committer, head: { ...head, trailers: head.trailers ?? '' } };
  return pushRewritten(client, repo, method, of);
}

/** Whether these heads, alone on the base, conflict. */
async function conflict(
  client: Octokit,
  repo: RepoName,
  plan: CandidatePlan,
  heads: readonly CandidateHead[],
): Promise<boolean> {
  let tip = plan.baseSha;
  await setBranch(client, repo, plan.prepareRef, tip);
  for (const head of heads) {
    const next = await addHead(client, repo, plan, tip, head);
    if (next === 'conflict') return true;
    tip = next;
  }
  return false;
}

async function findOpponents(
  client: Octokit,
  repo: RepoName,
  plan: CandidatePlan,
  index: number,
): Promise<string[]> {
  const before = plan.heads.slice(0, index);
  const head = plan.heads[index];
  if (!head || before.length === 0 || (await conflict(client, repo, plan, [head]))) return [];
  const found: string[] = [];
  for (const other of before.slice(-mostPairs)) {
    if (await conflict(client, repo, plan, [other, head])) found.push(other.sha);
  }
  return found.length > 0 ? found : before.map(({ sha }) => sha);
}

/** The commits of two candidates with the same parents all the way down to the base, side by side; or null. */
async function findTwins(
  client: Octokit,
  repo: RepoName,
  earlier: string,
  made: string,
  plan: CandidatePlan,
): Promise<Map<string, string> | null> {
  const twins = new Map<string, string>();
  let [left, right]: [string | undefined, string | undefined] = [earlier, made];
  for (let step = 0; step <= plan.heads.length; step += 1) {
    if (left === right) return left === undefined ? null : twins;
    if (left === undefined || right === undefined) return null;
    twins.set(right, left);
    const [a, b]: { parents: string[] }[] = await Promise.all([
      fetchKnownCommit(client, repo, left),
      fetchKnownCommit(client, repo, right),
    ]);
    if (a?.parents.length !== 2 || b?.parents.length !== 2 || a.parents[1] !== b.parents[1]) return null;
    [left, right] = [a.parents[0], b.parents[0]];
  }
  return null;
}
