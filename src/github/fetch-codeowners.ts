import type { Octokit } from '@octokit/rest';
import { isGone } from './failure.ts';
import { inRepo, type RepoName } from './observed.ts';
import type { TextCache } from './text-cache.ts';

/** GitHub's docs, "About code owners": the first of these that is there counts. */
const places = ['.github/CODEOWNERS', 'CODEOWNERS', 'docs/CODEOWNERS'];
/** Beyond it GitHub itself does not read the file. */
const mostBytes = 3 * 1024 * 1024;
const none = '\u0000';

/** The content of CODEOWNERS at a commit of the base branch, never of a head (S31); null when there is none. */
export async function fetchCodeowners(
  client: Octokit,
  repo: RepoName,
  sha: string,
  cache: TextCache,
): Promise<string | null> {
  const text = await cache.take(`codeowners:${repo.owner}/${repo.name}/${sha}`, async () => {
    for (const path of places) {
      const found = await fetchFile(client, repo, path, sha);
      if (found !== null) return found;
    }
    return none;
  });
  return text === none ? null : text;
}

async function fetchFile(client: Octokit, repo: RepoName, path: string, ref: string): Promise<string | null> {
  try {
    const { data } = await client.request('GET /repos/{owner}/{repo}/contents/{path}', {
      ...inRepo(repo),
      path,
      ref,
    });
    if (Array.isArray(data) || data.type !== 'file' || !('content' in data)) return null;
    if ((data.size ?? 0) > mostBytes) throw new Error(`${path} is larger than ${mostBytes / 1024 / 1024} MB`);
    // Above 1 MB the content is left out (docs, "Get repository content").
    if (data.encoding !== 'base64') throw new Error(`${path} is too large to be read`);
    return Buffer.from(data.content, 'base64').toString('utf8');
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}
