import type { FileDiff } from './diff.ts';
import { diffTrees } from './diff.ts';
import { findMergeBase, listCommits, mergeTrees } from './git.ts';
import type { Actor } from './issue-changes.ts';
import type { PullIssue, Repo, Sha } from './model.ts';
import { stampNow } from './model.ts';
import type { Person } from './objects.ts';
import { loadCommit, writeCommit } from './objects.ts';
import { refuseMerge } from './protection.ts';
import { emailOf } from './render-commit.ts';
import type { PullFigures } from './render-pull.ts';

export type MergeMethod = 'merge' | 'squash' | 'rebase';

export function personOf(actor: Actor): Person {
  return { name: actor.account.login, email: emailOf(actor.account), date: stampNow() };
}

/** Merges made through the API are committed by GitHub itself. */
export function webFlow(): Person {
  return { name: 'GitHub', email: 'noreply@github.com', date: stampNow() };
}

/** A merge commit of two commits; null where they conflict. */
export async function writeMerge(
  repo: Repo,
  ours: Sha,
  theirs: Sha,
  message: string,
  actor: Actor,
): Promise<Sha | null> {
  const tree = await mergeTrees(repo.gitDir, ours, theirs);
  if (tree === null) return null;
  const author = personOf(actor);
  return writeCommit(repo.gitDir, { tree, parents: [ours, theirs], author, committer: webFlow(), message });
}

/**
 * Copies the commits of the head onto the base one by one. git 2.39 cannot name a merge base, so each is merged
 * with a throw-away commit that has the base's tree and the picked commit's parent.
 */
async function writeRebase(repo: Repo, base: Sha, head: Sha, actor: Actor): Promise<Sha | null> {
  const picked = (await listCommits(repo.gitDir, { include: head, exclude: [base] })).reverse();
  let onto = base;
  for (const sha of picked) {
    const commit = await loadCommit(repo, sha);
    const [parent] = commit.parents;
    if (commit.parents.length > 1 || parent === undefined) return null;
    const current = await loadCommit(repo, onto);
    const stand = await writeCommit(repo.gitDir, { ...current, parents: [parent] });
    const tree = await mergeTrees(repo.gitDir, stand, sha);
    if (tree === null) return null;
    const { author, message } = commit;
    const committer = personOf(actor);
    onto = await writeCommit(repo.gitDir, { tree, parents: [onto], author, committer, message });
  }
  return onto;
}

/** The commit the base would move to, or null where git finds a conflict. */
export async function writeLanding(
  issue: PullIssue,
  base: Sha,
  method: MergeMethod,
  actor: Actor,
  text: { title?: string | undefined; message?: string | undefined },
): Promise<Sha | null> {
  const { repo, pull } = issue;
  if (method === 'rebase') return writeRebase(repo, base, pull.headSha, actor);
  const merge = method === 'merge';
  const title =
    text.title ??
    (merge
      ? `Merge pull request #${issue.number} from ${repo.owner.login}/${pull.headRef}`
      : `${issue.title} (#${issue.number})`);
  const body = text.message ?? (merge ? issue.title : (issue.body ?? ''));
  const message = body === '' ? title : `${title}\n\n${body}`;
  if (merge) return writeMerge(repo, base, pull.headSha, message, actor);
  const tree = await mergeTrees(repo.gitDir, base, pull.headSha);
  if (tree === null) return null;
  const author = personOf(actor);
  return writeCommit(repo.gitDir, { tree, parents: [base], author, committer: webFlow(), message });
}

export async function isMergeable(issue: PullIssue): Promise<boolean> {
  const { headSha: head, baseSha: base } = issue.pull;
  const known = issue.pull.mergeability;
  if (known?.head === head && known.base === base && known.mergeable !== null) return known.mergeable;
  const mergeable = (await mergeTrees(issue.repo.gitDir, base, head)) !== null;
  issue.pull.mergeability = { head, base, mergeable };
  return mergeable;
}

/**
 * Mergeability as a reader gets it: the first reader after a change is told null, and only that starts the work.
 * https://docs.github.com/en/rest/guides/using-the-rest-api-to-interact-with-your-git-database#checking-mergeability-of-pull-requests
 */
async function readMergeability(issue: PullIssue, asks: boolean): Promise<boolean | null> {
  const { headSha: head, baseSha: base, mergeability: known } = issue.pull;
  if (issue.state === 'closed') return known?.mergeable ?? null;
  if (known?.head === head && known.base === base) return asks ? isMergeable(issue) : known.mergeable;
  if (!asks) return null;
  issue.pull.mergeability = { head, base, mergeable: null };
  return null;
}

interface PullContent {
  key: string;
  commits: Promise<Sha[]>;
  files: Promise<FileDiff[]>;
}

/** What lies between two commits never changes, and pollers ask for it all the time. */
const contents = new WeakMap<PullIssue, PullContent>();

async function diffFromMergeBase(repo: Repo, base: Sha, head: Sha): Promise<FileDiff[]> {
  const start = (await findMergeBase(repo.gitDir, base, head)) ?? base;
  return diffTrees(repo.gitDir, start, head);
}

function contentOf(issue: PullIssue): PullContent {
  const { repo, pull } = issue;
  const key = `${pull.baseSha}:${pull.headSha}`;
  const known = contents.get(issue);
  if (known?.key === key) return known;
  const content = {
    key,
    commits: listCommits(repo.gitDir, { include: pull.headSha, exclude: [pull.baseSha] }),
    files: diffFromMergeBase(repo, pull.baseSha, pull.headSha),
  };
  contents.set(issue, content);
  return content;
}

export function listPullFiles(issue: PullIssue): Promise<FileDiff[]> {
  return contentOf(issue).files;
}

/** Newest first. */
export function listPullCommits(issue: PullIssue): Promise<Sha[]> {
  return contentOf(issue).commits;
}

function mergeableState(issue: PullIssue, mergeable: boolean | null): PullFigures['mergeableState'] {
  if (mergeable === null) return 'unknown';
  if (!mergeable) return 'dirty';
  if (issue.pull.draft) return 'draft';
  if (refuseMerge(issue.repo, issue.pull.baseRef, null, issue.pull.headSha) !== null) return 'blocked';
  const failing = [...issue.repo.runs.values()].some(
    (run) => run.suite.headSha === issue.pull.headSha && run.conclusion === 'failure',
  );
  return failing ? 'unstable' : 'clean';
}

/** `asks`: only a reader starts GitHub's computation of mergeability; the answers to writes do not. */
export async function figurePull(issue: PullIssue, asks: boolean): Promise<PullFigures> {
  const [mergeable, commits, files] = await Promise.all([
    readMergeability(issue, asks),
    listPullCommits(issue),
    listPullFiles(issue),
  ]);
  return { mergeable, mergeableState: mergeableState(issue, mergeable), commits: commits.length, files };
}
