import type { Repo } from './model.ts';
import type { Commit } from './objects.ts';
import { readCommit } from './objects.ts';

/** A commit by full or short SHA, branch, tag or ref name, as the `{ref}` of GitHub's URLs allows. */
export async function resolveCommitish(repo: Repo, name: string): Promise<Commit | null> {
  const short = name.replace(/^refs\//, '');
  const sha =
    repo.refs.get(`refs/heads/${name}`) ??
    repo.refs.get(`refs/tags/${name}`) ??
    repo.refs.get(`refs/${short}`) ??
    (name === 'HEAD' ? repo.refs.get(`refs/heads/${repo.defaultBranch}`) : undefined);
  if (sha !== undefined) return readCommit(repo, await peel(repo, sha));
  if (/^[0-9a-f]{40}$/.test(name)) return readCommit(repo, name);
  if (!/^[0-9a-f]{7,39}$/.test(name)) return null;
  const found = await repo.objects.read(`${name}^{commit}`);
  return found === null ? null : readCommit(repo, found.sha);
}

async function peel(repo: Repo, sha: string): Promise<string> {
  const object = await repo.objects.read(sha);
  if (object?.type !== 'tag') return sha;
  return /^object ([0-9a-f]{40})$/m.exec(object.body.toString())?.[1] ?? sha;
}
