import { z } from 'zod';
import type { AddRepoRoute, RepoCall } from '../api.ts';
import { readBody, takePage } from '../api.ts';
import { ApiError, notFound } from '../api-error.ts';
import { appOf } from '../auth.ts';
import { isAncestor, isValidRefName, runGit } from '../git.ts';
import type { Rest } from '../github-types.ts';
import { personOf } from '../merge.ts';
import type { Repo } from '../model.ts';
import { nodeId, ZERO_SHA } from '../model.ts';
import { changeTree, readCommit, writeBlob, writeCommit } from '../objects.ts';
import { refuseUpdate } from '../protection.ts';
import { moveRefs } from '../ref-changes.ts';
import { renderGitCommit, renderRef } from '../render-commit.ts';
import { resolveCommitish } from '../resolve.ts';
import type { World } from '../world.ts';
import { repoUrl } from '../world.ts';

const TREE_LIMIT = 100_000;
const Sha40 = z.string().regex(/^[0-9a-f]{40}$/);

function addRefReads(world: World, route: AddRepoRoute): void {
  route('GET', '/git/ref/:ref{.+}', 'contents:read', ({ c, repo, param }) => {
    const ref = `refs/${param('ref')}`;
    const sha = repo.refs.get(ref);
    if (sha === undefined) throw notFound();
    return c.json(renderRef(world, repo, ref, sha));
  });
  route('GET', '/git/matching-refs/:ref{.*}', 'contents:read', ({ c, repo, param }) => {
    const prefix = `refs/${param('ref')}`;
    const matching = [...repo.refs]
      .filter(([ref]) => ref.startsWith(prefix))
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return c.json(takePage(c, matching).map(([ref, sha]) => renderRef(world, repo, ref, sha)));
  });
}

async function demandCommit(repo: Repo, sha: string): Promise<void> {
  if ((await readCommit(repo, sha)) === null) throw new ApiError(422, 'Object does not exist');
}

async function createRef(world: World, { c, repo, actor }: RepoCall): Promise<Response> {
  const { ref, sha } = await readBody(c, z.object({ ref: z.string(), sha: Sha40 }));
  if (!/^refs\/(heads|tags)\/./.test(ref) || !(await isValidRefName(ref)))
    throw new ApiError(422, "Reference name must start with 'refs/' and have at least two slashes.");
  if (repo.refs.has(ref)) throw new ApiError(422, 'Reference already exists');
  await demandCommit(repo, sha);
  const refusal = await moveRefs(world, repo, [{ ref, before: ZERO_SHA, after: sha }], actor);
  if (refusal !== null) throw new ApiError(422, `Reference update failed: ${refusal}`);
  c.header('Location', repoUrl(world, repo, `/git/${ref}`));
  return c.json(renderRef(world, repo, ref, sha), 201);
}

function demandAllowed(
  call: RepoCall,
  ref: string,
  move: { after: string | null; fastForward: boolean },
): void {
  if (!ref.startsWith('refs/heads/')) return;
  const reason = refuseUpdate(call.repo, ref.slice('refs/heads/'.length), appOf(call.caller), move);
  if (reason !== null) throw new ApiError(422, reason);
}

async function updateRef(world: World, call: RepoCall): Promise<Response> {
  const { c, repo, actor, param } = call;
  const { sha, force } = await readBody(c, z.object({ sha: Sha40, force: z.boolean().default(false) }));
  const ref = `refs/${param('ref')}`;
  const before = repo.refs.get(ref);
  if (before === undefined) throw new ApiError(422, 'Reference does not exist');
  await demandCommit(repo, sha);
  const fastForward = await isAncestor(repo.gitDir, before, sha);
  if (!fastForward && !force) throw new ApiError(422, 'Update is not a fast forward');
  demandAllowed(call, ref, { after: sha, fastForward });
  const refusal = await moveRefs(world, repo, [{ ref, before, after: sha }], actor);
  if (refusal !== null) throw new ApiError(422, `Reference update failed: ${refusal}`);
  return c.json(renderRef(world, repo, ref, sha));
}

async function deleteRef(world: World, call: RepoCall): Promise<Response> {
  const { c, repo, actor, param } = call;
  const ref = `refs/${param('ref')}`;
  const before = repo.refs.get(ref);
  if (before === undefined) throw new ApiError(422, 'Reference does not exist');
  demandAllowed(call, ref, { after: null, fastForward: false });
  const refusal = await moveRefs(world, repo, [{ ref, before, after: ZERO_SHA }], actor);
  if (refusal !== null) throw new ApiError(422, `Reference update failed: ${refusal}`);
  return c.body(null, 204);
}

const PersonInput = z.object({ name: z.string(), email: z.string(), date: z.string().optional() });
const CommitInput = z.object({
  message: z.string(),
  tree: Sha40,
  parents: z.array(Sha40).default([]),
  author: PersonInput.optional(),
  committer: PersonInput.optional(),
});

function addCommitRoutes(world: World, route: AddRepoRoute): void {
  route('GET', '/git/commits/:sha', 'contents:read', async ({ c, repo, param }) => {
    const commit = await readCommit(repo, param('sha'));
    if (commit === null) throw notFound();
    return c.json(renderGitCommit(world, repo, commit));
  });
  route('POST', '/git/commits', 'contents:write', async ({ c, repo, actor }) => {
    const input = await readBody(c, CommitInput);
    if ((await repo.objects.read(input.tree))?.type !== 'tree')
      throw new ApiError(422, 'Tree SHA does not exist');
    for (const sha of input.parents)
      if ((await readCommit(repo, sha)) === null)
        throw new ApiError(422, 'Parent SHA does not exist or is not a commit object');
    const self = personOf(actor);
    const author = { ...self, ...dropUndefined(input.author) };
    const committer = { ...author, ...dropUndefined(input.committer) };
    const { message, tree, parents } = input;
    const sha = await writeCommit(repo.gitDir, { tree, parents, author, committer, message });
    const commit = await readCommit(repo, sha);
    if (commit === null) throw new Error(`the commit ${sha} was written and is not there`);
    return c.json(renderGitCommit(world, repo, commit), 201);
  });
}

function dropUndefined(person: z.infer<typeof PersonInput> | undefined) {
  if (person === undefined) return {};
  const { name, email, date } = person;
  return date === undefined ? { name, email } : { name, email, date };
}

async function listTree(repo: Repo, sha: string, recursive: boolean) {
  const args = ['ls-tree', '-z', '-l', '--full-tree', ...(recursive ? ['-r', '-t'] : []), sha];
  const lines = (await runGit(repo.gitDir, args)).split('\0').filter((line) => line !== '');
  return lines.map((line) => {
    const tab = line.indexOf('\t');
    const [mode = '', type = '', entry = '', size = '-'] = line.slice(0, tab).split(/\s+/);
    return { path: line.slice(tab + 1), mode, type, sha: entry, size };
  });
}

async function renderTree(world: World, repo: Repo, sha: string, recursive: boolean) {
  const entries = await listTree(repo, sha, recursive);
  return {
    sha,
    url: repoUrl(world, repo, `/git/trees/${sha}`),
    tree: entries.slice(0, TREE_LIMIT).map(({ size, ...entry }) => ({
      ...entry,
      ...(size === '-' ? {} : { size: Number(size) }),
      ...(entry.type === 'commit' ? {} : { url: repoUrl(world, repo, `/git/${entry.type}s/${entry.sha}`) }),
    })),
    truncated: entries.length > TREE_LIMIT,
  } satisfies Rest['git-tree'];
}

const TreeInput = z.object({
  base_tree: z.string().nullish(),
  tree: z.array(
    z.object({
      path: z.string().min(1),
      mode: z.enum(['100644', '100755', '040000', '160000', '120000']).default('100644'),
      type: z.enum(['blob', 'tree', 'commit']).optional(),
      sha: Sha40.nullish(),
      content: z.string().optional(),
    }),
  ),
});

async function treeOf(repo: Repo, name: string): Promise<string | null> {
  const commit = await resolveCommitish(repo, name);
  if (commit !== null) return commit.tree;
  return (await repo.objects.read(name))?.type === 'tree' ? name : null;
}

function addTreeRoutes(world: World, route: AddRepoRoute): void {
  route('GET', '/git/trees/:sha{.+}', 'contents:read', async ({ c, repo, param, query }) => {
    const tree = await treeOf(repo, param('sha'));
    if (tree === null) throw notFound();
    // Any value asks for recursion, even "0" or "false": so GitHub documents it.
    return c.json(await renderTree(world, repo, tree, query('recursive') !== undefined));
  });
  route('POST', '/git/trees', 'contents:write', async ({ c, repo }) => {
    const input = await readBody(c, TreeInput);
    const base = input.base_tree == null ? null : await treeOf(repo, input.base_tree);
    if (input.base_tree != null && base === null) throw new ApiError(422, 'base_tree is not a valid tree');
    const changes = [];
    for (const { path, mode, sha, content } of input.tree) {
      if (path.startsWith('/') || path.split('/').some((part) => ['', '.', '..', '.git'].includes(part)))
        throw new ApiError(422, 'tree.path contains a malformed path component');
      const blob = content === undefined ? (sha ?? null) : await writeBlob(repo.gitDir, content);
      if (blob !== null && mode !== '160000' && (await repo.objects.read(blob)) === null)
        throw new ApiError(422, `tree.sha ${blob} is not a valid object`);
      changes.push({ path, mode, sha: blob });
    }
    const tree = await changeTree(repo, base, changes);
    if (tree === null) throw new ApiError(422, 'Invalid tree info');
    return c.json(await renderTree(world, repo, tree, false), 201);
  });
}

function addBlobRoutes(world: World, route: AddRepoRoute): void {
  route('GET', '/git/blobs/:sha', 'contents:read', async ({ c, repo, param }) => {
    const blob = await repo.objects.read(param('sha'));
    if (blob?.type !== 'blob') throw notFound();
    return c.json({
      sha: param('sha'),
      node_id: nodeId('Blob', param('sha')),
      size: blob.body.length,
      url: repoUrl(world, repo, `/git/blobs/${param('sha')}`),
      content: blob.body.toString('base64'),
      encoding: 'base64',
    } satisfies Rest['blob']);
  });
  const BlobInput = z.object({ content: z.string(), encoding: z.string().default('utf-8') });
  route('POST', '/git/blobs', 'contents:write', async ({ c, repo }) => {
    const { content, encoding } = await readBody(c, BlobInput);
    const body = Buffer.from(content, encoding === 'base64' ? 'base64' : 'utf8');
    const sha = await writeBlob(repo.gitDir, body);
    const url = repoUrl(world, repo, `/git/blobs/${sha}`);
    return c.json({ sha, url } satisfies Rest['short-blob'], 201);
  });
}

export function addGitRoutes(world: World, route: AddRepoRoute): void {
  addRefReads(world, route);
  route('POST', '/git/refs', 'contents:write', (call) => createRef(world, call));
  route('PATCH', '/git/refs/:ref{.+}', 'contents:write', (call) => updateRef(world, call));
  route('DELETE', '/git/refs/:ref{.+}', 'contents:write', (call) => deleteRef(world, call));
  addCommitRoutes(world, route);
  addTreeRoutes(world, route);
  addBlobRoutes(world, route);
}
