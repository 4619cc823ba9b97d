import { z } from 'zod';
import type { AddRepoRoute, RepoCall } from '../api.ts';
import { readBody, takePage } from '../api.ts';
import { ApiError, notFound, validationFailed } from '../api-error.ts';
import { appOf, hasRole } from '../auth.ts';
import { isAncestor } from '../git.ts';
import type { Rest } from '../github-types.ts';
import { closeIssue, editIssue, reopenIssue } from '../issue-changes.ts';
import { figurePull, listPullCommits, listPullFiles, writeMerge } from '../merge.ts';
import type { PullIssue, Repo } from '../model.ts';
import { isPull } from '../model.ts';
import { loadCommit } from '../objects.ts';
import { changeBase, mergePull, openPull } from '../pull-changes.ts';
import { branchSha, moveRefs } from '../ref-changes.ts';
import { renderCommit, renderFile } from '../render-commit.ts';
import { renderPull, renderPullSimple } from '../render-pull.ts';
import type { World } from '../world.ts';
import { htmlUrl } from '../world.ts';

const READ = 'pull_requests:read';
const WRITE = 'pull_requests:write';
/** https://docs.github.com/en/rest/pulls/pulls#list-pull-requests-files */
const MAX_FILES = 3000;
const MAX_COMMITS = 250;

export function demandPull(repo: Repo, number: string): PullIssue {
  const issue = repo.issues.get(Number(number));
  if (issue === undefined || !isPull(issue)) throw notFound();
  return issue;
}

async function answerPull(world: World, { c }: RepoCall, issue: PullIssue, status: 200 | 201 = 200) {
  return c.json(renderPull(world, issue, await figurePull(issue, c.req.method === 'GET')), status);
}

function listPulls(world: World, { c, repo, query }: RepoCall): Response {
  const state = query('state') ?? 'open';
  const head = query('head')?.toLowerCase();
  const base = query('base');
  const matching = [...repo.issues.values()].filter(isPull).filter(
    (issue) =>
      (state === 'all' || issue.state === state) &&
      (base === undefined || issue.pull.baseRef === base) &&
      // Without an owner GitHub ignores the filter.
      (head === undefined ||
        !head.includes(':') ||
        `${repo.owner.login}:${issue.pull.headRef}`.toLowerCase() === head),
  );
  const by = query('sort') === 'updated' ? 'updatedAt' : 'createdAt';
  const sign = (query('direction') ?? (query('sort') === undefined ? 'desc' : 'asc')) === 'asc' ? 1 : -1;
  matching.sort((a, b) => sign * (a[by] < b[by] ? -1 : a[by] > b[by] ? 1 : a.number - b.number));
  return c.json(takePage(c, matching).map((issue) => renderPullSimple(world, issue)));
}

const NewPull = z.object({
  title: z.string().min(1),
  head: z.string().min(1),
  base: z.string().min(1),
  body: z.string().nullish(),
  draft: z.boolean().default(false),
});
const PullPatch = z.object({
  title: z.string().optional(),
  body: z.string().nullish(),
  state: z.enum(['open', 'closed']).optional(),
  base: z.string().optional(),
});

async function patchPull(world: World, call: RepoCall): Promise<Response> {
  const { c, repo, caller, actor, param } = call;
  const issue = demandPull(repo, param('number'));
  if (caller.kind === 'user' && issue.user !== actor.account && !hasRole(repo, caller.account, 'write'))
    throw new ApiError(403, 'Must have write rights to Repository.');
  const input = await readBody(c, PullPatch);
  editIssue(world, issue, actor, { title: input.title, body: input.body });
  if (input.base !== undefined) changeBase(world, issue, actor, input.base);
  if (input.state === 'closed') closeIssue(world, issue, actor);
  if (input.state === 'open' && issue.state === 'closed') reopenPull(world, call, issue);
  return answerPull(world, call, issue);
}

function reopenPull(world: World, { repo, actor }: RepoCall, issue: PullIssue): void {
  const head = branchSha(repo, issue.pull.headRef);
  const base = branchSha(repo, issue.pull.baseRef);
  if (issue.pull.mergedAt !== null || head === null || base === null)
    throw validationFailed({
      resource: 'PullRequest',
      code: 'invalid',
      field: 'state',
      message: 'state cannot be changed. The pull request cannot be reopened.',
    });
  issue.pull.headSha = head;
  issue.pull.baseSha = base;
  reopenIssue(world, issue, actor);
}

const MergeInput = z.object({
  commit_title: z.string().optional(),
  commit_message: z.string().optional(),
  sha: z.string().optional(),
  merge_method: z.enum(['merge', 'squash', 'rebase']).default('merge'),
});

async function landPull(world: World, { c, repo, caller, actor, param }: RepoCall): Promise<Response> {
  const issue = demandPull(repo, param('number'));
  if (caller.kind === 'installation' && caller.token.permissions.contents !== 'write')
    throw new ApiError(403, 'Resource not accessible by integration');
  const input = await readBody(c, MergeInput);
  const sha = await mergePull(world, issue, actor, appOf(caller), {
    method: input.merge_method,
    sha: input.sha,
    title: input.commit_title,
    message: input.commit_message,
  });
  const answer = { sha, merged: true, message: 'Pull Request successfully merged' };
  return c.json(answer satisfies Rest['pull-request-merge-result']);
}

async function updateBranch(world: World, { c, repo, actor, param }: RepoCall): Promise<Response> {
  const issue = demandPull(repo, param('number'));
  const { pull } = issue;
  const { expected_head_sha } = await readBody(c, z.object({ expected_head_sha: z.string().optional() }));
  if (expected_head_sha !== undefined && expected_head_sha !== pull.headSha)
    throw new ApiError(422, `expected head sha didn't match current head ref.`);
  if (await isAncestor(repo.gitDir, pull.baseSha, pull.headSha))
    throw new ApiError(422, 'There are no new commits on the base branch.');
  const message = `Merge branch '${pull.baseRef}' into ${pull.headRef}`;
  const after = await writeMerge(repo, pull.headSha, pull.baseSha, message, actor);
  if (after === null) throw new ApiError(422, 'merge conflict between base and head');
  const change = { ref: `refs/heads/${pull.headRef}`, before: pull.headSha, after };
  if ((await moveRefs(world, repo, [change], actor)) !== null)
    throw new ApiError(422, 'Head branch was modified.');
  const url = htmlUrl(world, repo, `/pull/${issue.number}`);
  return c.json({ message: 'Updating pull request branch.', url }, 202);
}

function addMergeRoutes(world: World, route: AddRepoRoute): void {
  route('GET', '/pulls/:number/merge', READ, ({ c, repo, param }) => {
    if (demandPull(repo, param('number')).pull.mergedAt === null) throw notFound();
    return c.body(null, 204);
  });
  route('PUT', '/pulls/:number/merge', 'pull_requests|contents:write', (call) => landPull(world, call));
  route('PUT', '/pulls/:number/update-branch', WRITE, (call) => updateBranch(world, call));
}

export function addPullRoutes(world: World, route: AddRepoRoute): void {
  route('GET', '/pulls', READ, (call) => listPulls(world, call));
  // Whoever may read may propose: the branch is there already.
  route(
    'POST',
    '/pulls',
    WRITE,
    async (call) => {
      const input = await readBody(call.c, NewPull);
      const issue = await openPull(world, call.repo, call.actor, { ...input, body: input.body ?? null });
      return answerPull(world, call, issue, 201);
    },
    'read',
  );
  route('GET', '/pulls/:number{\\d+}', READ, (call) =>
    answerPull(world, call, demandPull(call.repo, call.param('number'))),
  );
  route('PATCH', '/pulls/:number{\\d+}', WRITE, (call) => patchPull(world, call), 'read');
  route('GET', '/pulls/:number/files', READ, async ({ c, repo, param }) => {
    const issue = demandPull(repo, param('number'));
    const files = (await listPullFiles(issue)).slice(0, MAX_FILES);
    return c.json(takePage(c, files).map((file) => renderFile(world, repo, issue.pull.headSha, file)));
  });
  route('GET', '/pulls/:number/commits', READ, async ({ c, repo, param }) => {
    const shas = (await listPullCommits(demandPull(repo, param('number')))).toReversed();
    const page = takePage(c, shas.slice(0, MAX_COMMITS));
    const commits = await Promise.all(page.map((sha) => loadCommit(repo, sha)));
    return c.json(commits.map((commit) => renderCommit(world, repo, commit)));
  });
  // Nobody comments on lines here.
  route('GET', '/pulls/:number/comments', READ, ({ c, repo, param }) => {
    demandPull(repo, param('number'));
    return c.json([]);
  });
  addMergeRoutes(world, route);
}
