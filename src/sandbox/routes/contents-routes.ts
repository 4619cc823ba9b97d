import { z } from 'zod';
import type { AddRepoRoute, RepoCall } from '../api.ts';
import { readBody } from '../api.ts';
import { ApiError, notFound } from '../api-error.ts';
import { appOf } from '../auth.ts';
import type { Rest } from '../github-types.ts';
import { personOf, webFlow } from '../merge.ts';
import type { Repo } from '../model.ts';
import type { TreeEntry } from '../objects.ts';
import { changeTree, findEntry, loadCommit, readTree, writeBlob, writeCommit } from '../objects.ts';
import { refuseUpdate } from '../protection.ts';
import { branchSha, moveRefs } from '../ref-changes.ts';
import { renderGitCommit } from '../render-commit.ts';
import { resolveCommitish } from '../resolve.ts';
import type { World } from '../world.ts';
import { htmlUrl, repoUrl } from '../world.ts';

function renderPlace(world: World, repo: Repo, path: string, ref: string, entry: TreeEntry) {
  const tail = path.split('/').map(encodeURIComponent).join('/');
  const kind = entry.mode === '40000' ? 'tree' : 'blob';
  const self = repoUrl(world, repo, `/contents/${tail}?ref=${encodeURIComponent(ref)}`);
  const git = repoUrl(world, repo, `/git/${kind}s/${entry.sha}`);
  const html = htmlUrl(world, repo, `/${kind}/${ref}/${tail}`);
  return {
    name: path.split('/').at(-1) ?? '',
    path,
    sha: entry.sha,
    url: self,
    git_url: git,
    html_url: html,
    download_url: kind === 'tree' ? null : htmlUrl(world, repo, `/raw/${ref}/${tail}`),
    _links: { self, git, html },
  };
}

async function blobOf(repo: Repo, sha: string): Promise<Buffer> {
  return (await repo.objects.read(sha))?.body ?? Buffer.alloc(0);
}

function entryType(mode: string) {
  if (mode === '40000') return 'dir' as const;
  if (mode === '160000') return 'submodule' as const;
  return mode === '120000' ? ('symlink' as const) : ('file' as const);
}

async function readContents(world: World, { c, repo, param, query }: RepoCall): Promise<Response> {
  const ref = query('ref') ?? repo.defaultBranch;
  const commit = await resolveCommitish(repo, ref);
  if (commit === null) throw notFound(`No commit found for the ref ${ref}`);
  const path = param('path').replace(/\/$/, '');
  const entry = await findEntry(repo, commit.tree, path);
  if (entry === null) throw notFound();
  const raw = /\braw\b/.test(c.req.header('accept') ?? '');
  if (entry.mode !== '40000') {
    const body = await blobOf(repo, entry.sha);
    if (raw)
      return c.body(new Uint8Array(body), 200, {
        'content-type': 'application/vnd.github.raw; charset=utf-8',
      });
    return c.json({
      ...renderPlace(world, repo, path, ref, entry),
      type: 'file',
      encoding: 'base64',
      size: body.length,
      content: body.toString('base64').replace(/(.{60})/g, '$1\n'),
    } satisfies Rest['content-file']);
  }
  const listed = await Promise.all(
    ((await readTree(repo, entry.sha)) ?? []).map(async (child) => ({
      ...renderPlace(world, repo, path === '' ? child.name : `${path}/${child.name}`, ref, child),
      type: entryType(child.mode),
      size: entryType(child.mode) === 'file' ? (await blobOf(repo, child.sha)).length : 0,
    })),
  );
  return c.json(listed satisfies Rest['content-directory']);
}

const FileInput = z.object({
  message: z.string(),
  content: z.string().optional(),
  sha: z.string().optional(),
  branch: z.string().optional(),
});

/** Creates, updates or (without content) deletes one file in one commit. */
async function changeFile(world: World, call: RepoCall, deletes: boolean): Promise<Response> {
  const { c, repo, actor, param } = call;
  const input = await readBody(c, FileInput);
  if (!deletes && input.content === undefined)
    throw new ApiError(422, 'Invalid request.\n\n"content" wasn\'t supplied.');
  const branch = input.branch ?? repo.defaultBranch;
  const before = branchSha(repo, branch);
  if (before === null) throw notFound(`Branch ${branch} not found`);
  const path = param('path');
  const parent = await loadCommit(repo, before);
  const existing = await findEntry(repo, parent.tree, path);
  if (existing !== null && input.sha === undefined)
    throw new ApiError(422, 'Invalid request.\n\n"sha" wasn\'t supplied.');
  if (input.sha !== undefined && existing?.sha !== input.sha)
    throw new ApiError(409, `${path} does not match ${input.sha}`);
  const blob = deletes ? null : await writeBlob(repo.gitDir, Buffer.from(input.content ?? '', 'base64'));
  const mode = existing?.mode ?? '100644';
  const tree = await changeTree(repo, parent.tree, [{ path, mode, sha: blob }]);
  const sha = await writeCommit(repo.gitDir, {
    tree: tree ?? (await changeTree(repo, null, [])) ?? parent.tree,
    parents: [before],
    author: personOf(actor),
    committer: webFlow(),
    message: input.message,
  });
  const reason = refuseUpdate(repo, branch, appOf(call.caller), { after: sha, fastForward: true });
  if (reason !== null) throw new ApiError(409, `Could not update file: ${reason}`);
  const change = { ref: `refs/heads/${branch}`, before, after: sha };
  const refusal = await moveRefs(world, repo, [change], actor);
  if (refusal !== null) throw new ApiError(409, `Could not update file: ${refusal}`);
  const place =
    blob === null ? null : renderPlace(world, repo, path, branch, { mode, name: path, sha: blob });
  const commit = renderGitCommit(world, repo, await loadCommit(repo, sha));
  const content = place === null ? null : { ...place, type: 'file', download_url: place.download_url ?? '' };
  const answer = { content, commit } satisfies Rest['file-commit'];
  return c.json(answer, existing === null ? 201 : 200);
}

export function addContentsRoutes(world: World, route: AddRepoRoute): void {
  for (const path of ['/contents', '/contents/:path{.+}'])
    route('GET', path, 'contents:read', (call) => readContents(world, call));
  route('PUT', '/contents/:path{.+}', 'contents:write', (call) => changeFile(world, call, false));
  route('DELETE', '/contents/:path{.+}', 'contents:write', (call) => changeFile(world, call, true));
}
