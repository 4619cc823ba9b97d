// Every ref that moves, by REST, GraphQL, merge or `git push`, comes through here, so that each has the same
// consequences: events, pull requests that follow their branch, those that count as merged, issues that close.
import { announce, renderHookPull } from './announce.ts';
import type { RefChange } from './announce-push.ts';
import { announcePush, announceRefLife, listNewCommits } from './announce-push.ts';
import { requestSuites } from './check-changes.ts';
import { forceRef, isAncestor, listCommits, updateRefs } from './git.ts';
import type { Actor } from './issue-changes.ts';
import { closeIssue, record } from './issue-changes.ts';
import type { PullIssue, Repo, Sha } from './model.ts';
import { isPull, stampNow, ZERO_SHA } from './model.ts';
import type { World } from './world.ts';

const HEADS = 'refs/heads/';
const CLOSING = /\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+(?:([\w.-]+\/[\w.-]+))?#(\d+)/gi;

export function branchSha(repo: Repo, branch: string): Sha | null {
  return repo.refs.get(`${HEADS}${branch}`) ?? null;
}

export function openPulls(repo: Repo): PullIssue[] {
  return [...repo.issues.values()].filter(isPull).filter((issue) => issue.state === 'open');
}

/** Moves refs in git, all or none, and lets the consequences follow. Returns git's refusal, if any. */
export async function moveRefs(
  world: World,
  repo: Repo,
  changes: readonly RefChange[],
  actor: Actor,
): Promise<string | null> {
  const refusal = await updateRefs(repo.gitDir, changes);
  if (refusal !== null) return refusal;
  await settleRefs(world, repo, changes, actor);
  return null;
}

/** The consequences of refs that have moved already; `git push` comes in here. */
export async function settleRefs(
  world: World,
  repo: Repo,
  changes: readonly RefChange[],
  actor: Actor,
): Promise<void> {
  const known = [...repo.refs.values()];
  for (const change of changes) {
    if (change.after === ZERO_SHA) repo.refs.delete(change.ref);
    else repo.refs.set(change.ref, change.after);
  }
  repo.pushedAt = stampNow();
  for (const change of changes) await announceChange(world, repo, change, known, actor);
  for (const change of changes) {
    if (!change.ref.startsWith(HEADS) || change.before === change.after) continue;
    await followHead(world, repo, change, actor);
  }
  for (const change of changes) {
    if (!change.ref.startsWith(HEADS) || change.before === change.after) continue;
    await followBase(world, repo, change, actor);
  }
}

async function announceChange(
  world: World,
  repo: Repo,
  change: RefChange,
  known: readonly Sha[],
  actor: Actor,
): Promise<void> {
  if (change.before === change.after) return;
  announceRefLife(world, repo, change, actor);
  const moved = change.before !== ZERO_SHA && change.after !== ZERO_SHA;
  const forced = moved && !(await isAncestor(repo.gitDir, change.before, change.after));
  const commits = await listNewCommits(repo, change, known);
  await announcePush(world, repo, change, commits, forced, actor);
  if (change.after === ZERO_SHA || !change.ref.startsWith(HEADS)) return;
  const branch = change.ref.slice(HEADS.length);
  await requestSuites(world, repo, { branch, before: change.before, after: change.after }, actor);
  if (branch !== repo.defaultBranch) return;
  for (const commit of commits) closeMentioned(world, repo, commit.message, actor, commit.sha);
}

/** Open pull requests of the branch move with it, or close when it is deleted. */
async function followHead(world: World, repo: Repo, change: RefChange, actor: Actor): Promise<void> {
  const branch = change.ref.slice(HEADS.length);
  for (const issue of openPulls(repo).filter((one) => one.pull.headRef === branch)) {
    if (change.after === ZERO_SHA) {
      record(world, issue, actor, { event: 'head_ref_deleted' });
      closeIssue(world, issue, actor);
      continue;
    }
    const before = issue.pull.headSha;
    issue.pull.headSha = change.after;
    issue.updatedAt = stampNow();
    await forceRef(repo.gitDir, `refs/pull/${issue.number}/head`, change.after);
    if (!(await isAncestor(repo.gitDir, before, change.after)))
      record(world, issue, actor, { event: 'head_ref_force_pushed', commitId: change.after });
    const body = { number: issue.number, pull_request: renderHookPull(world, issue) };
    announce(
      world,
      repo,
      'pull_request.synchronize',
      { ...body, before, after: change.after },
      actor.account,
    );
  }
}

async function followBase(world: World, repo: Repo, change: RefChange, actor: Actor): Promise<void> {
  const branch = change.ref.slice(HEADS.length);
  const based = openPulls(repo).filter((one) => one.pull.baseRef === branch);
  if (based.length === 0) return;
  if (change.after === ZERO_SHA) {
    for (const issue of based) closeIssue(world, issue, actor);
    return;
  }
  const exclude = change.before === ZERO_SHA ? [] : [change.before];
  const arrived = new Set(await listCommits(repo.gitDir, { include: change.after, exclude }));
  for (const issue of based) {
    // A merged one keeps the base it was merged into: its commits and files are still to be listed.
    if (!arrived.has(issue.pull.headSha)) {
      issue.pull.baseSha = change.after;
      continue;
    }
    const commit = await findLandingCommit(repo, change, issue.pull.headSha);
    markMerged(world, issue, actor, commit);
  }
}

/** The commit on the base's first-parent line that brought the head in. */
async function findLandingCommit(repo: Repo, change: RefChange, head: Sha): Promise<Sha> {
  if (change.before === ZERO_SHA) return change.after;
  const range = { include: change.after, exclude: [change.before], firstParent: true };
  const line = await listCommits(repo.gitDir, range);
  let landing = change.after;
  for (const sha of line) {
    if (sha === head) return head;
    if (await isAncestor(repo.gitDir, head, sha)) landing = sha;
  }
  return landing;
}

/**
 * A pull request whose head is reachable from its base is merged, whoever moved the base.
 * https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/incorporating-changes-from-a-pull-request/about-pull-request-merges#indirect-merges
 */
export function markMerged(world: World, issue: PullIssue, actor: Actor, commit: Sha): void {
  issue.pull.mergedAt = stampNow();
  issue.pull.mergedBy = actor.account;
  issue.pull.mergeCommitSha = commit;
  record(world, issue, actor, { event: 'merged', commitId: commit });
  closeIssue(world, issue, actor, { commitId: commit });
  const { repo } = issue;
  if (issue.pull.baseRef === repo.defaultBranch)
    closeMentioned(world, repo, `${issue.title}\n${issue.body ?? ''}`, actor, commit);
}

/** https://docs.github.com/en/issues/tracking-your-work-with-issues/linking-a-pull-request-to-an-issue */
function closeMentioned(world: World, repo: Repo, text: string, actor: Actor, commit: Sha): void {
  for (const [, elsewhere, number] of text.matchAll(CLOSING)) {
    if (elsewhere !== undefined && elsewhere.toLowerCase() !== repo.fullName.toLowerCase()) continue;
    const issue = repo.issues.get(Number(number));
    if (issue !== undefined && issue.pull === null) closeIssue(world, issue, actor, { commitId: commit });
  }
}
