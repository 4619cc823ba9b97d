import { z } from 'zod';
import type { AddRepoRoute, RepoCall } from '../api.ts';
import { readBody, takePage } from '../api.ts';
import { ApiError, notFound } from '../api-error.ts';
import { appOf } from '../auth.ts';
import { diffTrees } from '../diff.ts';
import { countAheadBehind, findMergeBase, isAncestor, listCommits } from '../git.ts';
import type { Rest } from '../github-types.ts';
import { writeMerge } from '../merge.ts';
import type { Repo } from '../model.ts';
import { isPull } from '../model.ts';
import type { Commit } from '../objects.ts';
import { loadCommit } from '../objects.ts';
import { refuseUpdate } from '../protection.ts';
import { branchSha, moveRefs } from '../ref-changes.ts';
import { renderCommit, renderFile } from '../render-commit.ts';
import { renderPullSimple } from '../render-pull.ts';
import { resolveCommitish } from '../resolve.ts';
import type { World } from '../world.ts';
import { htmlUrl, repoUrl } from '../world.ts';

/** git's name of the tree with nothing in it: what a first commit is compared with. */
const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';
const COMPARE_FILES = 300;

export async function demandCommitish(repo: Repo, name: string): Promise<Commit> {
  const commit = await resolveCommitish(repo, name);
  if (commit === null) throw new ApiError(422, `No commit found for SHA: ${name}`);
  return commit;
}

async function renderWithFiles(world: World, repo: Repo, commit: Commit) {
  const files = await diffTrees(repo.gitDir, commit.parents[0] ?? EMPTY_TREE, commit.sha);
  const additions = files.reduce((sum, file) => sum + file.additions, 0);
  const deletions = files.reduce((sum, file) => sum + file.deletions, 0);
  return {
    ...renderCommit(world, repo, commit),
    stats: { additions, deletions, total: additions + deletions },
    files: files.slice(0, COMPARE_FILES).map((file) => renderFile(world, repo, commit.sha, file)),
  } satisfies Rest['commit'];
}

async function compare(world: World, { c, repo, param }: RepoCall): Promise<Response> {
  const [baseName = '', headName = ''] = param('basehead').split('...');
  const withoutOwner = (name: string) => name.replace(/^[^/:]+:/, '');
  const base = await resolveCommitish(repo, withoutOwner(baseName));
  const head = await resolveCommitish(repo, withoutOwner(headName));
  if (base === null || head === null) throw notFound();
  const mergeBase = await findMergeBase(repo.gitDir, base.sha, head.sha);
  if (mergeBase === null) throw notFound(`No common ancestor between ${baseName} and ${headName}.`);
  const { ahead, behind } = await countAheadBehind(repo.gitDir, base.sha, head.sha);
  const shas = (await listCommits(repo.gitDir, { include: head.sha, exclude: [base.sha] })).reverse();
  const paged = c.req.query('page') !== undefined || c.req.query('per_page') !== undefined;
  const shown = await Promise.all(
    (paged ? takePage(c, shas) : shas.slice(0, 250)).map((sha) => loadCommit(repo, sha)),
  );
  const files = await diffTrees(repo.gitDir, mergeBase, head.sha);
  const html = htmlUrl(world, repo, `/compare/${param('basehead')}`);
  const status =
    ahead > 0 && behind > 0 ? 'diverged' : ahead > 0 ? 'ahead' : behind > 0 ? 'behind' : 'identical';
  return c.json({
    url: repoUrl(world, repo, `/compare/${param('basehead')}`),
    html_url: html,
    permalink_url: html,
    diff_url: `${html}.diff`,
    patch_url: `${html}.patch`,
    base_commit: renderCommit(world, repo, base),
    merge_base_commit: renderCommit(world, repo, await loadCommit(repo, mergeBase)),
    status,
    ahead_by: ahead,
    behind_by: behind,
    total_commits: ahead,
    commits: shown.map((commit) => renderCommit(world, repo, commit)),
    files: files.slice(0, COMPARE_FILES).map((file) => renderFile(world, repo, head.sha, file)),
  } satisfies Rest['commit-comparison']);
}

const MergeInput = z.object({
  base: z.string(),
  head: z.string(),
  commit_message: z.string().optional(),
});

/** https://docs.github.com/en/rest/branches/branches#merge-a-branch : 201, 204 nothing to do, 409 conflict. */
async function mergeBranches(world: World, { c, repo, caller, actor }: RepoCall): Promise<Response> {
  const input = await readBody(c, MergeInput);
  const before = branchSha(repo, input.base);
  if (before === null) throw notFound('Base does not exist');
  const head = await resolveCommitish(repo, input.head);
  if (head === null) throw notFound('Head does not exist');
  if (await isAncestor(repo.gitDir, head.sha, before)) return c.body(null, 204);
  const message = input.commit_message ?? `Merge ${input.head} into ${input.base}`;
  const after = await writeMerge(repo, before, head.sha, message, actor);
  if (after === null) throw new ApiError(409, 'Merge conflict');
  const reason = refuseUpdate(repo, input.base, appOf(caller), { after, fastForward: true });
  if (reason !== null) throw new ApiError(409, `Could not update base branch: ${reason}`);
  const change = { ref: `refs/heads/${input.base}`, before, after };
  const refusal = await moveRefs(world, repo, [change], actor);
  if (refusal !== null) throw new ApiError(409, 'Base branch was modified. Review and try the merge again.');
  return c.json(renderCommit(world, repo, await loadCommit(repo, after)), 201);
}

async function listHistory(world: World, { c, repo, query }: RepoCall): Promise<Response> {
  const start = await resolveCommitish(repo, query('sha') ?? repo.defaultBranch);
  if (start === null) throw notFound();
  const shas = await listCommits(repo.gitDir, { include: start.sha, path: query('path') ?? '' });
  const page = await Promise.all(takePage(c, shas).map((sha) => loadCommit(repo, sha)));
  return c.json(page.map((commit) => renderCommit(world, repo, commit)));
}

/** Must come after the routes of checks and statuses: `{ref}` swallows slashes. */
export function addCommitRoutes(world: World, route: AddRepoRoute): void {
  route('GET', '/compare/:basehead{.+}', 'contents:read', (call) => compare(world, call));
  route('POST', '/merges', 'contents:write', (call) => mergeBranches(world, call));
  route('GET', '/commits', 'contents:read', (call) => listHistory(world, call));
  route('GET', '/commits/:ref{.+}/pulls', 'pull_requests|contents:read', async ({ c, repo, param }) => {
    const commit = await demandCommitish(repo, param('ref'));
    const pulls = [];
    for (const issue of [...repo.issues.values()].filter(isPull)) {
      const { headSha, mergeCommitSha } = issue.pull;
      const merged = mergeCommitSha === commit.sha;
      if (merged || (await isAncestor(repo.gitDir, commit.sha, headSha)))
        if (merged || !(await isAncestor(repo.gitDir, commit.sha, issue.pull.baseSha))) pulls.push(issue);
    }
    return c.json(takePage(c, pulls).map((issue) => renderPullSimple(world, issue)));
  });
  route('GET', '/commits/:ref{.+}', 'contents:read', async ({ c, repo, param }) => {
    const commit = await demandCommitish(repo, param('ref'));
    if (/\bsha\b/.test(c.req.header('accept') ?? '')) return c.text(commit.sha);
    return c.json(await renderWithFiles(world, repo, commit));
  });
}
